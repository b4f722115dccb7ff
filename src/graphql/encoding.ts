import { BandloomError } from "../core/errors.ts";
import { DEFAULT_FORMAT, DEFAULT_QUALITY } from "../core/picture-defaults.ts";
import type { Encoding } from "../render/types.ts";
import type { EncodingInput } from "./inputs.ts";

/** BAD_REQUEST for what no picture can be encoded as. */
export function encodingOf(input: EncodingInput | null | undefined): Encoding {
  const format = input?.format ?? DEFAULT_FORMAT;
  if (format === "raw") {
    const message = "RAW is for stored samples: fetch /channels/{image}/{channel}/{z}/{x}/{y}.raw, or use NPY.";
    throw new BandloomError("BAD_REQUEST", message);
  }
  const quality = input?.quality ?? DEFAULT_QUALITY;
  if (quality < 1 || quality > 100) throw new BandloomError("BAD_REQUEST", `Quality is 1 to 100, not ${quality}.`);
  const lossless = input?.lossless ?? false;
  if (lossless && format === "jpeg")
    throw new BandloomError("BAD_REQUEST", "JPEG is never lossless: use PNG, WEBP or AVIF.");
  return { format, quality, lossless };
}
