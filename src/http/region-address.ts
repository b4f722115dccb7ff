import { BandloomError } from "../core/errors.ts";
import type { Region } from "../core/geometry.ts";
import type { Encoding } from "../render/types.ts";
import type { Limits } from "../service/types/limits.ts";
import { type FormulaParameters, formulaParameters } from "./formula-parameter.ts";
import { encodingFrom, formatOf, splitExtension } from "./picture-options.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { decodeStrictly, imageKey, splitTarget } from "./request-target.ts";
import { wholeNumber } from "./whole-number.ts";

/** A region as a URL names it, before any image is known. */
export interface RegionUrl extends FormulaParameters {
  readonly image: string;
  /** Full-resolution pixels. */
  readonly region: Region;
  /** Longest side of the result, pixels. */
  readonly maxSize: number;
  readonly encoding: Encoding;
}

const PARAMETERS = ["f", "fz", "preset", "v", "q", "lossless", ...SIGNATURE] as const;

/**
 * Reads `/regions/{image}/{x},{y},{width},{height}/{maxSize}.{ext}?…` from the right. BAD_REQUEST for what is malformed, LIMIT_EXCEEDED
 * for a result that is larger than is served.
 */
export function parseRegionUrl(url: string, limits: Limits): RegionUrl {
  const { segments, query } = splitTarget(url, "regions");
  const [rectangle, last] = segments.slice(-2);
  if (rectangle === undefined || last === undefined)
    throw new BandloomError("NOT_FOUND", "Regions are at /regions/{image}/{x},{y},{width},{height}/{maxSize}.{ext}.");
  const { name, extension } = splitExtension(last);
  const format = formatOf(extension);
  const region = parseRectangle(decodeStrictly(rectangle, "The region"));
  const maxSize = parseSide(name, limits);
  const image = imageKey(segments.slice(0, -2));
  const parameters = parseQuery(query, PARAMETERS);
  return {
    image,
    region,
    maxSize,
    ...formulaParameters(parameters),
    encoding: encodingFrom(format, parameters),
  };
}

export function parseRectangle(text: string): Region {
  const [x, y, width, height, ...more] = text.split(",").map((part) => wholeNumber(part, "Each number of a region"));
  if (x === undefined || y === undefined || width === undefined || height === undefined || more.length > 0)
    throw new BandloomError("BAD_REQUEST", "A region is four numbers: x,y,width,height in full-resolution pixels.");
  return { x, y, width, height };
}

function parseSide(text: string, { regionSide }: Limits): number {
  const side = wholeNumber(text, "The longest side");
  if (side < 1) throw new BandloomError("BAD_REQUEST", "The longest side of a picture is at least 1 pixel.");
  if (side <= regionSide) return side;
  throw new BandloomError("LIMIT_EXCEEDED", `The longest side of a picture is at most ${regionSide} pixels.`);
}
