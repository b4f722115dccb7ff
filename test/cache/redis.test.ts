import { describe, expect, it } from "vitest";
import { startRedis } from "../fixtures/redis.ts";
import { lookUp, nameOf, redisForEach, statsOf } from "./own-redis.ts";
import { ANYTHING, keyOf, logBook, tileOf, until } from "./support.ts";

const own = redisForEach();

describe("the Redis tier", () => {
  it("gives back a tile that another process stored", async () => {
    const writer = await own.cacheOn(own.redis.url);
    writer.set(keyOf("a"), tileOf("a"));
    await writer.flush();
    const hit = await lookUp(await own.cacheOn(own.redis.url), "a");
    expect(hit?.tier).toBe("redis");
    expect(new Uint8Array(hit?.tile.bytes ?? [])).toEqual(tileOf("a").bytes);
  });

  it("answers 300 keys in order, found and missing ones, with few commands", async () => {
    const cache = await own.cacheOn(own.redis.url);
    for (let n = 0; n < 300; n += 2) cache.set(keyOf(n), tileOf(n));
    await cache.flush();
    await own.redis.admin.config("RESETSTAT");
    const hits = await cache.get(
      Array.from({ length: 300 }, (_, n) => keyOf(n)),
      ANYTHING,
    );
    expect(hits.map((hit) => hit && Buffer.from(hit.tile.bytes).toString("latin1").split(";")[0])).toEqual(
      Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? String(n) : null)),
    );
    expect(await own.redis.admin.info("commandstats")).toMatch(/cmdstat_mget:calls=3,/);
    expect(statsOf(cache)).toMatchObject({ hits: 150, misses: 150, healthy: true, detail: null });
  });

  it("lets entries expire", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    const ttl = await own.redis.admin.pttl(nameOf("a"));
    expect(ttl).toBeGreaterThan(29 * 86_400_000);
    expect(ttl).toBeLessThanOrEqual(30 * 86_400_000);
  });

  it("does not store what is too large to pass within the timeout, nor accept it", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("large"), tileOf("large", 4 * 2 ** 20 + 1));
    await cache.flush();
    expect(await own.redis.admin.exists(nameOf("large"))).toBe(0);
    await own.redis.admin.set(nameOf("planted"), Buffer.alloc(5 * 2 ** 20));
    expect(await lookUp(cache, "planted")).toBeNull();
  });

  it.each([
    ["truncated", (value: Buffer) => value.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    ["bit-flipped", (value: Buffer) => Buffer.from(value.map((byte, index) => (index === 500 ? byte ^ 4 : byte)))],
    ["foreign", () => Buffer.from("hello")],
    ["another version's", (value: Buffer) => Buffer.concat([Buffer.of(0x42, 0x4c, 1), value.subarray(3)])],
  ])("misses on a value that is %s, and the next write mends it", async (_, damage) => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    const value = await own.redis.admin.getBuffer(nameOf("a"));
    await own.redis.admin.set(nameOf("a"), damage(value ?? Buffer.alloc(0)));
    expect(await lookUp(cache, "a")).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
  });

  it("misses on another tile's value under a key, however intact it is", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await own.redis.admin.rename(nameOf("a"), nameOf("b"));
    expect(await lookUp(cache, "b")).toBeNull();
  });

  it("misses on a key of a wrong type, beside keys that are well, and writes over it", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("good"), tileOf("good"));
    await cache.flush();
    await own.redis.admin.lpush(nameOf("list"), "x");
    const hits = await cache.get([keyOf("list"), keyOf("good")], ANYTHING);
    expect(hits.map((hit) => hit !== null)).toEqual([false, true]);
    cache.set(keyOf("list"), tileOf("list"));
    await cache.flush();
    expect(await lookUp(cache, "list")).not.toBeNull();
  });

  it("survives FLUSHALL between reads", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await own.redis.admin.flushall();
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(true);
  });
});

describe("the operator", () => {
  it.each([
    [["--maxmemory", "100mb"], /noeviction/],
    [["--maxmemory-policy", "allkeys-lru"], /no maxmemory/],
  ])("is told once of a Redis started with %j, which makes no room by itself", async (args, advice) => {
    const careless = await startRedis({ args });
    own.later(() => careless.stop());
    const { lines, log } = logBook();
    await own.cacheOn(careless.url, log);
    await until(() => lines.length > 0, "the line");
    expect(lines).toEqual([expect.stringMatching(advice)]);
  });
});
