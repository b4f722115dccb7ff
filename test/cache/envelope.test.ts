import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHECKED, ENVELOPE_BYTES, envelopeOf, isSigned } from "../../src/cache/envelope.ts";
import { keyOf, tileOf } from "./support.ts";

const KEY = keyOf("a");
const [FIRST, SECOND] = [{ secret: Buffer.alloc(32, 1) }, { secret: Buffer.alloc(32, 2) }];
const SIGNED = envelopeOf([FIRST]);
const CHECKED_LAYOUT = 2;
const SIGNED_LAYOUT = 3;

describe.each([
  ["with a checksum", CHECKED, CHECKED_LAYOUT],
  ["with a signature", SIGNED, SIGNED_LAYOUT],
])("a tile that is sealed %s", (_, envelope, layout) => {
  it("comes back as it was, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const sealed = envelope.seal(KEY, { bytes });
        const tile = envelope.unseal(KEY, sealed);
        expect(Buffer.from(tile?.bytes ?? [])).toEqual(Buffer.from(bytes));
        expect(sealed.length).toBeLessThanOrEqual(bytes.length + ENVELOPE_BYTES);
      }),
      { seed: 1 },
    );
  });

  it("is refused with any single bit flipped", () => {
    const sealed = envelope.seal(KEY, tileOf("a", 60));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(envelope.unseal(KEY, damaged), `bit ${bit}`).toBeNull();
    }
  });

  it("is refused when it is cut short or has grown", () => {
    const sealed = envelope.seal(KEY, tileOf("a", 60));
    for (let length = 0; length < sealed.length; length++) {
      expect(envelope.unseal(KEY, sealed.subarray(0, length)), `${length} bytes`).toBeNull();
    }
    expect(envelope.unseal(KEY, Buffer.concat([sealed, Buffer.of(0)]))).toBeNull();
  });

  it("is refused under another key than its own", () => {
    expect(envelope.unseal(keyOf("b"), envelope.seal(KEY, tileOf("a")))).toBeNull();
  });

  it("is refused when another version of the layout wrote it", () => {
    const sealed = envelope.seal(KEY, tileOf("a"));
    expect(sealed[2]).toBe(layout);
    for (const other of [0, 1, 2, 3, 4]) {
      sealed[2] = other;
      expect(envelope.unseal(KEY, sealed) !== null, `layout ${other}`).toBe(other === layout);
    }
  });
});

describe("an envelope with keys", () => {
  it("believes no checksum, and one without keys no signature", () => {
    expect(SIGNED.unseal(KEY, CHECKED.seal(KEY, tileOf("a")))).toBeNull();
    expect(CHECKED.unseal(KEY, SIGNED.seal(KEY, tileOf("a")))).toBeNull();
    expect([SIGNED, CHECKED].map((one) => isSigned(one.seal(KEY, tileOf("a"))))).toEqual([true, false]);
  });

  it("signs with the first and believes all, so that keys can be changed", () => {
    const rotated = envelopeOf([SECOND, FIRST]);
    expect(rotated.unseal(KEY, SIGNED.seal(KEY, tileOf("a")))).not.toBeNull();
    expect(envelopeOf([SECOND]).unseal(KEY, rotated.seal(KEY, tileOf("a")))).not.toBeNull();
    expect(SIGNED.unseal(KEY, rotated.seal(KEY, tileOf("a")))).toBeNull();
    expect(envelopeOf([SECOND]).unseal(KEY, SIGNED.seal(KEY, tileOf("a")))).toBeNull();
  });

  it("writes what others can work out: half an HMAC with a key of its own, over key and tile", () => {
    const { bytes } = tileOf("a", 60);
    const derived = createHmac("sha256", FIRST.secret).update("bandloom cache").digest();
    const signature = createHmac("sha256", derived).update(KEY).update(bytes).digest().subarray(0, 16);
    const expected = Buffer.concat([Buffer.from("BL\x03", "latin1"), signature, bytes]);
    expect(SIGNED.seal(KEY, { bytes })).toEqual(expected);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32(bytes, crc32(KEY)));
    expect(CHECKED.seal(KEY, { bytes })).toEqual(Buffer.concat([Buffer.from("BL\x02", "latin1"), checksum, bytes]));
  });

  it("does not take the secret itself for its key: signatures of links are none of tiles", () => {
    const { bytes } = tileOf("a", 60);
    const signature = createHmac("sha256", FIRST.secret).update(KEY).update(bytes).digest().subarray(0, 16);
    const planted = Buffer.concat([Buffer.from("BL\x03", "latin1"), signature, bytes]);
    expect(SIGNED.unseal(KEY, planted)).toBeNull();
  });

  it("is not made of no key: nothing is signed by mistake with nothing", () => {
    expect(() => envelopeOf([])).toThrow("one key at least");
    expect(envelopeOf(undefined)).toBe(CHECKED);
  });
});
