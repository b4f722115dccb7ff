import { afterEach, beforeEach } from "vitest";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { RedisKeys } from "../../src/cache/redis-keys.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { keyOf } from "./support.ts";

/** As a cache should be told, so that nobody is warned. */
export const EVICTING = ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"];
export const names = new RedisKeys("bandloom:");
export const nameOf = (name: string | number) => names.tile(keyOf(name));

export interface OwnRedis {
  /** A test may put another one in its place. */
  redis: RedisServer;
  /** A cache with Redis and no memory tier, so that every answer comes from Redis; already connected. */
  cacheOn(url: string, log?: (line: string) => void): Promise<TileCache>;
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
    async cacheOn(url, log = () => {}) {
      const cache = await createTileCache({ memoryBytes: 0, redisUrl: url, folder: null, embeddedBytes: 0, log });
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

export async function lookUp(cache: TileCache, name: string | number) {
  const [hit] = await cache.get([keyOf(name)]);
  return hit ?? null;
}
