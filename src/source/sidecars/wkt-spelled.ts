import { isDegree } from "../tiff/metadata/geo-units.ts";
import type { SpelledSystem } from "../types.ts";
import { systemOfDatum } from "./wkt-datums.ts";
import { child, children, nameOf, numberOf, type WktNode } from "./wkt-parse.ts";

/** A projection: PROJ's name, and its words in place of WKT's parameters. */
interface Method {
  readonly proj: string;
  readonly words: readonly (keyof typeof PARAMETERS)[];
}

/** WKT 1's names of what PROJ's words mean, in lower case; the first that is there. */
const PARAMETERS = {
  lat_0: ["latitude_of_origin", "latitude_of_center", "central_parallel"],
  lon_0: ["central_meridian", "longitude_of_center", "longitude_of_origin"],
  lat_1: ["standard_parallel_1", "latitude_of_origin"],
  lat_2: ["standard_parallel_2"],
  lat_ts: ["standard_parallel_1", "latitude_of_origin"],
  k: ["scale_factor"],
  x_0: ["false_easting"],
  y_0: ["false_northing"],
} as const;
const LENGTHS: readonly string[] = ["x_0", "y_0"];
/** Without them a projection is not known; a factor that is left out is 1, all else is 0. */
const REQUIRED: readonly string[] = ["lat_1", "lat_2"];

const plain = (proj: string, ...words: Method["words"]): Method => ({ proj, words: [...words, "x_0", "y_0"] });
const TMERC = plain("+proj=tmerc", "lat_0", "lon_0", "k");
const LCC = plain("+proj=lcc", "lat_1", "lat_0", "lon_0", "k");
const AEA = plain("+proj=aea", "lat_1", "lat_2", "lat_0", "lon_0");
const POLAR = plain("+proj=stere", "lat_ts", "lon_0", "k");
const STEREA = plain("+proj=sterea", "lat_0", "lon_0", "k");
const EQC = plain("+proj=eqc", "lat_ts", "lon_0");

/** By WKT 1's names in lower case, GDAL's and Esri's. */
const METHODS: ReadonlyMap<string, Method> = new Map([
  ["transverse_mercator", TMERC],
  ["gauss_kruger", TMERC],
  ["mercator", plain("+proj=merc", "lat_ts", "lon_0")],
  ["mercator_1sp", plain("+proj=merc", "lon_0", "k")],
  ["mercator_2sp", plain("+proj=merc", "lat_ts", "lon_0")],
  ["lambert_conformal_conic_1sp", LCC],
  ["lambert_conformal_conic_2sp", plain("+proj=lcc", "lat_1", "lat_2", "lat_0", "lon_0")],
  ["albers_conic_equal_area", AEA],
  ["albers", AEA],
  ["lambert_azimuthal_equal_area", plain("+proj=laea", "lat_0", "lon_0")],
  ["polar_stereographic", POLAR],
  ["stereographic_north_pole", POLAR],
  ["stereographic_south_pole", POLAR],
  ["oblique_stereographic", STEREA],
  ["double_stereographic", STEREA],
  ["azimuthal_equidistant", plain("+proj=aeqd", "lat_0", "lon_0")],
  ["equirectangular", EQC],
  ["equidistant_cylindrical", EQC],
  ["plate_carree", EQC],
  ["cylindrical_equal_area", plain("+proj=cea", "lat_ts", "lon_0")],
  ["sinusoidal", plain("+proj=sinu", "lon_0")],
  ["cassini_soldner", plain("+proj=cass", "lat_0", "lon_0")],
  ["cassini", plain("+proj=cass", "lat_0", "lon_0")],
  ["polyconic", plain("+proj=poly", "lat_0", "lon_0")],
  ["robinson", plain("+proj=robin", "lon_0")],
  ["mollweide", plain("+proj=moll", "lon_0")],
]);

const POLE = 90;
/** No angle, length or factor is larger: PROJ's texts have no room for such. */
const LARGEST = 1e12;

