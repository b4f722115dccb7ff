import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedTier } from "./embedded/tier.ts";
import { MemoryTier } from "./memory.ts";
import { RedisTier } from "./redis.ts";
import { DEFAULT_REDIS_PREFIX } from "./redis-keys.ts";
import type { RedisTexts } from "./redis-texts.ts";
import { Texts } from "./texts.ts";
import type { CachedTile, CacheHit, CacheTier, CacheTierStats, SharedFlights, TextCache, TileCache } from "./types.ts";

export interface TileCacheOptions {
  /** Size of the memory tier; 0: none. */
  readonly memoryBytes: number;
  /** Shared by all processes of a deployment. Used in place of the embedded store; null: none. */
  readonly redisUrl: string | null;
  /** `redisUrl` names nodes of a cluster; false when left out. */
  readonly redisCluster?: boolean;
  /** Begins every key and channel in Redis; `bandloom:` when left out. */
  readonly redisPrefix?: string;
  /** Longest wait for a tile that another process renders, milliseconds; 250 when left out. */
  readonly flightWaitMs?: number;
  /** Folder of the embedded store, made when missing; null: none. */
  readonly folder: string | null;
  /** Size of the embedded store on disk. */
  readonly embeddedBytes: number;
  /** Entries older than this are gone, however often they are read. */
  readonly ttlSeconds?: number;
  /** One line for each change of a tier's state. */
  readonly log: (line: string) => void;
}

/** Keys name their content, so nothing ever goes stale; this only frees what nobody has asked for in a long time. */
export const DEFAULT_TTL_SECONDS = 30 * 86_400;
/** About as long as a tile takes to render where there is much to do. */
const FLIGHT_WAIT_MS = 250;
/** A store that must be checked first may join later: starting up does not wait for it longer than this. */
const OPEN_WAIT_MS = 3_000;

/** Memory, then Redis where there is one, else the embedded store. Resolves when the tiers are open, or soon without them. */
export async function createTileCache(options: TileCacheOptions): Promise<TileCache> {
  const ttlSeconds = options.ttlSeconds ?? DEFAULT_TTL_SECONDS;
  const { redisUrl, folder, log } = options;
  if (redisUrl !== null) {
    const redis = new RedisTier({
      place: { url: redisUrl, cluster: options.redisCluster ?? false },
      prefix: options.redisPrefix ?? DEFAULT_REDIS_PREFIX,
      ttlSeconds,
      flightWaitMs: options.flightWaitMs ?? FLIGHT_WAIT_MS,
      log,
    });
    await Promise.race([redis.opened, sleep(OPEN_WAIT_MS, null, { ref: false })]);
    return new TierStack(options.memoryBytes, redis, redis.texts);
  }
  if (folder !== null) {
    const embedded = new EmbeddedTier({ folder, maxBytes: options.embeddedBytes, ttlSeconds, log });
    await Promise.race([embedded.opened, sleep(OPEN_WAIT_MS, null, { ref: false })]);
    return new TierStack(options.memoryBytes, embedded);
  }
  return new TierStack(options.memoryBytes, null);
}

/** The memory tier in front of one that outlives the process. */
class TierStack implements TileCache {
  readonly #memory: MemoryTier;
  readonly #store: CacheTier | null;
  readonly texts: TextCache;

  constructor(memoryBytes: number, store: CacheTier | null, sharedTexts: RedisTexts | null = null) {
    this.#memory = new MemoryTier(memoryBytes);
    this.#store = store;
    this.texts = new Texts(sharedTexts);
  }

  peek(key: string): CachedTile | null {
    return this.#memory.get(key);
  }

  async get(keys: readonly string[]): Promise<readonly (CacheHit | null)[]> {
    const hits: (CacheHit | null)[] = keys.map((key) => {
      const tile = this.#memory.get(key);
      if (!tile) this.#memory.miss();
      return tile && { tile, tier: "memory" };
    });
    const store = this.#store;
    const missing = hits.flatMap((hit, index) => (hit ? [] : [index]));
    if (!store || missing.length === 0) return hits;

    const found = await store.get(missing.map((index) => keys[index] ?? ""));
    for (const [at, index] of missing.entries()) {
      const tile = found[at];
      if (!tile) continue;
      hits[index] = { tile, tier: store.name };
      this.#memory.set(keys[index] ?? "", tile);
    }
    return hits;
  }

  get flights(): SharedFlights | null {
    return this.#store?.flights ?? null;
  }

  set(key: string, tile: CachedTile): void {
    this.#memory.set(key, tile);
    if (this.flights?.finish(key, tile) !== true) this.#store?.set([{ key, tile }]);
  }

  remember(key: string, tile: CachedTile): void {
    this.#memory.set(key, tile);
  }

  stats(): readonly CacheTierStats[] {
    const memory = this.#memory.stats();
    return this.#store ? [memory, this.#store.stats()] : [memory];
  }

  async flush(): Promise<void> {
    await this.#store?.flush();
  }

  async close(): Promise<void> {
    await this.#store?.close();
    this.#memory.clear();
  }
}
