import { unreadable } from "../unreadable.ts";

export type CodecName = "none" | "deflate" | "lzw" | "packbits" | "zstd" | "jpeg" | "webp" | "lerc";

/** Values of the Compression tag that are understood. */
const CODECS: ReadonlyMap<number, CodecName> = new Map([
  [1, "none"],
  [5, "lzw"],
  [7, "jpeg"],
  [8, "deflate"],
  [32773, "packbits"],
  [32946, "deflate"],
  [34887, "lerc"],
  [50000, "zstd"],
  [50001, "webp"],
]);

/** Others that are met, so that the message can name them. */
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [2, "CCITT RLE"],
  [3, "CCITT Group 3"],
  [4, "CCITT Group 4"],
  [6, "old-style JPEG"],
  [32809, "ThunderScan"],
  [34676, "SGI LogLuv"],
  [34677, "SGI LogLuv"],
  [34712, "JPEG 2000"],
  [33003, "JPEG 2000 (Aperio)"],
  [33005, "JPEG 2000 (Aperio)"],
  [34925, "LZMA"],
  [50002, "JPEG XL"],
]);

export function codecOf(compression: number): CodecName {
  const codec = CODECS.get(compression);
  if (codec) return codec;
  const name = UNSUPPORTED.get(compression);
  throw unreadable(
    `its compression ${name ? `${name} (${compression})` : compression} is not supported; none, deflate, LZW, PackBits, Zstd, JPEG, WebP and LERC are`,
  );
}

/** Predictors belong to these codecs only (TIFF 6.0 section 14, as libtiff reads it). */
export function hasPredictor(codec: CodecName): boolean {
  return codec === "deflate" || codec === "lzw" || codec === "zstd";
}

/** Its samples come out of our decoder in this machine's byte order, whatever the file's is. */
export function ordersItsBytes(codec: CodecName): boolean {
  return codec === "lerc";
}
