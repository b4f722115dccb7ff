import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byCodePoint } from "../../src/core/code-points.ts";

describe("the order of texts by code points", () => {
  it("is that of their UTF-8 bytes", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "b", "é", "\u{e000}", "\u{ffff}", "\u{1f600}", "\u{10ffff}"),
      maxLength: 5,
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(byCodePoint(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
