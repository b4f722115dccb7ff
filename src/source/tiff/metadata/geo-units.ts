import type { Ground } from "../../types.ts";
import { semiMajorOf } from "./geo-base.ts";
import { type GeoKeys, KEY, USER_DEFINED } from "./geo-keys.ts";

/** A unit of length; without a name that others understand where `name` is null. */
export interface LinearUnit {
  readonly name: string | null;
  readonly meters: number;
}

const SURVEY_FOOT = 1200 / 3937;
/** EPSG's units of length that GeoTIFF lists (OGC 19-008r4, annex), and the most common others. */
const LINEAR_UNITS: ReadonlyMap<number, LinearUnit> = new Map([
  [9001, { name: "m", meters: 1 }],
  [9002, { name: "ft", meters: 0.3048 }],
  [9003, { name: "ft", meters: SURVEY_FOOT }],
  [9005, { name: null, meters: 0.3047972654 }],
  [9014, { name: null, meters: 1.8288 }],
  [9030, { name: null, meters: 1852 }],
  [9036, { name: "km", meters: 1000 }],
  [9037, { name: null, meters: 0.9143917962 }],
  [9041, { name: null, meters: 0.3047994715386762 }],
  [9042, { name: null, meters: 20.11676512155263 }],
  [9080, { name: null, meters: 0.3047995102 }],
  [9084, { name: null, meters: 0.91439853 }],
  [9093, { name: null, meters: 1609.344 }],
  [9094, { name: null, meters: 0.3047997101815088 }],
  [9095, { name: null, meters: 0.3048007491 }],
  [9096, { name: null, meters: 0.9144 }],
  [9097, { name: null, meters: 20.1168 }],
  [9098, { name: null, meters: 0.201168 }],
]);
const DEGREE = Math.PI / 180;
/** Radians in EPSG's units of angles. */
const ANGULAR_UNITS: ReadonlyMap<number, number> = new Map([
  [9101, 1],
  [9102, DEGREE],
  [9103, DEGREE / 60],
  [9104, DEGREE / 3600],
  [9105, Math.PI / 200],
  [9106, Math.PI / 200],
  [9122, DEGREE],
]);

/** Of projected coordinates: meters where the file does not tell; null: a unit that is not known. */
export function linearUnit(keys: GeoKeys): LinearUnit | null {
  if (!keys.has(KEY.linearUnits)) return { name: "m", meters: 1 };
  const code = keys.short(KEY.linearUnits) ?? 0;
  const size = code === USER_DEFINED ? keys.number(KEY.linearUnitSize) : null;
  if (size !== null && size > 0) return { name: size === 1 ? "m" : null, meters: size };
  return LINEAR_UNITS.get(code) ?? null;
}

/** Radians in a unit of geographic coordinates: degrees where the file does not tell; null: a unit that is not known. */
export function angularUnit(keys: GeoKeys): number | null {
  if (!keys.has(KEY.angularUnits)) return DEGREE;
  const code = keys.short(KEY.angularUnits) ?? 0;
  const size = code === USER_DEFINED ? keys.number(KEY.angularUnitSize) : null;
  return size !== null && size > 0 ? size : (ANGULAR_UNITS.get(code) ?? null);
}

/** EPSG's code of a unit of so many meters; null: none that is known here. */
export function linearCode(meters: number): number | null {
  return [...LINEAR_UNITS].find(([, unit]) => unit.meters === meters)?.[0] ?? null;
}

/** What others call a unit of so many meters; null: nothing short. */
export function lengthName(meters: number): string | null {
  return [...LINEAR_UNITS.values()].find((unit) => unit.meters === meters)?.name ?? null;
}

export function isDegree(radians: number | null): boolean {
  return radians !== null && Math.abs(radians / DEGREE - 1) < 1e-9;
}

/** What a unit of the coordinates measures; null: nobody knows. */
export function groundOf(keys: GeoKeys, isGeographic: boolean): Ground | null {
  if (keys.isEmpty) return null;
  if (isGeographic) {
    const radians = angularUnit(keys);
    return radians === null ? null : { meters: radians * semiMajorOf(keys), radians };
  }
  const unit = linearUnit(keys);
  return unit && { meters: unit.meters, radians: null };
}
