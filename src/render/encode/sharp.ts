import { BandloomError } from "../../core/errors.ts";
import type { Size } from "../../core/geometry.ts";
import { OUTPUT_BYTES } from "../../kernel/kernel.ts";
import { loadSharp, type Sharp } from "../../source/sharp.ts";
import type { Encoding } from "../types.ts";
import { chromaSubsampling } from "./jpeg.ts";
import type { Pixels } from "./pixels.ts";

/** Scales byte pixels (area-weighted reduction, cubic enlargement; transparent pixels give no colour). `pixels` must be detached. */
export async function resizeBytes(pixels: Pixels, size: Size): Promise<Pixels> {
  const image = await open(pixels);
  const bytes = await finish(image.resize({ ...size, fit: "fill", kernel: "lanczos3" }).raw());
  return { ...pixels, ...size, bytes, view: false };
}

/** Encodes byte pixels with the settings that are fast enough for tiles. `pixels` must be detached. */
export async function encodeWithSharp(pixels: Pixels, encoding: Encoding): Promise<Uint8Array> {
  return finish(encoder(await open(pixels), encoding));
}

function encoder(image: Sharp, { format, quality, lossless }: Encoding): Sharp {
  switch (format) {
    case "jpeg":
      return image.jpeg({ quality, chromaSubsampling: chromaSubsampling(quality), optimiseCoding: false });
    case "png":
      return image.png({ compressionLevel: 1, adaptiveFiltering: false });
    case "webp":
      return image.webp({ quality, lossless, effort: 0 });
    case "avif":
      return image.avif({ quality, lossless, effort: 0 });
    case "npy":
      throw new TypeError("npy holds numbers, not a picture.");
  }
}

async function open({ bytes, width, height, output, view }: Pixels): Promise<Sharp> {
  if (view || output === "float32") throw new TypeError("sharp works on byte pixels outside of WebAssembly memory.");
  const sharp = await loadSharp();
  const channels = OUTPUT_BYTES[output] as 1 | 3 | 4;
  const image = sharp(bytes, { raw: { width, height, channels } });
  // libvips would otherwise write one channel as sRGB with three.
  return channels === 1 ? image.toColourspace("b-w") : image;
}

/** A Uint8Array of its own: buffers that native code made cannot be transferred to another thread. */
async function finish(image: Sharp): Promise<Uint8Array> {
  try {
    return new Uint8Array(await image.toBuffer());
  } catch (cause) {
    throw new BandloomError("INTERNAL", "The picture could not be encoded.", { cause });
  }
}
