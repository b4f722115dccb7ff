/** A rendered tile as it is stored. */
export interface CachedTile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

export interface CacheTierStats {
  readonly name: "memory" | "embedded" | "redis";
  readonly hits: number;
  readonly misses: number;
  readonly entries: number | null;
  readonly bytes: number | null;
  readonly maxBytes: number | null;
  readonly healthy: boolean;
}

/** One place where encoded tiles are kept. No method ever rejects: a tier that is broken misses. */
export interface CacheTier {
  readonly name: CacheTierStats["name"];
  /** One entry for each key, in order; null: not there, damaged, or the tier is not well. */
  get(keys: readonly string[]): Promise<(Uint8Array | null)[]>;
  set(entries: readonly { readonly key: string; readonly value: Uint8Array }[]): Promise<void>;
  stats(): CacheTierStats;
  close(): Promise<void>;
}

/** Tiers asked in order; what a later tier finds is written to the earlier ones. */
export interface TileCache {
  /** Memory tier only, without a promise: the fast path of a hit. */
  peek(key: string): CachedTile | null;
  get(
    keys: readonly string[],
  ): Promise<({ readonly tile: CachedTile; readonly tier: CacheTierStats["name"] } | null)[]>;
  /** Never awaited by a reader: errors end inside. */
  set(key: string, tile: CachedTile): void;
  stats(): readonly CacheTierStats[];
  /** Waits until pending writes have been handed over. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
