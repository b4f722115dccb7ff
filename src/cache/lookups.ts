import type { CachedTile, CacheTierName, CacheTierStats } from "./types.ts";

/** Counts what a tier is asked for whose size only its server knows. */
export class Lookups {
  readonly #name: CacheTierName;
  #hits = 0;
  #misses = 0;

  constructor(name: CacheTierName) {
    this.#name = name;
  }

  /** What came of one lookup: null where there was nothing. */
  count(tiles: readonly (CachedTile | null)[]): void {
    const hits = tiles.reduce((sum, tile) => sum + (tile ? 1 : 0), 0);
    this.#hits += hits;
    this.#misses += tiles.length - hits;
  }

  /** `detail`: why the tier is not healthy; null: it is. */
  stats(detail: string | null): CacheTierStats {
    return {
      name: this.#name,
      hits: this.#hits,
      misses: this.#misses,
      entries: null,
      bytes: null,
      maxBytes: null,
      healthy: detail === null,
      detail,
    };
  }
}
