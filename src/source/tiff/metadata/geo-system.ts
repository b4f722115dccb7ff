import type { Georeference, Ground } from "../../types.ts";
import type { ImageWarning } from "../../warnings.ts";
import { lengthName } from "./geo-units.ts";

/** A reference system, wherever it is told. */
export interface System extends Omit<Georeference, "affine"> {
  /** Of the coordinates; null: one that others have no name for. */
  readonly unit: string | null;
}

/** What files beside an image tell of its place; null: nothing. */
export interface ToldPlace {
  readonly affine: Georeference["affine"] | null;
  readonly system: System | null;
}

/** GDAL's order: its metadata beside the file (PAM), the file itself, a world file. */
export interface PlaceBeside {
  readonly before: ToldPlace;
  readonly after: ToldPlace;
  /** Why there is not more in `after`: of no interest where the rest tells all. */
  readonly warnings: readonly ImageWarning[];
}

const NOTHING: ToldPlace = { affine: null, system: null };
export const NO_PLACE: PlaceBeside = { before: NOTHING, after: NOTHING, warnings: [] };

export function unitOf({ meters, radians }: Ground): string | null {
  return radians === null ? lengthName(meters) : "degree";
}
