import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCursor, decodeId, encodeCursor, encodeId } from "../../src/graphql/ids.ts";

/** Any key that a file name can make: lone surrogates cannot be file names. */
const key = fc.string({ unit: "grapheme", minLength: 1 });

describe("ids of nodes", () => {
  it("come back as what they were made of, for any key", () => {
    fc.assert(
      fc.property(key, fc.nat({ max: 65_535 }), (key, index) => {
        expect(decodeId(encodeId({ type: "Image", key }))).toEqual({ type: "Image", key });
        expect(decodeId(encodeId({ type: "Channel", index, key }))).toEqual({ type: "Channel", index, key });
        const preset = { type: "Preset", name: `${index}:${key}`, key } as const;
        expect(decodeId(encodeId(preset))).toEqual(preset);
        const shared = { type: "Preset", name: key, key: "" } as const;
        expect(decodeId(encodeId(shared))).toEqual(shared);
      }),
      {
        examples: [
          ["\u2028", 0],
          ["\n", 1],
        ],
      },
    );
    for (const text of ["Image:", "Channel:3:", "Preset:"])
      expect(() => decodeId(Buffer.from(text).toString("base64url")), text).toThrow(/no id/);
  });

  it("never mean two things: an image whose key looks like a channel stays an image", () => {
    const image = { type: "Image", key: "Channel:3:demo" } as const;
    expect(decodeId(encodeId(image))).toEqual(image);
    expect(encodeId(image)).not.toBe(encodeId({ type: "Channel", index: 3, key: "demo" }));
  });

  it.each([
    "",
    "demo",
    "Image:demo",
    "SW1hZ2U6",
    "%00",
    "SW1hZ2U6ZGVtbw==",
    "Q2hhbm5lbDotMTpkZW1v",
    "a".repeat(100_000),
    // Presets named by half an escape, by none, and by one that need not be.
    ...["Preset:%zz:demo", "Preset::demo", "Preset:%41:demo"].map((text) => Buffer.from(text).toString("base64url")),
  ])("are refused with BAD_REQUEST when they are none of ours", (text) => {
    expect(() => decodeId(text)).toThrowError(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
});

describe("cursors", () => {
  it("come back as the key that they were made of", () => {
    fc.assert(
      fc.property(key, (key) => {
        expect(decodeCursor(encodeCursor(key))).toBe(key);
      }),
    );
  });

  it("are not ids", () => {
    expect(() => decodeCursor(encodeId({ type: "Image", key: "demo" }))).toThrowError(/cursor/);
  });
});
