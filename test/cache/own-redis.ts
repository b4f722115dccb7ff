import { afterEach, beforeEach } from "vitest";
import { createTileCache, type TileCache, type TileCacheOptions } from "../../src/cache/index.ts";
import { RedisKeys } from "../../src/cache/redis-keys.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { ANYTHING, keyOf, PATIENCE_MS } from "./support.ts";

/** As a cache should be told, so that nobody is warned. */
export const EVICTING = ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"];
export const names = new RedisKeys("bandloom:");
export const nameOf = (name: string | number) => names.tile(keyOf(name));

/** Waits of a cache that is not to miss by chance: for a connection, for an answer, for what another makes. */
export const PATIENT = { openWaitMs: PATIENCE_MS, redisTimeoutMs: PATIENCE_MS, flightWaitMs: PATIENCE_MS } as const;

/** Those of a server as it is installed. */
export const HASTY = { redisTimeoutMs: 50, flightWaitMs: 250 } as const;

export type RedisWaits = Pick<TileCacheOptions, "openWaitMs" | "redisTimeoutMs" | "flightWaitMs">;

export interface OwnRedis {
  /** A test may put another one in its place. */
  redis: RedisServer;
  /**
   * A cache with Redis and no memory tier, so that every answer comes from Redis; connected already, where there is one. It waits for Redis
   * as long as that takes, save as `waits` says.
   */
  cacheOn(url: string, log?: (line: string) => void, waits?: RedisWaits): Promise<TileCache>;
  /** To be done when the test has ended, before its Redis ends. */
  later(close: () => Promise<void>): void;
}

/** For each test of a file: a Redis of its own, and what is opened on it, until the test has ended. */
export function redisForEach(): OwnRedis {
  let redis: RedisServer;
  const open: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    redis = await startRedis({ args: EVICTING });
  });
  afterEach(async () => {
    redis.thaw();
    for (const close of open.splice(0)) await close();
    await redis.stop();
  });
  return {
    get redis() {
      return redis;
    },
    set redis(other) {
      redis = other;
    },
    async cacheOn(url, log = () => {}, waits = {}) {
      const rest = { memoryBytes: 0, redisUrl: url, folder: null, embeddedBytes: 0, log };
      const cache = await createTileCache({ ...rest, ...PATIENT, ...waits });
      open.push(() => cache.close());
      return cache;
    },
    later: (close) => open.push(close),
  };
}

export function statsOf(cache: TileCache) {
  const stats = cache.stats().find(({ name }) => name === "redis");
  if (!stats) throw new Error("no Redis tier");
  return stats;
}

/** How often a command was answered, by what `INFO commandstats` tells. */
export function callsOf(command: string, commandStats: string): number {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(commandStats)?.[1] ?? 0);
}

export async function lookUp(cache: TileCache, name: string | number) {
  const [hit] = await cache.get([keyOf(name)], ANYTHING);
  return hit ?? null;
}
