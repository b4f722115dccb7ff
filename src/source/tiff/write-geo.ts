import type { Size } from "../../core/geometry.ts";
import type { Georeference } from "../types.ts";
import { KEY, MODEL, USER_DEFINED } from "./metadata/geo-keys.ts";
import { isDegree, linearCode } from "./metadata/geo-units.ts";
import { double, type Fields, WRITE_TAG } from "./write-fields.ts";
import { type GeoKeyValues, keyFields } from "./write-geo-keys.ts";
import { spelledKeys } from "./write-spelled.ts";

const PIXEL_IS_AREA = 1;
const DEGREE = 9102;
/** Radius of WGS 84, meters: what a reader takes where nothing is told. */
const EARTH = 6_378_137;

/** Tags that place the image: scale and tie point where rows run along parallels, a matrix otherwise. */
export function geoFields(georeference: Georeference, size: Size): Fields {
  const fields: Fields = new Map();
  const [a, b, c, d, e, f] = georeference.affine;
  if (b === 0 && d === 0 && a > 0 && e < 0) {
    fields.set(WRITE_TAG.modelPixelScale, double(a, -e, 0));
    fields.set(WRITE_TAG.modelTiepoint, double(0, 0, 0, c, f, 0));
  } else {
    fields.set(WRITE_TAG.modelTransformation, double(a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1));
  }
  return new Map([...fields, ...keyFields(keysOf(georeference, size))]);
}

function keysOf(georeference: Georeference, size: Size): GeoKeyValues {
  const { crs, crsName, spelled } = georeference;
  const code = epsgCode(crs);
  const own = spelled && code === null ? spelledKeys(spelled) : null;
  const model =
    code === null && !own ? USER_DEFINED : isGeographic(code, georeference, size) ? MODEL.geographic : MODEL.projected;
  const keys: GeoKeyValues = new Map([[KEY.modelType, model], [KEY.rasterType, PIXEL_IS_AREA], ...(own ?? [])]);
  if (crsName) keys.set(KEY.citation, crsName);
  if (code !== null) keys.set(model === MODEL.geographic ? KEY.geographicType : KEY.projectedType, code);
  unitKeys(georeference, keys);
  return keys;
}

/** What readers would take for meters, or for degrees on WGS 84, says so if it is another unit. */
function unitKeys({ ground }: Georeference, keys: GeoKeyValues): void {
  if (!ground) return;
  const { meters, radians } = ground;
  if (radians === null) {
    if (meters === 1) return;
    keys.set(KEY.linearUnits, linearCode(meters) ?? USER_DEFINED);
    if (linearCode(meters) === null) keys.set(KEY.linearUnitSize, [meters]);
    return;
  }
  keys.set(KEY.angularUnits, isDegree(radians) ? DEGREE : USER_DEFINED);
  if (!isDegree(radians)) keys.set(KEY.angularUnitSize, [radians]);
  const radius = meters / radians;
  if (!keys.has(KEY.semiMajor) && Math.abs(radius / EARTH - 1) > 1e-9) keys.set(KEY.semiMajor, [radius]);
}

/** GeoTIFF keys hold EPSG codes of 16 bits. */
function epsgCode(crs: string | null): number | null {
  const code = Number(/^EPSG:(\d{4,5})$/i.exec(crs ?? "")?.[1] ?? Number.NaN);
  return code <= 32766 ? code : null;
}

/**
 * A code does not tell whether it is geographic, a unit does. The EPSG registry numbers geographic systems from 4000 and, the newer ones, beyond 5000,
 * among others; corners that are all degrees tell the rest.
 */
function isGeographic(code: number | null, { affine, spelled, ground }: Georeference, size: Size): boolean {
  if (ground) return ground.radians !== null;
  if (code === null) return spelled?.projection.startsWith("+proj=longlat") === true;
  return code >= 4000 && code <= 10_999 && areDegrees(affine, size);
}

function areDegrees([a, b, c, d, e, f]: Georeference["affine"], { width, height }: Size): boolean {
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const;
  return corners.every(([x, y]) => Math.abs(a * x + b * y + c) <= 361 && Math.abs(d * x + e * y + f) <= 91);
}
