import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";

/** Longitude and latitude, degrees on WGS 84. */
export type Geographic = readonly [longitude: number, latitude: number];

/** Between the coordinates of a reference system (east before north, as rasters count them) and WGS 84. */
export interface ReferenceSystem {
  /** Null where the system has no such place. */
  toGeographic(x: number, y: number): Geographic | null;
  fromGeographic(longitude: number, latitude: number): readonly [x: number, y: number] | null;
}

/** An entry of the EPSG registry; what is no reference system (a datum, an operation) has no PROJ text. */
const ENTRY = z.object({ kind: z.string().startsWith("CRS"), proj4: z.string().min(1) });
const CODE = /^EPSG:([1-9]\d{3,5})$/;
/** Datums whose parameters the library knows, by the grid that the registry names in their place. */
const DATUM_OF_GRID: ReadonlyMap<string, string> = new Map([
  ["OSTN15_NTv2_OSGBtoETRS.gsb", "OSGB36"],
  ["BETA2007.gsb", "potsdam"],
  ["nzgd2kgrid0005.gsb", "nzgd49"],
]);
const resolve = createRequire(import.meta.url).resolve;

/** As many as the registry has, a few hundred bytes each. */
const known = new Map<string, Promise<ReferenceSystem | null>>();

/** Null for a code that the registry does not have, and for a projection that the library does not know. */
export function referenceSystem(crs: string): Promise<ReferenceSystem | null> {
  const found = known.get(crs);
  if (found) return found;
  const made = load(crs);
  known.set(crs, made);
  return made;
}

async function load(crs: string): Promise<ReferenceSystem | null> {
  const definition = await definitionOf(crs);
  if (definition === null) return null;
  const { default: proj4 } = await import("proj4");
  try {
    const { forward, inverse } = proj4("WGS84", definition);
    return {
      toGeographic: (x, y) => finite(() => inverse([x, y])),
      fromGeographic: (longitude, latitude) => finite(() => forward([longitude, latitude])),
    };
  } catch {
    return null;
  }
}

async function definitionOf(crs: string): Promise<string | null> {
  const [, code] = CODE.exec(crs) ?? [];
  if (code === undefined) return null;
  const text = await entryText(code).catch(() => null);
  const definition = text === null ? undefined : ENTRY.safeParse(JSON.parse(text)).data?.proj4;
  return definition === undefined ? null : withoutGrid(definition);
}

async function entryText(code: string): Promise<string> {
  return readFile(resolve(`epsg-index/s/${code}.json`), "utf8");
}

/**
 * Grids of datum shifts are files that nobody has here. Where the datum has seven parameters too, these are right to some metres; without
 * any, places of NAD27 and the like are up to some 200 m off, which is nothing to the bounds of a picture.
 */
function withoutGrid(definition: string): string {
  const [given, grid = ""] = /\+nadgrids=([^\s"]+|"[^"]*")\s*/.exec(definition) ?? [];
  if (given === undefined || grid === "@null") return definition;
  const datum = DATUM_OF_GRID.get(grid);
  return datum === undefined
    ? definition.replace(given, "")
    : definition.replace(given, "").replace(/\+ellps=\S+/, `+datum=${datum}`);
}

/** The library throws for some places that do not exist, and answers others with NaN. */
function finite(convert: () => number[]): readonly [number, number] | null {
  try {
    const [x = Number.NaN, y = Number.NaN] = convert();
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  } catch {
    return null;
  }
}
