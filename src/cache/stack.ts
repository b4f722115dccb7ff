import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedTier } from "./embedded/tier.ts";
import { envelopeOf } from "./envelope.ts";
import { MemoryTier } from "./memory.ts";
import { RedisTier } from "./redis.ts";
import { DEFAULT_REDIS_PREFIX } from "./redis-keys.ts";
import { S3Tier, type S3TierOptions } from "./s3/tier.ts";
import { Texts } from "./texts.ts";
import type {
  Accepts,
  CachedTile,
  CacheEntry,
  CacheHit,
  CacheTier,
  CacheTierStats,
  Passage,
  SealingKey,
  SharedFlights,
  TextCache,
  TileCache,
} from "./types.ts";

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
  /** Longest wait for an answer of Redis, milliseconds; 50 when left out. */
  readonly redisTimeoutMs?: number;
  /** Folder of the embedded store, made when missing; null: none. */
  readonly folder: string | null;
  /** Size of the embedded store on disk. */
  readonly embeddedBytes: number;
  /** Entries older than this are gone, however often they are read. */
  readonly ttlSeconds?: number;
  /** A bucket that is asked last; left out: none. */
  readonly s3?: S3TilesOptions;
  /** Entries of Redis and S3 are signed with the first, and read where one of them signed. Left out: they carry a checksum. */
  readonly sealing?: readonly SealingKey[] | undefined;
  /** Longest wait for tiers that are not open yet, milliseconds; 3000 when left out. */
  readonly openWaitMs?: number;
  /** One line for each change of a tier's state. */
  readonly log: (line: string) => void;
}

export interface S3TilesOptions extends Omit<S3TierOptions, "envelope" | "log"> {
  /** Tiles that took less to render are not written, milliseconds: they are made again sooner than they are fetched. */
  readonly fromMs: number;
}

/** Keys name their content, so nothing ever goes stale; this only frees what nobody has asked for in a long time. */
export const DEFAULT_TTL_SECONDS = 30 * 86_400;
/** About as long as a tile takes to render where there is much to do. */
const FLIGHT_WAIT_MS = 250;
/** A store that must be checked first may join later: starting up does not wait for it longer than this. */
const OPEN_WAIT_MS = 3_000;

/** Memory, then Redis where there is one, else the embedded store, then S3. Resolves when the tiers are open, or soon without them. */
export async function createTileCache(options: TileCacheOptions): Promise<TileCache> {
  const ttlSeconds = options.ttlSeconds ?? DEFAULT_TTL_SECONDS;
  const { redisUrl, folder, log, s3 } = options;
  const envelope = envelopeOf(options.sealing);
  const shared: LateTier[] = [];
  let redis: RedisTier | null = null;
  if (redisUrl !== null) {
    redis = new RedisTier({
      place: { url: redisUrl, cluster: options.redisCluster ?? false },
      prefix: options.redisPrefix ?? DEFAULT_REDIS_PREFIX,
      ttlSeconds,
      flightWaitMs: options.flightWaitMs ?? FLIGHT_WAIT_MS,
      envelope,
      ...(options.redisTimeoutMs === undefined ? {} : { timeoutMs: options.redisTimeoutMs }),
      log,
    });
    shared.push(redis);
  } else if (folder !== null) {
    shared.push(new EmbeddedTier({ folder, maxBytes: options.embeddedBytes, ttlSeconds, log }));
  }
  const last = s3 ? { tier: new S3Tier({ ...s3, envelope, log }), fromMs: s3.fromMs } : null;
  const opened = [...shared, ...(last ? [last.tier] : [])].map((tier) => tier.opened);
  await Promise.race([Promise.all(opened), sleep(options.openWaitMs ?? OPEN_WAIT_MS, null, { ref: false })]);
  return new TierStack(options.memoryBytes, shared[0] ?? null, last, new Texts(redis?.texts ?? null));
}

/** A tier that may join when others serve already. */
interface LateTier extends CacheTier {
  readonly opened: Promise<unknown>;
}

/** A tier that costs too much for tiles that are rendered quickly. */
interface DearTier {
  readonly tier: CacheTier;
  readonly fromMs: number;
}

/** The memory tier in front of those that outlive the process. */
class TierStack implements TileCache {
  readonly #memory: MemoryTier;
  readonly #store: CacheTier | null;
  readonly #last: DearTier | null;
  readonly texts: TextCache;

  constructor(memoryBytes: number, store: CacheTier | null, last: DearTier | null, texts: TextCache) {
    this.#memory = new MemoryTier(memoryBytes);
    this.#store = store;
    this.#last = last;
    this.texts = texts;
  }

  peek(key: string): CachedTile | null {
    return this.#memory.get(key);
  }

  async get(keys: readonly string[], accepts: Accepts, passage?: Passage): Promise<readonly (CacheHit | null)[]> {
    const hits: (CacheHit | null)[] = keys.map((key) => {
      const tile = this.#memory.get(key);
      if (!tile) this.#memory.miss();
      return tile && { tile, tier: "memory" };
    });
    for (const store of this.#stores) await this.#fill(keys, hits, store, accepts, passage);
    return hits;
  }

  /** Asks a tier for what those before it have not, and gives them what it finds. */
  async #fill(
    keys: readonly string[],
    hits: (CacheHit | null)[],
    store: CacheTier,
    accepts: Accepts,
    passage?: Passage,
  ): Promise<void> {
    const missing = hits.flatMap((hit, index) => (hit ? [] : [index]));
    if (missing.length === 0) return;
    const found = await store.get(
      missing.map((index) => keys[index] ?? ""),
      accepts,
    );
    const entries: CacheEntry[] = [];
    for (const [at, index] of missing.entries()) {
      const tile = found[at];
      if (!tile) continue;
      const key = keys[index] ?? "";
      hits[index] = { tile, tier: store.name };
      if (!passage?.ahead) this.#memory.set(key, tile);
      entries.push({ key, tile });
    }
    if (store !== this.#store && entries.length > 0) this.#store?.set(entries);
  }

  get flights(): SharedFlights | null {
    return this.#store?.flights ?? null;
  }

  set(key: string, tile: CachedTile, renderMs = Number.POSITIVE_INFINITY, passage?: Passage): void {
    if (!passage?.ahead || !this.#store) this.#memory.set(key, tile);
    if (this.flights?.finish(key, tile) !== true) this.#store?.set([{ key, tile }]);
    if (this.#last && renderMs >= this.#last.fromMs) this.#last.tier.set([{ key, tile }]);
  }

  remember(key: string, tile: CachedTile): void {
    this.#memory.set(key, tile);
  }

  stats(): readonly CacheTierStats[] {
    return [this.#memory, ...this.#stores].map((tier) => tier.stats());
  }

  async flush(): Promise<void> {
    await Promise.all(this.#stores.map((tier) => tier.flush()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((tier) => tier.close()));
    this.#memory.clear();
  }

  /** In the order in which they are asked. */
  get #stores(): readonly CacheTier[] {
    return [this.#store, this.#last?.tier ?? null].filter((tier) => tier !== null);
  }
}
