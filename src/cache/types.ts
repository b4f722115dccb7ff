/** A rendered tile as it is stored. What kind of picture it is says whoever asks for it, never the store. */
export interface CachedTile {
  readonly bytes: Uint8Array;
}

/** Whether bytes can be the tile of a key, by how they begin: others may have written what lies in a store. */
export type Accepts = (key: string, bytes: Uint8Array) => boolean;

/** What entries are signed with in stores that others may be able to write. */
export interface SealingKey {
  readonly secret: Uint8Array;
}

export interface CacheEntry {
  /** 64 hex digits (see key.ts). */
  readonly key: string;
  readonly tile: CachedTile;
}

export type CacheTierName = "memory" | "embedded" | "redis" | "s3";

export interface CacheTierStats {
  readonly name: CacheTierName;
  readonly hits: number;
  readonly misses: number;
  /** Null: not known without asking a server. */
  readonly entries: number | null;
  readonly bytes: number | null;
  readonly maxBytes: number | null;
  readonly healthy: boolean;
  /** Why it is not healthy, for people; null when it is. */
  readonly detail: string | null;
}

/** One place where encoded tiles are kept. No method ever throws or rejects: a tier that is broken misses. */
export interface CacheTier {
  readonly name: CacheTierName;
  /** One entry for each key, in order; null: not there, expired, damaged, not accepted, or the tier is not well. */
  get(keys: readonly string[], accepts: Accepts): Promise<readonly (CachedTile | null)[]>;
  /** Takes the entries over and writes them soon; what cannot be written in time is dropped. */
  set(entries: readonly CacheEntry[]): void;
  /** Present where other processes share the tier. */
  readonly flights?: SharedFlights;
  stats(): CacheTierStats;
  /** Waits until the writes that are pending now have been handed over, and not for what comes meanwhile. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What came of asking who is to make some keys. Those in neither are made by another process. */
export interface Claims {
  /** To be made here: claimed, or nobody could be asked. */
  readonly mine: ReadonlySet<string>;
  /** Made by another process since they were missed. */
  readonly made: ReadonlyMap<string, CachedTile>;
}

/** Which process makes what several want at once. No method ever throws or rejects. */
export interface SharedFlights {
  claim(keys: readonly string[], accepts: Accepts): Promise<Claims>;
  /** Whether a key was claimed and is not finished. */
  holds(key: string): boolean;
  /** A claimed key is made and kept, or (null) could not be made: those who wait are told. False: the tile is not kept by this. */
  finish(key: string, tile: CachedTile | null): boolean;
  /** What another process makes; null when it could not, or took longer than is waited for. */
  wait(key: string, accepts: Accepts): Promise<CachedTile | null>;
}

export interface CacheHit {
  readonly tile: CachedTile;
  readonly tier: CacheTierName;
}

/** Texts by their SHA-256, 64 hex digits: short ones, each of which may be gone at any moment. No method ever throws or rejects. */
export interface TextCache {
  get(sha256: string): Promise<string | null>;
  /** What is too long, or is not the text of this hash, is not kept. */
  set(sha256: string, text: string): void;
}

/** How tiles pass through the cache. */
export interface Passage {
  /** Nobody waits for them: they are not to drive out of memory what people look at. Where there is no other tier they are kept there. */
  readonly ahead: boolean;
}

/** Tiers asked in order; what a later tier finds is written to the earlier ones. */
export interface TileCache {
  /** Memory tier only, without a promise: the fast path of a hit. A miss is not counted: `get` follows and counts it. */
  peek(key: string): CachedTile | null;
  /** One entry for each key, in order; what is not accepted is not there. What memory holds is this process's own. Never rejects. */
  get(keys: readonly string[], accepts: Accepts, passage?: Passage): Promise<readonly (CacheHit | null)[]>;
  /** Present where other processes share the cache: who is to make a tile. */
  readonly flights: SharedFlights | null;
  /**
   * Never awaited by a reader: errors end inside. A key that was claimed is finished by it. `renderMs`: what it took to make the tile;
   * left out: too much to be lost.
   */
  set(key: string, tile: CachedTile, renderMs?: number, passage?: Passage): void;
  /** In memory alone: another process keeps it for all. */
  remember(key: string, tile: CachedTile): void;
  /** Queries that clients name by their hash. */
  readonly texts: TextCache;
  stats(): readonly CacheTierStats[];
  /** Waits until the writes that are pending now have been handed over, and not for what comes meanwhile. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
