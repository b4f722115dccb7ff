import type { Size } from "../../core/geometry.ts";
import type { KernelOutput } from "../../kernel/kernel.ts";
import type { Encoding, Picture, PictureFormat } from "../types.ts";
import { withoutBleeding } from "./fill.ts";
import { TurboEncoder } from "./jpeg.ts";
import { encodeNpy } from "./npy.ts";
import { detached, floatValues, type Pixels, padTo, resampleNearest } from "./pixels.ts";
import { encodeWithSharp, resizeBytes } from "./sharp.ts";
import { turbo } from "./turbo.ts";

/** What each format can hold. JPEG has no alpha: its formulas are compiled to gray8 or rgb8, where no data is black. */
const OUTPUTS: Record<PictureFormat, readonly KernelOutput[]> = {
  jpeg: ["gray8", "rgb8"],
  png: ["gray8", "rgb8", "rgba8"],
  webp: ["gray8", "rgb8", "rgba8"],
  avif: ["gray8", "rgb8", "rgba8"],
  npy: ["float32"],
};

const turboEncoder = turbo && new TurboEncoder(turbo);

/** What follows evaluation: scale, pad, encode. */
export interface Finish {
  readonly resize: Size | null;
  readonly pad: Size | null;
  /** As PictureTask's. */
  readonly sampled?: boolean;
  readonly encoding: Encoding;
}

/**
 * Evaluated pixels to a picture. Synchronous where nothing asynchronous is needed (a JPEG tile, npy): a promise is returned only
 * once the pixels have left WebAssembly memory, so the caller may free them in either case.
 */
export function encode(pixels: Pixels, finish: Finish): Picture | Promise<Picture> {
  const { resize, pad, encoding, sampled = false } = finish;
  if (!OUTPUTS[encoding.format].includes(pixels.output))
    throw new TypeError(`A ${encoding.format} picture cannot hold ${pixels.output} pixels.`);
  const scaled = resize && (resize.width !== pixels.width || resize.height !== pixels.height) ? resize : null;
  if (pixels.output === "float32") {
    const values = scaled ? resampleNearest(pixels, scaled) : pixels;
    const { planes, width, height, ...rest } = padded(values, pad);
    return { bytes: encodeNpy(floatValues({ planes, width, height, ...rest }), planes, width, height), width, height };
  }
  if (scaled && sampled) return encodeBytes(padded(resampleNearest(pixels, scaled), pad), encoding);
  if (scaled) return encodeScaled(detached(pixels), scaled, finish);
  return encodeBytes(padded(pixels, pad), encoding);
}

async function encodeScaled(pixels: Pixels, size: Size, { pad, encoding }: Finish): Promise<Picture> {
  const scaled = await resizeBytes(pixels, size);
  return encodeBytes(padded(scaled, pad), encoding);
}

/** JPEG has no transparency. */
function isLossy({ format, lossless }: Encoding): boolean {
  return (format === "webp" || format === "avif") && !lossless;
}

function padded(pixels: Pixels, pad: Size | null): Pixels {
  return pad ? padTo(pixels, pad) : pixels;
}

function encodeBytes(pixels: Pixels, encoding: Encoding): Picture | Promise<Picture> {
  const { width, height } = pixels;
  if (encoding.format === "jpeg" && turboEncoder)
    return { bytes: turboEncoder.encode(pixels, encoding.quality), width, height };
  const own = detached(pixels);
  const shown = isLossy(encoding) && own.output === "rgba8" ? { ...own, bytes: withoutBleeding(own.bytes, own) } : own;
  return encodeWithSharp(shown, encoding).then((bytes) => ({ bytes, width, height }));
}
