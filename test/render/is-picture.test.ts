import { describe, expect, it } from "vitest";
import { type KernelOutput, OUTPUT_BYTES } from "../../src/kernel/kernel.ts";
import { encode } from "../../src/render/encode/encode.ts";
import { isPicture } from "../../src/render/is-picture.ts";
import type { PictureFormat } from "../../src/render/types.ts";

const FORMATS: readonly PictureFormat[] = ["jpeg", "png", "webp", "avif", "npy"];
const SIDE = 32;

async function encoded(format: PictureFormat, output: KernelOutput, lossless: boolean): Promise<Uint8Array> {
  const bytes = Uint8Array.from({ length: SIDE * SIDE * OUTPUT_BYTES[output] }, (_, index) => (index * 7) % 251);
  const pixels = { output, planes: 1, width: SIDE, height: SIDE, bytes, view: false };
  const encoding = { format, quality: 80, lossless };
  return (await encode(pixels, { resize: null, pad: null, encoding })).bytes;
}

/** What pictures a format can hold, and with what options. */
function kindsOf(format: PictureFormat, outputs: readonly KernelOutput[], losses: readonly boolean[]) {
  return outputs.flatMap((output) => losses.map((lossless) => ({ format, output, lossless })));
}

const KINDS = [
  ...kindsOf("jpeg", ["gray8", "rgb8"], [false]),
  ...kindsOf("png", ["gray8", "rgb8", "rgba8"], [false]),
  ...kindsOf("webp", ["gray8", "rgb8", "rgba8"], [false, true]),
  ...kindsOf("avif", ["gray8", "rgb8", "rgba8"], [false, true]),
  ...kindsOf("npy", ["float32"], [false]),
];

describe("what the encoders write", () => {
  it.each(KINDS)("is known for $format of $output, lossless: $lossless, and for no other format", async (kind) => {
    const { format, output, lossless } = kind;
    const bytes = await encoded(format, output, lossless);
    expect(FORMATS.filter((one) => isPicture(one, bytes))).toEqual([format]);
  });

  it("is known as a view into a larger buffer too, by its own bytes alone", async () => {
    const bytes = await encoded("png", "gray8", false);
    const larger = Buffer.concat([Buffer.from("before"), bytes]);
    expect(isPicture("png", larger.subarray(6))).toBe(true);
    expect(isPicture("png", larger)).toBe(false);
    expect(isPicture("png", larger.subarray(6, 13))).toBe(false);
  });

  it("is told from what other programs write in the same containers", () => {
    expect(isPicture("avif", Buffer.from("\0\0\0\x18ftypheic", "latin1"))).toBe(false);
    expect(isPicture("webp", Buffer.from("RIFF\0\0\0\0WAVE", "latin1"))).toBe(false);
  });

  it.each(FORMATS)("is not %s when it is nothing, a page, or starts late", async (format) => {
    const bytes = await encoded(format, format === "npy" ? "float32" : "gray8", false);
    const strange = [
      "",
      "<!doctype html><script>alert(1)</script>",
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      "RIFF",
    ];
    for (const text of strange) expect(isPicture(format, Buffer.from(text)), text).toBe(false);
    expect(isPicture(format, bytes.subarray(1))).toBe(false);
    expect(isPicture(format, Buffer.concat([Buffer.from(" "), bytes]))).toBe(false);
  });
});
