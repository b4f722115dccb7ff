import { BandloomError } from "../core/errors.ts";
import { encodingOf } from "../graphql/encoding.ts";
import type { Encoding, PictureFormat } from "../render/types.ts";
import { wholeNumber } from "./whole-number.ts";

/** Lower case only: one picture, one URL. */
const FORMATS: ReadonlyMap<string, PictureFormat> = new Map([
  ["jpg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
  ["avif", "avif"],
  ["npy", "npy"],
]);

/** The last segment of a path, `{name}.{extension}`, at its last dot. */
export function splitExtension(segment: string): { readonly name: string; readonly extension: string } {
  const dot = segment.lastIndexOf(".");
  return dot < 0
    ? { name: segment, extension: "" }
    : { name: segment.slice(0, dot), extension: segment.slice(dot + 1) };
}

/** NOT_FOUND for what is not served. */
export function formatOf(extension: string): PictureFormat {
  const format = FORMATS.get(extension);
  if (format) return format;
  throw new BandloomError("NOT_FOUND", `Pictures end in ${[...FORMATS.keys()].map((name) => `.${name}`).join(", ")}.`);
}

/** `q` and `lossless`. BAD_REQUEST where they make no encoding. */
export function encodingFrom(format: PictureFormat, query: ReadonlyMap<"q" | "lossless" | string, string>): Encoding {
  const q = query.get("q");
  return encodingOf({
    format,
    ...(q === undefined ? {} : { quality: wholeNumber(q, "The quality q") }),
    lossless: flag(query.get("lossless"), "lossless"),
  });
}

/** 0 or 1; 0 when it is not given. */
export function flag(value: string | undefined, name: string): boolean {
  if (value === undefined || value === "0") return false;
  if (value === "1") return true;
  throw new BandloomError("BAD_REQUEST", `The parameter ${name} is 0 or 1.`);
}
