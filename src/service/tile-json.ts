import type { Encoding } from "../render/index.ts";
import type { GeographicBounds } from "./geography/index.ts";
import type { ValidFormula } from "./types/formula.ts";
import { extensionOf } from "./urls.ts";

/** Of TileJSON. Version 3 is about vector tiles: its schema wants a list of their layers. */
const VERSION = "2.2.0";

interface DescribedTiles {
  readonly formula: ValidFormula;
  readonly template: string;
  readonly tileSize: number;
  readonly encoding: Encoding;
  readonly bounds: GeographicBounds | null;
}

/** What a map viewer must know of the tiles of a formula. What TileJSON does not know (from `format` on) is for viewers that place tiles by the image's own grid. */
export function tileJson({ formula: { image }, template, tileSize, encoding, bounds }: DescribedTiles): object {
  const { width, height, georeference } = image.info;
  return {
    tilejson: VERSION,
    name: image.name,
    ...(image.description === null ? {} : { description: image.description }),
    scheme: "xyz",
    tiles: [template],
    minzoom: 0,
    maxzoom: image.levels - 1,
    ...(bounds ? placed(bounds) : {}),
    format: extensionOf(encoding.format),
    tileSize,
    width,
    height,
    ...(georeference ? { crs: georeference.crs, affine: georeference.affine } : {}),
  };
}

/** Bounds of TileJSON do not go round the antimeridian: what crosses it is anywhere. The centre is where the image is, at its coarsest. */
function placed({ west, south, east, north }: GeographicBounds): object {
  const crosses = west > east;
  const middle = (west + east) / 2 + (crosses ? 180 : 0);
  return {
    bounds: crosses ? [-180, south, 180, north] : [west, south, east, north],
    center: [middle > 180 ? middle - 360 : middle, (south + north) / 2, 0],
  };
}
