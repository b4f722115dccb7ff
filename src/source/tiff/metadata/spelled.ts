import type { SpelledSystem } from "../../types.ts";
import { baseOf } from "./geo-base.ts";
import { type GeoKeys, KEY } from "./geo-keys.ts";
import { angularUnit, isDegree, linearUnit } from "./geo-units.ts";
import { PROJECTIONS, type ProjectionParameter } from "./projections.ts";

/** EPSG's codes of the projections of UTM are these plus the zone. */
export const UTM = { north: 16_000, south: 16_100, zones: 60 } as const;
/** Codes of projections that are told in more than one way. */
export const MERCATOR = 7;
export const POLAR = 15;
/** No angle, length in a unit or factor of a projection is larger; PROJ's texts have no room for such. */
const LARGEST = 1e12;
const POLE = 90;

/** A reference system by the parameters that keys give; null: one that is not known here. */
export function spelledSystem(keys: GeoKeys, isGeographic: boolean): SpelledSystem | null {
  const projection = isGeographic ? geographicText(keys) : projectionText(keys);
  return projection === null ? null : { projection, base: baseOf(keys) };
}

/** PROJ counts geographic coordinates in degrees. */
function geographicText(keys: GeoKeys): string | null {
  return isDegree(angularUnit(keys)) ? "+proj=longlat" : null;
}

function projectionText(keys: GeoKeys): string | null {
  const unit = linearUnit(keys);
  const words = unit && (zoneText(keys.code(KEY.projection) ?? 0) ?? parametersText(keys, unit.meters));
  if (!words) return null;
  return `${words} ${unit.meters === 1 ? "+units=m" : `+to_meter=${unit.meters}`}`;
}

function zoneText(code: number): string | null {
  const zone = code > UTM.south ? code - UTM.south : code - UTM.north;
  if (zone < 1 || zone > UTM.zones) return null;
  return `+proj=utm +zone=${zone}${code > UTM.south ? " +south" : ""}`;
}

function parametersText(keys: GeoKeys, meters: number): string | null {
  const code = keys.code(KEY.transformation);
  const row = PROJECTIONS.find((one) => one.code === code);
  if (!row) return null;
  const values = row.parameters.map((one) => [one.name, parameterValue(one, keys, meters)] as const);
  if (!values.every(([, value]) => value !== null && Math.abs(value) < LARGEST)) return null;
  const words = new Map(values.map(([name, value]) => [name, value ?? 0]));
  if (code === MERCATOR) mercator(words, keys);
  if (code === POLAR) polar(words);
  return [row.proj, ...[...words].map(([name, value]) => `+${name}=${value}`)].join(" ");
}

function parameterValue(
  { keys: places, kind, missing }: ProjectionParameter,
  keys: GeoKeys,
  meters: number,
): number | null {
  const found = places.map((key) => keys.number(key)).find((value) => value !== null);
  const value = found ?? missing ?? null;
  return value !== null && kind === "length" ? value * meters : value;
}

/** By a parallel that is true to scale, or by a factor at the equator. */
function mercator(words: Map<string, number>, keys: GeoKeys): void {
  const parallel = keys.number(KEY.parallel1);
  if (parallel === null || keys.number(3092) !== null || keys.number(3093) !== null) return;
  words.delete("k");
  words.set("lat_ts", parallel);
}

/** The latitude is that of the pole, with a factor there, or of the parallel that is true to scale. */
function polar(words: Map<string, number>): void {
  const latitude = words.get("lat_ts") ?? 0;
  words.set("lat_0", latitude < 0 ? -POLE : POLE);
  words.delete(Math.abs(latitude) === POLE ? "lat_ts" : "k");
}
