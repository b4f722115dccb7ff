import { loadSharp, type Sharp } from "../../sharp.ts";
import { unreadable } from "../../unreadable.ts";
import { type Codec, type CodecBlock, put } from "./codec.ts";

const RIFF = "RIFF";
const WEBP = "WEBP";

/** WebP tiles (libtiff's compression 50001): interleaved 8-bit RGB or RGBA, decoded before `decode` sees them. */
export const webp: Codec = {
  scratchBytes: () => 0,
  prepare: decodeBySharp,
  decode: (bytes, target) => put(target, bytes.subarray(0, Math.min(bytes.length, target.capacity))),
};

async function decodeBySharp(bytes: Uint8Array, { width, height, samples }: CodecBlock): Promise<Uint8Array> {
  // A copy: the next read may use the same memory.
  const stream = Buffer.from(bytes);
  if (stream.toString("latin1", 0, 4) !== RIFF || stream.toString("latin1", 8, 12) !== WEBP)
    throw unreadable("the WebP stream of a tile does not begin as one");
  const sharp = await loadSharp();
  const image = sharp(stream, { failOn: "warning", limitInputPixels: width * height });
  const coloured = samples === 4 ? image.ensureAlpha() : image.removeAlpha();
  const { data, info } = await decoded(coloured.toColourspace("srgb"));
  if (info.width !== width || info.height !== height || info.channels !== samples)
    throw unreadable(
      `a WebP tile has ${info.width} × ${info.height} pixels of ${info.channels} channels, where ${width} × ${height} of ${samples} are due`,
    );
  return data;
}

async function decoded(image: Sharp) {
  try {
    return await image.raw().toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw unreadable("the WebP stream of a tile is damaged, or larger than the tile", error);
  }
}
