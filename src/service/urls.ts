import { deflateRawSync } from "node:zlib";
import { BandloomError } from "../core/errors.ts";
import { DEFAULT_FORMAT, DEFAULT_QUALITY, DEFAULT_TILE_SIZE } from "../core/picture-defaults.ts";
import type { Encoding, PictureFormat } from "../render/index.ts";

/** Formulas whose encoded text is longer travel deflated. */
const MAX_PLAIN = 1500;
/** URLs beyond this length get lost on their way: browsers and proxies take some 8,000 characters. */
const MAX_DEFLATED = 6000;

const EXTENSIONS: Readonly<Record<PictureFormat, string>> = {
  jpeg: "jpg",
  png: "png",
  webp: "webp",
  avif: "avif",
  npy: "npy",
};

export interface PictureQuery {
  /** Canonical formula. */
  readonly formula: string;
  readonly version: string;
  readonly tileSize?: number;
  readonly encoding: Encoding;
  readonly pad?: boolean;
}

/** `.jpg?f=…&v=…`: everything behind the place of a picture. LIMIT_EXCEEDED when the formula is too long. */
export function pictureSuffix(query: PictureQuery): string {
  return `.${EXTENSIONS[query.encoding.format]}?${pictureQuery(query)}`;
}

/** The same of a document about such pictures, whose own ending does not say what they are. */
export function documentSuffix(extension: string, query: PictureQuery): string {
  const { format } = query.encoding;
  return `.${extension}?${pictureQuery(query)}${format === DEFAULT_FORMAT ? "" : `&format=${EXTENSIONS[format]}`}`;
}

/** Behind the image of a document of numbers: `.json?f=…&v=…` and what else is asked. LIMIT_EXCEEDED when the formula is too long. */
export function measureSuffix(
  formula: string,
  version: string,
  asked: readonly (readonly [name: string, value: string])[],
): string {
  const rest = asked.map(([name, value]) => `&${name}=${percentEncode(value)}`).join("");
  return `.json?${formulaParameter(formula)}&v=${version}${rest}`;
}

/** As URLs end. */
export function extensionOf(format: PictureFormat): string {
  return EXTENSIONS[format];
}

function pictureQuery({ formula, version, tileSize, encoding, pad }: PictureQuery): string {
  const { format, quality, lossless } = encoding;
  const hasQuality = format !== "png" && format !== "npy";
  return [
    `${formulaParameter(formula)}&v=${version}`,
    tileSize !== undefined && tileSize !== DEFAULT_TILE_SIZE ? `&s=${tileSize}` : "",
    hasQuality && quality !== DEFAULT_QUALITY ? `&q=${quality}` : "",
    lossless && (format === "webp" || format === "avif") ? "&lossless=1" : "",
    pad ? "&pad=1" : "",
  ].join("");
}

/** An image's key as path segments. */
export function keyPath(key: string): string {
  return key.split("/").map(percentEncode).join("/");
}

/** Everything outside RFC 3986's unreserved characters, UTF-8. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function formulaParameter(formula: string): string {
  const plain = percentEncode(formula);
  if (plain.length <= MAX_PLAIN) return `f=${plain}`;
  const deflated = deflateRawSync(formula).toString("base64url");
  if (deflated.length <= MAX_DEFLATED) return `fz=${deflated}`;
  throw new BandloomError(
    "LIMIT_EXCEEDED",
    "The formula is too long for a URL. Ask for base64 or dataUri, or write it shorter.",
    { details: { limit: MAX_DEFLATED, length: deflated.length } },
  );
}
