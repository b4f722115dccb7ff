import { BandloomError } from "../core/errors.ts";
import { tileSizeOf } from "../graphql/address.ts";
import type { Encoding } from "../render/types.ts";
import type { Limits } from "../service/types/limits.ts";
import { type FormulaParameters, formulaParameters } from "./formula-parameter.ts";
import { encodingFrom, flag, formatOf, splitExtension } from "./picture-options.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { imageKey, splitTarget } from "./request-target.ts";
import { wholeNumber } from "./whole-number.ts";

/** A tile as a URL names it, before any image is known: z and the position may lie outside of it. */
export interface TileUrl extends FormulaParameters {
  readonly image: string;
  /** From 0, the coarsest. */
  readonly z: number;
  readonly x: number;
  readonly y: number;
  readonly tileSize: number;
  readonly pad: boolean;
  readonly encoding: Encoding;
}

const PARAMETERS = ["f", "fz", "preset", "v", "s", "q", "lossless", "pad", ...SIGNATURE] as const;

/**
 * Reads `/tiles/{image}/{z}/{x}/{y}.{ext}?…` from the right, because keys of images hold slashes. BAD_REQUEST for what is malformed,
 * NOT_FOUND for what cannot exist.
 */
export function parseTileUrl(url: string, limits: Limits): TileUrl {
  const { segments, query } = splitTarget(url, "tiles");
  const [z, x, last] = segments.slice(-3);
  if (z === undefined || x === undefined || last === undefined)
    throw new BandloomError("NOT_FOUND", "Tiles are at /tiles/{image}/{z}/{x}/{y}.{jpg|png|webp|avif|npy}.");
  const { name: y, extension } = splitExtension(last);
  const format = formatOf(extension);
  const position = { z: wholeNumber(z, "z"), x: wholeNumber(x, "x"), y: wholeNumber(y, "y") };
  const image = imageKey(segments.slice(0, -3));
  const parameters = parseQuery(query, PARAMETERS);
  const s = parameters.get("s");
  return {
    image,
    ...position,
    ...formulaParameters(parameters),
    tileSize: tileSizeOf(s === undefined ? null : wholeNumber(s, "The tile size s"), limits),
    pad: flag(parameters.get("pad"), "pad"),
    encoding: encodingFrom(format, parameters),
  };
}
