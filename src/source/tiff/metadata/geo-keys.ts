/** Values of the tags of GeoTIFF 1.1 (OGC 19-008r4) in which its keys lie; null: not there. */
export interface KeyTags {
  readonly keys: readonly number[] | null;
  readonly doubles: readonly number[] | null;
  readonly text: string | null;
}

/** Numbers of the keys; requirements class and annex of GeoTIFF 1.1. Those of projections are in `projections.ts`. */
export const KEY = {
  ...{ modelType: 1024, rasterType: 1025, citation: 1026 },
  ...{ geographicType: 2048, geographicCitation: 2049, datum: 2050, primeMeridian: 2051 },
  ...{ angularUnits: 2054, angularUnitSize: 2055, ellipsoid: 2056 },
  ...{ semiMajor: 2057, semiMinor: 2058, inverseFlattening: 2059, primeMeridianLongitude: 2061, toWgs84: 2062 },
  ...{ projectedType: 3072, projectedCitation: 3073, projection: 3074, transformation: 3075 },
  ...{ linearUnits: 3076, linearUnitSize: 3077, parallel1: 3078 },
} as const;

export const MODEL = { projected: 1, geographic: 2 } as const;
/** "Spelled out by other keys"; codes lie below it, 0 is none. */
export const USER_DEFINED = 32_767;

const GEO_DOUBLES = 34_736;
const GEO_ASCII = 34_737;
/** Words of a key, and of the header. */
const KEY_WORDS = 4;

interface Entry {
  readonly tag: number;
  readonly count: number;
  /** The value itself where `tag` is 0, else where its values begin in that tag. */
  readonly value: number;
}

/** The keys of a file. What is cut off, or points beyond its tag, is not there. */
export class GeoKeys {
  readonly #entries = new Map<number, Entry>();
  readonly #tags: KeyTags;

  constructor(tags: KeyTags) {
    this.#tags = tags;
    const words = tags.keys ?? [];
    for (let at = KEY_WORDS; at + KEY_WORDS <= words.length; at += KEY_WORDS) {
      const [key = 0, tag = 0, count = 0, value = 0] = words.slice(at, at + KEY_WORDS);
      this.#entries.set(key, { tag, count, value });
    }
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  has(key: number): boolean {
    return this.#entries.has(key);
  }

  /** A code that stands in the key itself; null: not there, undefined by the file (0), or spelled out. */
  code(key: number): number | null {
    const value = this.short(key);
    return value !== null && value > 0 && value < USER_DEFINED ? value : null;
  }

  short(key: number): number | null {
    const entry = this.#entries.get(key);
    return entry?.tag === 0 ? entry.value : null;
  }

  /** Finite ones; none where one of them is not. */
  numbers(key: number): readonly number[] {
    const entry = this.#entries.get(key);
    if (entry?.tag !== GEO_DOUBLES) return [];
    const found = (this.#tags.doubles ?? []).slice(entry.value, entry.value + entry.count);
    return found.length === entry.count && found.every(Number.isFinite) ? found : [];
  }

  number(key: number): number | null {
    return this.numbers(key)[0] ?? null;
  }

  /** Texts of all keys lie in one tag, each ended by a bar. */
  text(key: number): string | null {
    const entry = this.#entries.get(key);
    if (entry?.tag !== GEO_ASCII || this.#tags.text === null) return null;
    return this.#tags.text.slice(entry.value, entry.value + entry.count).replace(/[|\s]+$/, "") || null;
  }
}
