import type { Georeference } from "../../types.ts";
import { type ImageWarning, imageWarning } from "../../warnings.ts";
import { esriSystem } from "./geo-esri.ts";
import { GeoKeys, KEY, type KeyTags, MODEL } from "./geo-keys.ts";
import { NO_PLACE, type PlaceBeside, type System } from "./geo-system.ts";
import { groundOf, linearUnit } from "./geo-units.ts";
import { spelledSystem } from "./spelled.ts";

/** Values of the tags of GeoTIFF 1.1 (OGC 19-008r4); null: not there. */
export interface GeoTags extends KeyTags {
  readonly scale: readonly number[] | null;
  readonly tiepoints: readonly number[] | null;
  readonly matrix: readonly number[] | null;
  /** It has a model of its camera (RPC), which is no affine place. */
  readonly hasCamera: boolean;
}

export interface GeoFacts {
  readonly georeference: Georeference | null;
  /** Of the coordinates; null where there are none, or in a unit of their own. */
  readonly unit: string | null;
  readonly warnings: readonly ImageWarning[];
}

const PIXEL_IS_POINT = 2;
/** Numbers of a tie point: column, row, 0, x, y, z. */
const ONE_POINT = 6;

/** Written by programs that know of no place: each pixel at its own number. */
const IDENTITY = [1, 0, 0, 0, 1, 0] as const;

type Affine = Georeference["affine"];

/**
 * Place on Earth as GeoTIFF tells it, and files beside it. What contradicts itself is left out with a warning: pixels can be read without
 * it.
 */
export function parseGeo(tags: GeoTags, { before, after, warnings }: PlaceBeside = NO_PLACE): GeoFacts {
  const keys = new GeoKeys(tags);
  const own = ownAffine(tags, keys);
  const affine = before.affine ?? own ?? after.affine;
  if (!affine) {
    return { georeference: null, unit: null, warnings: [...notPlaced(tags), ...warnings] };
  }
  const told = before.system ?? ownSystem(keys) ?? after.system;
  const { unit, ...system } = told ?? NO_SYSTEM_TOLD;
  const isKnown = system.crs !== null || system.spelled !== undefined;
  return {
    georeference: { ...system, affine },
    unit,
    warnings: isKnown ? [] : [told ? UNKNOWN_SYSTEM : NO_SYSTEM, ...warnings],
  };
}

const NO_SYSTEM_TOLD: System = { crs: null, crsName: null, unit: null };

function ownAffine(tags: GeoTags, keys: GeoKeys): Affine | null {
  const affine = affineOf(tags);
  if (!affine || isIdentity(affine)) return null;
  return keys.short(KEY.rasterType) === PIXEL_IS_POINT ? halfPixelBack(affine) : affine;
}

function isIdentity(affine: Affine | null): boolean {
  return affine?.every((value, index) => value === IDENTITY[index]) ?? false;
}

/** What the tags tell of a place that gives no affine transformation. */
function notPlaced(tags: GeoTags): readonly ImageWarning[] {
  const { tiepoints, matrix, scale, hasCamera } = tags;
  const isTold = tiepoints !== null || matrix !== null || scale !== null;
  if (isTold && !isIdentity(affineOf(tags))) return [(tiepoints?.length ?? 0) > ONE_POINT ? POINTS_NOT_USED : UNPLACED];
  return hasCamera ? [CAMERA_NOT_USED] : [];
}

/** Null: the file has no keys. */
function ownSystem(keys: GeoKeys): System | null {
  if (keys.isEmpty) return null;
  const isGeographic = countsDegrees(keys);
  const system = systemOf(keys, isGeographic);
  const esri = system.crs === null && !system.spelled ? esriSystem(keys) : null;
  if (esri) return esri;
  const ground = groundOf(keys, isGeographic);
  return {
    ...system,
    crsName: nameOf(keys, isGeographic),
    ...(ground ? { ground } : {}),
    unit: isGeographic ? "degree" : (linearUnit(keys)?.name ?? null),
  };
}

