import { inflateSync } from "node:zlib";
import { decode, getBlobInfo, isLoaded, type LercData, type LercPixelType, load, type PixelTypedArray } from "lerc";
import type { DataType } from "../../../core/dtype.ts";
import { unreadable } from "../../unreadable.ts";
import { type Codec, type CodecBlock, put } from "./codec.ts";
import { inflateZstd, initZstd } from "./zstd.ts";

const PIXEL_TYPES: Readonly<Record<LercPixelType, DataType>> = {
  ...{ S8: "int8", U8: "uint8", S16: "int16", U16: "uint16" },
  ...{ S32: "int32", U32: "uint32", F32: "float32", F64: "float64" },
};
/** In the order of the numbers that a blob's header gives. */
const TYPE_ORDER: readonly DataType[] = [
  ...(["int8", "uint8", "int16", "uint16", "int32", "uint32"] as const),
  ...(["float32", "float64"] as const),
];
const INNER = { none: 0, deflate: 1, zstd: 2 } as const;
/** What a blob may be longer than its samples: header, mask, tables. */
const EXPANSION = 2;
const OVERHEAD_BYTES = 65_536;

/**
 * LERC blobs (libtiff's compression 34887, Esri's LERC 2), alone or inside deflate or Zstd. Samples that the blob's mask leaves out
 * are NaN, in whole numbers the nodata value. Writers swap the samples of big-endian files before they encode them: libtiff does, and
 * all others read what it wrote. The blob's header is compared with the tile before anything is decoded.
 */
export const lerc: Codec = {
  scratchBytes: () => 0,
  prepare,
  decode(bytes, target, block) {
    const blob = unwrapped(bytes, target.capacity * EXPANSION + OVERHEAD_BYTES, block.lercCompression);
    const planes = fittingPlanes(blob, block);
    const found = decodeBlob(blob);
    if (PIXEL_TYPES[found.pixelType] !== block.dataType) throw damaged();
    return put(target, planes < block.samples ? withAlpha(found, block) : interleaved(found, block));
  },
};

function prepare(bytes: Uint8Array, { lercCompression }: CodecBlock): Promise<Uint8Array> | null {
  const zstd = lercCompression === INNER.zstd ? initZstd() : null;
  if (isLoaded() && !zstd) return null;
  const own = bytes.slice();
  return Promise.all([load(), zstd]).then(() => own);
}

function unwrapped(bytes: Uint8Array, limit: number, compression: number): Uint8Array {
  if (compression === INNER.zstd) return inflateZstd(bytes, limit);
  if (compression !== INNER.deflate) return bytes;
  try {
    return inflateSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    throw unreadable("the deflate stream around a LERC tile is damaged or longer than the tile", error);
  }
}

/** How many samples the blob has of a pixel: all, or all but an alpha that is its mask. */
function fittingPlanes(blob: Uint8Array, { width, height, samples, dataType, alphaInMask }: CodecBlock): number {
  const info = headerOf(blob);
  const planes = info.bandCount * info.depthCount;
  const isDue = planes === samples || (alphaInMask === true && planes === samples - 1);
  if (info.width === width && info.height === height && isDue && TYPE_ORDER[info.dataType] === dataType) return planes;
  throw unreadable(
    `a LERC tile has ${info.width} × ${info.height} pixels of ${planes} channels, where ${width} × ${height} of ${samples} in ${dataType} are due`,
  );
}

function headerOf(blob: Uint8Array) {
  try {
    return getBlobInfo(blob);
  } catch (error) {
    throw damaged(error);
  }
}

function decodeBlob(blob: Uint8Array): LercData {
  try {
    return decode(blob, { returnInterleaved: true });
  } catch (error) {
    throw damaged(error);
  }
}

const damaged = (cause?: unknown) => unreadable("the LERC stream of a tile is damaged", cause);

/** Pixel by pixel, whether the blob has its channels as depth (interleaved already) or as bands (one after the other). */
function interleaved({ pixels, mask, bandMasks }: LercData, block: CodecBlock) {
  const { width, height, samples, dataType, nodata } = block;
  const [out] = pixels;
  const count = width * height;
  if (!out) throw damaged();
  const bands = pixels.length > 1 ? woven(out, pixels, count) : out;
  if (bands.length !== count * samples) throw damaged();
  if (!block.littleEndian) swap(bands);
  const missing = dataType.startsWith("float") ? Number.NaN : nodata;
  for (let sample = 0; sample < samples; sample++) {
    const valid = bandMasks?.[sample] ?? mask;
    if (!valid) continue;
    for (let at = 0; at < count; at++) if (valid[at] === 0) bands[at * samples + sample] = missing;
  }
  return new Uint8Array(bands.buffer, bands.byteOffset, bands.byteLength);
}

/** The same of bytes whose last sample is the mask: 255 where it has data. */
function withAlpha(found: LercData, block: CodecBlock): Uint8Array {
  const { width, height, samples } = block;
  const colors = interleaved({ ...found, mask: null, bandMasks: null }, { ...block, samples: samples - 1 });
  const valid = found.mask ?? found.bandMasks?.[0];
  const out = new Uint8Array(width * height * samples);
  for (let at = 0; at < width * height; at++) {
    out.set(colors.subarray(at * (samples - 1), (at + 1) * (samples - 1)), at * samples);
    out[(at + 1) * samples - 1] = valid && valid[at] === 0 ? 0 : 255;
  }
  return out;
}

function swap({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: PixelTypedArray): void {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) bytes.swap16();
  else if (BYTES_PER_ELEMENT === 4) bytes.swap32();
  else if (BYTES_PER_ELEMENT === 8) bytes.swap64();
}

function woven(like: PixelTypedArray, bands: readonly PixelTypedArray[], count: number): PixelTypedArray {
  const out = new (like.constructor as new (length: number) => PixelTypedArray)(count * bands.length);
  bands.forEach((plane, band) => {
    for (let at = 0; at < count; at++) out[at * bands.length + band] = plane[at] ?? 0;
  });
  return out;
}
