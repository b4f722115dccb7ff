import { LRUCache } from "lru-cache";
import type { Lifetime } from "./headers.ts";

/** What a tile URL stood for when it was last asked, in words alone. True as long as its images have the same revisions. */
export interface RememberedTile {
  readonly images: readonly { readonly key: string; readonly revision: string }[];
  /** Cache key. */
  readonly key: string;
  readonly etag: string;
  readonly contentType: string;
  readonly lifetime: Lifetime;
  /** When the URL ends to hold, seconds since 1970; null: never. */
  readonly expiry: number | null;
  /** With whose links this one can be withdrawn; null: with nobody's. */
  readonly grant: string | null;
  /** How many purges were known then: it may stand for another tile after one more. */
  readonly purges: number;
  /** Which rules of access held then. */
  readonly rules: number;
}

/** URLs can be long and are held whole: bounded by characters, with what an entry costs beside its URL. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
const ENTRY_OVERHEAD = 512;

/** Raw URL → tile: a repeated request that memory can answer is neither parsed nor checked nor hashed again. */
export class TileMemo {
  readonly #tiles = new LRUCache<string, RememberedTile>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, url) => url.length + ENTRY_OVERHEAD,
  });

  get(url: string): RememberedTile | undefined {
    return this.#tiles.get(url);
  }

  set(url: string, tile: RememberedTile): void {
    this.#tiles.set(url, tile);
  }
}