/** By the model that the file names, where GDAL calls a projection that has no keys user-defined; else by the keys that are there. */
function countsDegrees(keys: GeoKeys): boolean {
  const model = keys.short(KEY.modelType) ?? 0;
  if (model !== 0) return model === MODEL.geographic;
  const isProjected = [KEY.projectedType, KEY.projection, KEY.transformation].some((key) => keys.has(key));
  return !isProjected && keys.has(KEY.geographicType);
}

/** A code, else what the keys spell out. */
function systemOf(keys: GeoKeys, isGeographic: boolean): Pick<Georeference, "crs" | "spelled"> {
  const code = keys.code(isGeographic ? KEY.geographicType : KEY.projectedType);
  if (code !== null) return { crs: `EPSG:${code}` };
  if (isWebMercator(keys)) return { crs: "EPSG:3857" };
  const spelled = spelledSystem(keys, isGeographic);
  return { crs: null, ...(spelled ? { spelled } : {}) };
}

/**
 * The system of web maps has no keys of its own: it is the Mercator projection of a sphere from latitudes on an ellipsoid. Writers name it
 * (GDAL: EPSG's name and the words of Esri).
 */
function isWebMercator(keys: GeoKeys): boolean {
  const names = [KEY.citation, KEY.projectedCitation].map((key) => keys.text(key) ?? "").join("|");
  return /Mercator_Auxiliary_Sphere|WGS ?84 \/ Pseudo-Mercator/i.test(names);
}

function nameOf(keys: GeoKeys, isGeographic: boolean): string | null {
  const citations = isGeographic ? [KEY.geographicCitation, KEY.citation] : [KEY.projectedCitation, KEY.citation];
  return citations.map((key) => keys.text(key)).find((text) => text !== null) ?? null;
}

const UNPLACED = imageWarning(
  "PLACE_NOT_KNOWN",
  "Its GeoTIFF tags give no affine transformation: its place is left out. Warp it to a grid, for example with gdalwarp.",
);
const POINTS_NOT_USED = imageWarning(
  "PLACE_NOT_KNOWN",
  "It tells its place by ground control points, which are not used. Warp it to a grid: gdalwarp.",
);
const CAMERA_NOT_USED = imageWarning(
  "PLACE_NOT_KNOWN",
  "It tells its place by a model of its camera (RPC), which is not used. Warp it to a grid: gdalwarp -rpc.",
);
const NO_SYSTEM = imageWarning(
  "CRS_NOT_KNOWN",
  "It names no reference system, so its bounds in degrees are not known. Name it: gdal_edit.py -a_srs.",
);
const UNKNOWN_SYSTEM = imageWarning(
  "CRS_NOT_KNOWN",
  "Its reference system is neither a code nor spelled out in a way that is known here, so its bounds in degrees are not known. Warp it to one that has a code: gdalwarp -t_srs.",
);

/** Scale and one tie point, or a matrix of four rows; its third row and column are heights. */
function affineOf({ scale, tiepoints, matrix }: GeoTags): Affine | null {
  const found = matrix ? ofMatrix(matrix) : scale && tiepoints ? ofScale(scale, tiepoints) : null;
  if (!found?.every(Number.isFinite)) return null;
  const [a, b, , d, e] = found;
  return a * e - b * d === 0 ? null : found;
}

function ofMatrix(matrix: readonly number[]): Affine | null {
  const [a, b, , c, d, e, , f] = matrix;
  if (a === undefined || b === undefined || c === undefined) return null;
  return d === undefined || e === undefined || f === undefined ? null : [a, b, c, d, e, f];
}

function ofScale([sx, sy]: readonly number[], [i, j, , x, y]: readonly number[]): Affine | null {
  if (sx === undefined || sy === undefined || i === undefined || j === undefined) return null;
  return x === undefined || y === undefined ? null : [sx, 0, x - i * sx, 0, -sy, y + j * sy];
}

/** Coordinates of pixel centres, told from the corner of the first pixel. */
function halfPixelBack([a, b, c, d, e, f]: Affine): Affine {
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2];
}
