import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENVELOPE_BYTES, seal, unseal } from "../../src/cache/envelope.ts";
import { keyOf, tileOf } from "./support.ts";

const KEY = keyOf("a");

describe("a sealed tile", () => {
  it("comes back as it was, whatever its bytes and content type", () => {
    const type = fc.string({ unit: fc.constantFrom(..."abc/+-.;= "), maxLength: 255 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), type, (bytes, contentType) => {
        const sealed = seal(KEY, { bytes, contentType });
        const tile = unseal(KEY, sealed);
        expect(tile?.contentType).toBe(contentType);
        expect(Buffer.from(tile?.bytes ?? [])).toEqual(Buffer.from(bytes));
        expect(sealed.length).toBeLessThanOrEqual(bytes.length + ENVELOPE_BYTES);
      }),
    );
  });

  it("is refused with any single bit flipped", () => {
    const sealed = seal(KEY, tileOf("a", 60));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(unseal(KEY, damaged), `bit ${bit}`).toBeNull();
    }
  });

  it("is refused when it is cut short or has grown", () => {
    const sealed = seal(KEY, tileOf("a", 60));
    for (let length = 0; length < sealed.length; length++) {
      expect(unseal(KEY, sealed.subarray(0, length)), `${length} bytes`).toBeNull();
    }
    expect(unseal(KEY, Buffer.concat([sealed, Buffer.of(0)]))).toBeNull();
  });

  it("is refused under another key than its own", () => {
    expect(unseal(keyOf("b"), seal(KEY, tileOf("a")))).toBeNull();
  });

  it("is refused when another version of the layout wrote it", () => {
    const sealed = seal(KEY, tileOf("a"));
    sealed[2] = 2;
    expect(unseal(KEY, sealed)).toBeNull();
  });
});
