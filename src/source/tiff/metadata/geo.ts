import type { Georeference } from "../../types.ts";
import { type ImageWarning, imageWarning } from "../../warnings.ts";

/** Values of the tags of GeoTIFF 1.1 (OGC 19-008r4); null: not there. */
export interface GeoTags {
  readonly scale: readonly number[] | null;
  readonly tiepoints: readonly number[] | null;
  readonly matrix: readonly number[] | null;
  readonly keys: readonly number[] | null;
  readonly text: string | null;
}

export interface GeoFacts {
  readonly georeference: Georeference | null;
  /** Of the coordinates; null where there are none, or in a unit of their own. */
  readonly unit: string | null;
  readonly warnings: readonly ImageWarning[];
}

const KEY = {
  ...{ modelType: 1024, rasterType: 1025, citation: 1026 },
  ...{ geographicType: 2048, geographicCitation: 2049 },
  ...{ projectedType: 3072, projectedCitation: 3073, linearUnits: 3076 },
} as const;
const GEOGRAPHIC = 2;
const PIXEL_IS_POINT = 2;
const USER_DEFINED = 32_767;
const GEO_ASCII = 34_737;
const LINEAR_UNITS: ReadonlyMap<number, string> = new Map([
  [9001, "m"],
  [9002, "ft"],
  [9003, "ft"],
  [9036, "km"],
]);
/** Words of a key, and of the header. */
const KEY_WORDS = 4;

/** Written by programs that know of no place: each pixel at its own number. */
const IDENTITY = [1, 0, 0, 0, 1, 0] as const;

type Affine = Georeference["affine"];

/** Place on Earth as GeoTIFF tells it. What contradicts itself is left out with a warning: pixels can be read without it. */
export function parseGeo(tags: GeoTags): GeoFacts {
  const keys = readKeys(tags.keys ?? []);
  const affine = affineOf(tags);
  if (!affine) {
    const points = tags.tiepoints !== null || tags.matrix !== null || tags.scale !== null;
    return { georeference: null, unit: null, warnings: points ? [UNPLACED] : [] };
  }
  if (affine.every((value, index) => value === IDENTITY[index]))
    return { georeference: null, unit: null, warnings: [] };
  const isGeographic =
    keys.get(KEY.modelType)?.value === GEOGRAPHIC || (!keys.has(KEY.projectedType) && keys.has(KEY.geographicType));
  const code = keys.get(isGeographic ? KEY.geographicType : KEY.projectedType)?.value ?? 0;
  const isPoint = keys.get(KEY.rasterType)?.value === PIXEL_IS_POINT;
  const citations = isGeographic ? [KEY.geographicCitation, KEY.citation] : [KEY.projectedCitation, KEY.citation];
  const crsName = citations.map((key) => textOf(keys.get(key), tags.text)).find((text) => text !== null) ?? null;
  const units = keys.get(KEY.linearUnits)?.value;
  const linear = units === undefined ? "m" : (LINEAR_UNITS.get(units) ?? null);
  const crs = code > 0 && code < USER_DEFINED ? `EPSG:${code}` : null;
  return {
    georeference: {
      crs,
      crsName,
      affine: isPoint ? halfPixelBack(affine) : affine,
    },
    unit: keys.size === 0 ? null : isGeographic ? "degree" : linear,
    warnings: crs === null ? [NO_CODE] : [],
  };
}

const UNPLACED = imageWarning(
  "PLACE_NOT_KNOWN",
  "Its GeoTIFF tags give no affine transformation: its place is left out. Warp it to a grid, for example with gdalwarp.",
);
const NO_CODE = imageWarning(
  "CRS_NOT_KNOWN",
  "Its reference system has no EPSG code, so its bounds in degrees are not known. Warp it to one that has: gdalwarp -t_srs.",
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

interface Key {
  readonly tag: number;
  readonly count: number;
  /** The value itself where `tag` is 0, else where its values begin in that tag. */
  readonly value: number;
}

function readKeys(words: readonly number[]): ReadonlyMap<number, Key> {
  const keys = new Map<number, Key>();
  for (let at = KEY_WORDS; at + KEY_WORDS <= words.length; at += KEY_WORDS) {
    const [key = 0, tag = 0, count = 0, value = 0] = words.slice(at, at + KEY_WORDS);
    keys.set(key, { tag, count, value });
  }
  return keys;
}

/** Texts of all keys lie in one tag, each ended by a bar. */
function textOf(key: Key | undefined, text: string | null): string | null {
  if (key?.tag !== GEO_ASCII || text === null) return null;
  const own = text.slice(key.value, key.value + key.count).replace(/[|\s]+$/, "");
  return own || null;
}
