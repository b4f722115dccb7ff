import type { SpelledSystem } from "../types.ts";
import { FIRST_MERIDIAN, MERIDIANS } from "./metadata/geo-base.ts";
import { KEY, USER_DEFINED } from "./metadata/geo-keys.ts";
import { PROJECTIONS, type ProjectionRow } from "./metadata/projections.ts";
import { MERCATOR, POLAR, UTM } from "./metadata/spelled.ts";
import type { GeoKeyValues } from "./write-geo-keys.ts";

type Words = ReadonlyMap<string, string>;

/** Keys that spell a reference system out: what `spelledSystem` reads as the same. Null for a projection that GeoTIFF has no keys for. */
export function spelledKeys({ projection, base }: SpelledSystem): GeoKeyValues | null {
  const words = wordsOf(projection);
  const own = words.get("proj") === "longlat" ? new Map() : projectedKeys(words, projection);
  return own && new Map([...own, ...baseKeys(base)]);
}

function wordsOf(text: string): Words {
  return new Map(
    text.split(/\s+/).map((word): [string, string] => {
      const [name = "", value = ""] = word.replace("+", "").split("=");
      return [name, value];
    }),
  );
}

function projectedKeys(words: Words, text: string): GeoKeyValues | null {
  const head: GeoKeyValues = new Map([[KEY.projectedType, USER_DEFINED]]);
  if (words.get("proj") === "utm") {
    const zone = Number(words.get("zone")) + (words.has("south") ? UTM.south : UTM.north);
    return head.set(KEY.projection, zone);
  }
  const row = PROJECTIONS.find((one) => isOf(one, words, text));
  if (!row) return null;
  head.set(KEY.projection, USER_DEFINED).set(KEY.transformation, row.code);
  const meters = Number(words.get("to_meter") ?? 1);
  for (const { name, keys, kind } of row.parameters) {
    const value = words.get(row.code === POLAR && name === "lat_ts" && !words.has(name) ? "lat_0" : name);
    const [key] = keys;
    if (value === undefined || key === undefined) continue;
    head.set(key, [kind === "length" ? Number(value) / meters : Number(value)]);
  }
  const trueScale = row.code === MERCATOR ? words.get("lat_ts") : undefined;
  return trueScale === undefined ? head : head.set(KEY.parallel1, [Number(trueScale)]);
}

/** Which of the projections that PROJ calls the same: by their words, and by what their parameters are. */
function isOf({ code, proj, parameters }: ProjectionRow, words: Words, text: string): boolean {
  if (!`${text} `.startsWith(`${proj} `)) return false;
  if (words.get("proj") === "stere") return (code === POLAR) === (Math.abs(Number(words.get("lat_0"))) === 90);
  if (words.get("proj") === "lcc") return parameters.some(({ name }) => name === "lat_2") === words.has("lat_2");
  return true;
}

function baseKeys(base: string): GeoKeyValues {
  const code = /^EPSG:(\d+)$/.exec(base)?.[1];
  if (code !== undefined) return new Map([[KEY.geographicType, Number(code)]]);
  const words = wordsOf(base);
  const semiMajor = Number(words.get("a"));
  const keys: GeoKeyValues = new Map();
  for (const key of [KEY.geographicType, KEY.datum, KEY.ellipsoid]) keys.set(key, USER_DEFINED);
  keys.set(KEY.semiMajor, [semiMajor]).set(KEY.inverseFlattening, [Number(words.get("rf") ?? 0)]);
  const shift = words.get("towgs84");
  if (shift !== undefined) keys.set(KEY.toWgs84, shift.split(",").map(Number));
  const meridian = words.get("pm");
  if (meridian === undefined) return keys;
  const named = MERIDIANS.indexOf(meridian);
  return named < 0
    ? keys.set(KEY.primeMeridianLongitude, [Number(meridian)])
    : keys.set(KEY.primeMeridian, FIRST_MERIDIAN + named);
}
