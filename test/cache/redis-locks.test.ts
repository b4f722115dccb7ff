import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RedisServer } from "../fixtures/redis.ts";
import { lookUp, nameOf, names, redisForEach } from "./own-redis.ts";
import { ANYTHING, keyOf, logBook, tileOf, until } from "./support.ts";

const own = redisForEach();

/** Since it began to count. */
async function writesRefused(): Promise<number> {
  const stats = await own.redis.admin.info("commandstats");
  return Number(/cmdstat_set:.*rejected_calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe("a Redis that cannot lock", () => {
  it("that is full is told of once, not by turns with being well: what is tried is a write", async () => {
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log);
    await own.redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await own.redis.admin.config("SET", "maxmemory", "1");
    const sharing = () => lines.filter((line) => line.includes("sharing of renders"));
    const refusals = async () => {
      await cache.flights?.claim([keyOf("a")], ANYTHING);
      return writesRefused();
    };
    // The claim, and a try whether there is room again.
    await expect.poll(refusals).toBeGreaterThanOrEqual(2);
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
    await own.redis.admin.config("RESETSTAT");
    for (let round = 0; round < 3; round++)
      expect((await cache.flights?.claim([keyOf("b")], ANYTHING))?.mine.has(keyOf("b"))).toBe(true);
    // The first claim, and a try: what cannot be written is not asked for again and again.
    await expect.poll(writesRefused).toBeGreaterThanOrEqual(2);
    expect(lines.filter((line) => /^Redis, sharing of renders: off/.test(line))).toEqual([
      expect.stringMatching(reason),
    ]);
    expect((await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("with something else where a lock should lie lets the tile be made without one, after the usual wait", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await own.redis.admin.lpush(names.lock(keyOf("a")), "x");
    expect((await cache.flights?.claim([keyOf("a")], ANYTHING))?.mine.size).toBe(0);
    const waiting = await own.cacheOn(own.redis.url, () => {}, { flightWaitMs: 100 });
    expect(await waiting.flights?.wait(keyOf("a"), ANYTHING)).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
  });

  it("that loses its locks while tiles are made keeps the tiles that come of them", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await cache.flights?.claim([keyOf("a")], ANYTHING);
    await own.redis.admin.flushall();
    cache.set(keyOf("a"), tileOf("a"));
    await expect.poll(async () => (await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("whose locks fail still keeps what is made, through the tier", async () => {
    const cache = await own.cacheOn(own.redis.url, () => {}, { flightWaitMs: 25 });
    await cache.flights?.claim([keyOf("a")], ANYTHING);
    // A value so large that the look behind the locks takes too long.
    await own.redis.admin.setrange(nameOf("b"), 128 * 2 ** 20, "x");
    await cache.flights?.claim([keyOf("b")], ANYTHING);
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
  await expect.poll(() => admin.set("x", "y").catch((error: Error) => error.message)).toMatch(/MISCONF/);
}
