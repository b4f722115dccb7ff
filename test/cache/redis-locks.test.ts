import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RedisServer } from "../fixtures/redis.ts";
import { lookUp, nameOf, names, redisForEach, statsOf } from "./own-redis.ts";
import { keyOf, logBook, tileOf, until } from "./support.ts";

const own = redisForEach();

describe("a Redis that cannot lock", () => {
  it("that is full is told of once, not by turns with being well: what is tried is a write", async () => {
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log);
    await own.redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await own.redis.admin.config("SET", "maxmemory", "1");
    const sharing = () => lines.filter((line) => line.includes("sharing of renders"));
    const begin = performance.now();
    // Longer than two probes take.
    while (performance.now() - begin < 2_000) {
      await cache.flights?.claim([keyOf("a")]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sharing()).toEqual([expect.stringMatching(/: off \(.*OOM/)]);
    await own.redis.admin.config("SET", "maxmemory", "0");
    await until(() => sharing().length === 2, "the sharing resumes");
  });

  it.each([
    ["cannot save to its disk (MISCONF)", /MISCONF/, breakSaving],
    [
      "is a replica that may not be written (READONLY)",
      /READONLY/,
      (server: RedisServer) => server.admin.replicaof("127.0.0.1", "1"),
    ],
  ])("that %s has no locks: each server makes its tiles itself, and reads go on", async (_, reason, breakIt) => {
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await own.redis.admin.config("SET", "replica-serve-stale-data", "yes");
    await breakIt(own.redis);
    for (let round = 0; round < 3; round++)
      expect((await cache.flights?.claim([keyOf("b")]))?.mine.has(keyOf("b"))).toBe(true);
    // What cannot be written is not asked for again and again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(lines.filter((line) => /^Redis, sharing of renders: off/.test(line))).toEqual([
      expect.stringMatching(reason),
    ]);
    expect((await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("with something else where a lock should lie lets the tile be made without one, after the usual wait", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await own.redis.admin.lpush(names.lock(keyOf("a")), "x");
    expect((await cache.flights?.claim([keyOf("a")]))?.mine.size).toBe(0);
    expect(await cache.flights?.wait(keyOf("a"))).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
  });

  it("that loses its locks while tiles are made keeps the tiles that come of them", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await cache.flights?.claim([keyOf("a")]);
    await own.redis.admin.flushall();
    cache.set(keyOf("a"), tileOf("a"));
    await expect.poll(async () => (await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("whose locks fail still keeps what is made, through the tier", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await cache.flights?.claim([keyOf("a")]);
    // A value so large that the look behind the locks takes too long.
    await own.redis.admin.setrange(nameOf("b"), 400 * 2 ** 20, "x");
    await cache.flights?.claim([keyOf("b")]);
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    await until(() => statsOf(cache).healthy, "the connection is well");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    await expect.poll(() => own.redis.admin.strlen(nameOf("b"))).toBeLessThan(3_000);
  });
});

/** Its folder is gone: the next save fails, and Redis refuses writes then. */
async function breakSaving({ admin }: RedisServer): Promise<void> {
  await admin.config("SET", "save", "1 1");
  rmSync((await admin.config("GET", "dir")).at(1) as string, { recursive: true });
  await admin.bgsave().catch(() => {});
  await expect
    .poll(() => admin.set("x", "y").catch((error: Error) => error.message), { timeout: 20_000 })
    .toMatch(/MISCONF/);
}
