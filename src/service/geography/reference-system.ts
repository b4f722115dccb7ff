import { LRUCache } from "lru-cache";
import type { Georeference, SpelledSystem } from "../../source/types.ts";
import { DATUM_SHIFTS, type DatumShift } from "./datum-shifts.ts";
import { type RegistryEntry, registryEntry } from "./registry.ts";

/** Longitude and latitude, degrees on WGS 84. */
export type Geographic = readonly [longitude: number, latitude: number];

/** Between the coordinates of a reference system (east before north, as rasters count them) and WGS 84. */
export interface ReferenceSystem {
  /** Null where the system has no such place. */
  toGeographic(x: number, y: number): Geographic | null;
  fromGeographic(longitude: number, latitude: number): readonly [x: number, y: number] | null;
}

interface Definition {
  /** PROJ's text. */
  readonly text: string;
  /** Shifts of its datum that are meant for parts of the world, in place of the text's own. */
  readonly shifts: readonly DatumShift[];
}

/** Systems that are kept: a few kilobytes each. Files spell them out, and there may be any number. */
const MAX_KNOWN = 1000;
const known = new LRUCache<string, Promise<ReferenceSystem | null>>({ max: MAX_KNOWN });

/** Radius of the equator, meters. Up to this share away from it a body is Earth, as for PROJ. */
const [EARTH, OTHER_BODY] = [6_378_137, 0.005];

/** Null for a code that the registry does not have, for a projection that the library does not know, and for another body. */
export function referenceSystem({
  crs,
  spelled,
}: Pick<Georeference, "crs" | "spelled">): Promise<ReferenceSystem | null> {
  const name = JSON.stringify([crs, spelled]);
  const found = known.get(name);
  if (found) return found;
  const made = load(crs, spelled);
  known.set(name, made);
  return made;
}

async function load(crs: string | null, spelled: SpelledSystem | undefined): Promise<ReferenceSystem | null> {
  const definition = crs !== null ? await codeDefinition(crs) : spelled ? await spelledDefinition(spelled) : null;
  if (definition === null || isOtherBody(definition.text) || !isRightThere(definition.text)) return null;
  const { default: proj4 } = await import("proj4");
  const converter = (text: string) => {
    // Axes as the text names them: where they count to the west and south, files do too.
    const { forward, inverse } = proj4("WGS84", text);
    return {
      toGeographic: (x: number, y: number) => finite(() => inverse([x, y], true)),
      fromGeographic: (longitude: number, latitude: number) => finite(() => forward([longitude, latitude], true)),
    };
  };
  try {
    return shifted(definition, converter);
  } catch {
    return null;
  }
}

async function codeDefinition(crs: string): Promise<Definition | null> {
  const entry = await registryEntry(crs);
  return entry && withShifts(entry.text, entry.base);
}

/** A spelled projection has its base by a code of the registry, or spelled out too. */
async function spelledDefinition({ projection, base }: SpelledSystem): Promise<Definition | null> {
  if (!base.startsWith("EPSG:")) return { text: `${projection} ${base}`, shifts: [] };
  const entry = await registryEntry(base);
  if (!entry) return null;
  const words = entry.text.split(/\s+(?=\+)/).filter((word) => !/^\+(proj|no_defs|type|units)\b/.test(word));
  return withShifts([projection, ...words].join(" "), entry.base);
}

/** Grids of datum shifts are files that nobody has here; what parameters are known stands in the table. */
function withShifts(text: string, base: RegistryEntry["base"]): Definition {
  const shifts = DATUM_SHIFTS.filter(([code, name]) => code === base.code || name === base.name);
  return { text: text.replace(/\+nadgrids=(?!@null)([^\s"]+|"[^"]*")/, ""), shifts };
}

function isOtherBody(text: string): boolean {
  const radius = Number(/\+(?:a|R)=([\d.]+)/.exec(text)?.[1] ?? EARTH);
  return Math.abs(radius / EARTH - 1) > OTHER_BODY;
}

/** The library knows these for spheres alone, which is hundreds of meters off on an ellipsoid. */
function isRightThere(text: string): boolean {
  if (!/\+proj=(gnom|ortho)\b/.test(text)) return true;
  const [, a, b] = /\+a=(\S+) \+b=(\S+)/.exec(text) ?? [];
  return /\+R=/.test(text) || (a !== undefined && a === b);
}

/** By the most accurate shift that is meant for a place, as PROJ chooses; where none is, by the text's own. */
function shifted({ text, shifts }: Definition, converter: (text: string) => ReferenceSystem): ReferenceSystem {
  const plain = converter(text);
  if (shifts.length === 0) return plain;
  const bare = text.replace(/\+towgs84=\S+/, "");
  const made = new Map<DatumShift | null, ReferenceSystem>([[null, plain]]);
  const at = ([longitude, latitude]: Geographic): ReferenceSystem => {
    const shift = bestShift(shifts, longitude, latitude);
    const system = made.get(shift) ?? (shift && converter(`${bare} +towgs84=${shift[4]}`)) ?? plain;
    made.set(shift, system);
    return system;
  };
  return {
    toGeographic: (x, y) => {
      const near = plain.toGeographic(x, y);
      return near && at(near).toGeographic(x, y);
    },
    fromGeographic: (longitude, latitude) => at([longitude, latitude]).fromGeographic(longitude, latitude),
  };
}

function bestShift(shifts: readonly DatumShift[], longitude: number, latitude: number): DatumShift | null {
  let best: DatumShift | null = null;
  for (const shift of shifts) {
    const [, , accuracy, [west, south, east, north]] = shift;
    const isBetween = west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
    if (!isBetween || latitude < south || latitude > north) continue;
    if (best === null || accuracy < best[2] || (accuracy === best[2] && areaOf(shift) < areaOf(best))) best = shift;
  }
  return best;
}

function areaOf([, , , [west, south, east, north]]: DatumShift): number {
  return ((east - west + 360) % 360 || 360) * (north - south);
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
