import { ELLIPSOIDS, type Ellipsoid, WGS84 } from "./ellipsoids.ts";
import { type GeoKeys, KEY } from "./geo-keys.ts";

/** EPSG numbered the geographic systems of its first datums as these, less 2000: 6267 and 4267 are NAD27. */
const [FIRST_DATUM, LAST_DATUM, DATUM_LESS] = [6001, 6999, 2000];
/** EPSG's codes of prime meridians from 8901 on, by PROJ's names. */
export const FIRST_MERIDIAN = 8901;
export const MERIDIANS = [
  ...["greenwich", "lisbon", "paris", "bogota", "madrid", "rome", "bern", "jakarta"],
  ...["ferro", "brussels", "stockholm", "athens", "oslo"],
];

/**
 * Where latitudes and longitudes are counted: a code where the file gives one of a geographic system or a datum, else texts of PROJ with
 * ellipsoid, shift to WGS 84 (position vector, as GDAL writes it) and prime meridian. What the file leaves out is that of WGS 84, as for GDAL.
 */
export function baseOf(keys: GeoKeys): string {
  const code = keys.code(KEY.geographicType);
  if (code !== null) return `EPSG:${code}`;
  const datum = keys.code(KEY.datum) ?? 0;
  if (datum >= FIRST_DATUM && datum <= LAST_DATUM) return `EPSG:${datum - DATUM_LESS}`;
  return [ellipsoidText(ellipsoidOf(keys)), shiftText(keys), meridianText(keys)].join("");
}

/** The radius of the equator, meters, where its flattening is not told too. */
export function semiMajorOf(keys: GeoKeys): number {
  const told = keys.number(KEY.semiMajor);
  return told !== null && told > 0 ? told : ellipsoidOf(keys)[0];
}

/** An inverse flattening of 0 is a sphere. */
function ellipsoidOf(keys: GeoKeys): Ellipsoid {
  const [a, b, rf] = [KEY.semiMajor, KEY.semiMinor, KEY.inverseFlattening].map((key) => keys.number(key));
  if (a && a > 0) {
    if (rf !== null && rf !== undefined && (rf === 0 || rf > 1)) return [a, rf];
    if (b && b > 0 && b <= a) return [a, a === b ? 0 : a / (a - b)];
  }
  return ELLIPSOIDS.get(keys.code(KEY.ellipsoid) ?? 0) ?? WGS84;
}

function ellipsoidText([a, rf]: Ellipsoid): string {
  return rf === 0 ? `+a=${a} +b=${a}` : `+a=${a} +rf=${rf}`;
}

function shiftText(keys: GeoKeys): string {
  const shift = keys.numbers(KEY.toWgs84);
  return shift.length === 3 || shift.length === 7 ? ` +towgs84=${shift.join(",")}` : "";
}

/** Longitude of the prime meridian: degrees from Greenwich. */
function meridianText(keys: GeoKeys): string {
  const degrees = keys.number(KEY.primeMeridianLongitude);
  const name = MERIDIANS[(keys.code(KEY.primeMeridian) ?? 0) - FIRST_MERIDIAN];
  const given = name ?? degrees ?? 0;
  return given === 0 || given === "greenwich" ? "" : ` +pm=${given}`;
}