/** A system as PROJ's texts; null: its projection, or a unit of it, is not known here. Only WKT 1 is spelled out. */
export function spelledOfWkt(node: WktNode, isGeographic: boolean): SpelledSystem | null {
  const geographic = isGeographic ? node : child(node, "GEOGCS");
  if (!geographic || !isDegree(numberOf(child(geographic, "UNIT")))) return null;
  const base = baseOf(geographic);
  const projection = isGeographic ? "+proj=longlat" : projectionOf(node);
  return base && projection ? { projection, base } : null;
}

function projectionOf(node: WktNode): string | null {
  const meters = numberOf(child(node, "UNIT"));
  const name = nameOf(child(node, "PROJECTION")).toLowerCase();
  const given = new Map(children(node, "PARAMETER").map((one) => [nameOf(one).toLowerCase(), numberOf(one)]));
  const method = methodOf(name, given);
  if (!method || meters === null || !(meters > 0)) return null;
  const words = new Map<string, number>();
  for (const word of method.words) {
    const found = PARAMETERS[word].map((one) => given.get(one)).find((value) => value !== undefined);
    if (found === null || (found === undefined && REQUIRED.includes(word))) return null;
    const value = found ?? (word === "k" ? 1 : 0);
    if (Math.abs(value) >= LARGEST) return null;
    words.set(word, LENGTHS.includes(word) ? value * meters : value);
  }
  if (method === POLAR) polar(words, name);
  const units = meters === 1 ? "+units=m" : `+to_meter=${meters}`;
  return [method.proj, ...[...words].map(([word, value]) => `+${word}=${value}`), units].join(" ");
}

/** Esri calls both of Lambert's conics by one name. */
function methodOf(name: string, given: ReadonlyMap<string, unknown>): Method | undefined {
  if (name !== "lambert_conformal_conic") return METHODS.get(name);
  return METHODS.get(`${name}_${given.has("standard_parallel_2") ? "2sp" : "1sp"}`);
}

/** The latitude is that of the pole, with a factor there, or of the parallel that is true to scale. */
function polar(words: Map<string, number>, name: string): void {
  const latitude = words.get("lat_ts") ?? 0;
  words.set("lat_0", latitude < 0 || name.endsWith("south_pole") ? -POLE : POLE);
  words.delete(Math.abs(latitude) === POLE ? "lat_ts" : "k");
}

/** Where latitudes and longitudes are counted: by a code, else by ellipsoid, shift to WGS 84 and prime meridian. */
function baseOf(geographic: WktNode): string | null {
  const datum = child(geographic, "DATUM");
  const own = epsg(geographic);
  if (own !== null) return `EPSG:${own}`;
  const meridian = numberOf(child(geographic, "PRIMEM")) ?? 0;
  const known = datum && (ofFirstDatums(datum) ?? systemOfDatum(nameOf(datum)));
  // That system counts from Greenwich.
  if (known) return meridian === 0 ? known : null;
  const ellipsoid = datum && child(datum, "SPHEROID");
  const [semiMajor, flattening] = [numberOf(ellipsoid), ellipsoid?.values[2]];
  if (semiMajor === null || !(semiMajor > 0) || typeof flattening !== "number") return null;
  const shape = flattening === 0 ? `+a=${semiMajor} +b=${semiMajor}` : `+a=${semiMajor} +rf=${flattening}`;
  const shift = datum && child(datum, "TOWGS84")?.values.filter((one) => typeof one === "number");
  const isShift = shift && (shift.length === 3 || shift.length === 7);
  return `${shape}${isShift ? ` +towgs84=${shift.join(",")}` : ""}${meridian === 0 ? "" : ` +pm=${meridian}`}`;
}

/** EPSG numbered the systems of its first datums as these, less 2000. */
function ofFirstDatums(datum: WktNode): string | null {
  const code = epsg(datum);
  return code !== null && code > 6000 && code < 7000 ? `EPSG:${code - 2000}` : null;
}

function epsg(node: WktNode): number | null {
  const authority = child(node, "AUTHORITY");
  const code = Number(authority?.values[1]);
  return nameOf(authority) === "EPSG" && Number.isInteger(code) && code > 0 ? code : null;
}
