import { BandloomError } from "../core/errors.ts";
import { DEFAULT_FORMAT } from "../core/picture-defaults.ts";
import { tileSizeOf } from "../graphql/address.ts";
import type { Encoding } from "../render/types.ts";
import { extensionOf, type Limits } from "../service/index.ts";
import { type FormulaParameters, formulaParameters } from "./formula-parameter.ts";
import { encodingFrom, formatOf, splitExtension } from "./picture-options.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { imageKey, splitTarget } from "./request-target.ts";
import { wholeNumber } from "./whole-number.ts";

/** Tiles as the URL of their description names them. */
export interface TileJsonUrl extends FormulaParameters {
  readonly image: string;
  readonly tileSize: number;
  readonly encoding: Encoding;
}

const PARAMETERS = ["f", "fz", "preset", "v", "s", "q", "lossless", "format", ...SIGNATURE] as const;

/** Reads `/tilejson/{image}.json?…`. BAD_REQUEST for what is malformed, NOT_FOUND for what cannot exist. */
export function parseTileJsonUrl(url: string, limits: Limits): TileJsonUrl {
  const { segments, query } = splitTarget(url, "tilejson");
  const { name, extension } = splitExtension(segments.at(-1) ?? "");
  if (extension !== "json") throw new BandloomError("NOT_FOUND", "TileJSON is at /tilejson/{image}.json.");
  const image = imageKey([...segments.slice(0, -1), name]);
  const parameters = parseQuery(query, PARAMETERS);
  const s = parameters.get("s");
  return {
    image,
    ...formulaParameters(parameters),
    tileSize: tileSizeOf(s === undefined ? null : wholeNumber(s, "The tile size s"), limits),
    encoding: encodingFrom(formatOf(parameters.get("format") ?? extensionOf(DEFAULT_FORMAT)), parameters),
  };
}
