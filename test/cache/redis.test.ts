import { copyFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { RedisKeys } from "../../src/cache/redis-keys.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { freePort } from "../fixtures/server.ts";
import { keyOf, logBook, temporaryFolder, tileOf, until } from "./support.ts";

/** As a cache should be told, so that nobody is warned. */
const EVICTING = ["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"];
const names = new RedisKeys("bandloom:");
const nameOf = (name: string | number) => names.tile(keyOf(name));

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

/** A cache with Redis and no memory tier, so that every answer comes from Redis; already connected. */
async function cacheOn(url: string, log: (line: string) => void = () => {}): Promise<TileCache> {
  const cache = await createTileCache({ memoryBytes: 0, redisUrl: url, folder: null, embeddedBytes: 0, log });
  open.push(() => cache.close());
  return cache;
}

function statsOf(cache: TileCache) {
  const stats = cache.stats().find(({ name }) => name === "redis");
  if (!stats) throw new Error("no Redis tier");
  return stats;
}

async function lookUp(cache: TileCache, name: string | number) {
  const [hit] = await cache.get([keyOf(name)]);
  return hit ?? null;
}

describe("the Redis tier", () => {
  it("gives back a tile that another process stored", async () => {
    const writer = await cacheOn(redis.url);
    writer.set(keyOf("a"), tileOf("a"));
    await writer.flush();
    const hit = await lookUp(await cacheOn(redis.url), "a");
    expect(hit?.tier).toBe("redis");
    expect(hit?.tile.contentType).toBe("image/jpeg");
    expect(new Uint8Array(hit?.tile.bytes ?? [])).toEqual(tileOf("a").bytes);
  });

  it("answers 300 keys in order, found and missing ones, with few commands", async () => {
    const cache = await cacheOn(redis.url);
    for (let n = 0; n < 300; n += 2) cache.set(keyOf(n), tileOf(n));
    await cache.flush();
    await redis.admin.config("RESETSTAT");
    const hits = await cache.get(Array.from({ length: 300 }, (_, n) => keyOf(n)));
    expect(hits.map((hit) => hit && Buffer.from(hit.tile.bytes).toString("latin1").split(";")[0])).toEqual(
      Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? String(n) : null)),
    );
    expect(await redis.admin.info("commandstats")).toMatch(/cmdstat_mget:calls=3,/);
    expect(statsOf(cache)).toMatchObject({ hits: 150, misses: 150, healthy: true, detail: null });
  });

  it("lets entries expire", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    const ttl = await redis.admin.pttl(nameOf("a"));
    expect(ttl).toBeGreaterThan(29 * 86_400_000);
    expect(ttl).toBeLessThanOrEqual(30 * 86_400_000);
  });

  it("does not store what is too large to pass within the timeout, nor accept it", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("large"), tileOf("large", 4 * 2 ** 20 + 1));
    await cache.flush();
    expect(await redis.admin.exists(nameOf("large"))).toBe(0);
    await redis.admin.set(nameOf("planted"), Buffer.alloc(5 * 2 ** 20));
    expect(await lookUp(cache, "planted")).toBeNull();
  });

  it.each([
    ["truncated", (value: Buffer) => value.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    ["bit-flipped", (value: Buffer) => Buffer.from(value.map((byte, index) => (index === 500 ? byte ^ 4 : byte)))],
    ["foreign", () => Buffer.from("hello")],
    ["another version's", (value: Buffer) => Buffer.concat([Buffer.of(0x42, 0x4c, 2), value.subarray(3)])],
  ])("misses on a value that is %s, and the next write mends it", async (_, damage) => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    const value = await redis.admin.getBuffer(nameOf("a"));
    await redis.admin.set(nameOf("a"), damage(value ?? Buffer.alloc(0)));
    expect(await lookUp(cache, "a")).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
  });

  it("misses on another tile's value under a key, however intact it is", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await redis.admin.rename(nameOf("a"), nameOf("b"));
    expect(await lookUp(cache, "b")).toBeNull();
  });

  it("misses on a key of a wrong type, beside keys that are well, and writes over it", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("good"), tileOf("good"));
    await cache.flush();
    await redis.admin.lpush(nameOf("list"), "x");
    const hits = await cache.get([keyOf("list"), keyOf("good")]);
    expect(hits.map((hit) => hit !== null)).toEqual([false, true]);
    cache.set(keyOf("list"), tileOf("list"));
    await cache.flush();
    expect(await lookUp(cache, "list")).not.toBeNull();
  });

  it("survives FLUSHALL between reads", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await redis.admin.flushall();
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(true);
  });
});

describe("a Redis that fails", () => {
  it("costs a reader nothing when it was never there, and is used once it comes", async () => {
    const port = await freePort();
    const { lines, log } = logBook();
    const cache = await cacheOn(`redis://127.0.0.1:${port}`, log);
    cache.set(keyOf("a"), tileOf("a"));
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(false);
    const late = await startRedis({ port, args: EVICTING });
    open.push(() => late.stop());
    await until(() => statsOf(cache).healthy, "the late Redis is used");
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
    expect(lines).toEqual([
      expect.stringMatching(/^Redis cache, reading: off \(.*ECONNREFUSED/),
      "Redis cache, reading: working again",
    ]);
  });

  it("never rejects when it dies in the middle of reads and writes", async () => {
    const cache = await cacheOn(redis.url);
    for (let n = 0; n < 200; n++) cache.set(keyOf(n), tileOf(n, 20_000));
    const reads = Array.from({ length: 50 }, (_, n) => lookUp(cache, n));
    await redis.stop();
    await Promise.all(reads);
    await cache.flush();
    expect(await lookUp(cache, 0)).toBeNull();
    await until(() => !statsOf(cache).healthy, "the loss is noticed");
  });

  it("that hangs is left alone after a few timeouts, and taken back when it answers again", async () => {
    const { lines, log } = logBook();
    const cache = await cacheOn(redis.url, log);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    redis.freeze();
    const begin = performance.now();
    for (let n = 0; n < 100; n++) expect(await lookUp(cache, "a")).toBeNull();
    // Without the breaker: 100 × 50 ms. Bound for hangs only, ten times what three timeouts take.
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(statsOf(cache)).toMatchObject({ healthy: false });
    redis.thaw();
    await until(() => statsOf(cache).healthy, "the thawed Redis is used");
    expect(await lookUp(cache, "a")).not.toBeNull();
    expect(lines).toEqual([
      expect.stringMatching(/^Redis cache, reading: off \(Command timed out/),
      "Redis cache, reading: working again",
    ]);
  });

  it("that is full still answers reads; writing stops with one line and resumes when there is room", async () => {
    const { lines, log } = logBook();
    const cache = await cacheOn(redis.url, log);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await redis.admin.config("SET", "maxmemory", "1mb");
    await until(() => {
      cache.set(keyOf("b"), tileOf("b", 100_000));
      return !statsOf(cache).healthy;
    }, "the writer gives up");
    expect((await lookUp(cache, "a"))?.tier).toBe("redis");
    await redis.admin.config("SET", "maxmemory", "0");
    await until(() => statsOf(cache).healthy, "the writer resumes");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    expect(await lookUp(cache, "b")).not.toBeNull();
    expect(lines).toEqual([
      expect.stringMatching(/^Redis cache, writing: off \(.*OOM/),
      "Redis cache, writing: working again",
    ]);
  });

  it("that is full is told of once, not by turns with being well: what is tried is a write", async () => {
    const { lines, log } = logBook();
    const cache = await cacheOn(redis.url, log);
    await redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await redis.admin.config("SET", "maxmemory", "1");
    const sharing = () => lines.filter((line) => line.includes("sharing of renders"));
    const begin = performance.now();
    // Longer than two probes take.
    while (performance.now() - begin < 2_000) {
      await cache.flights?.claim([keyOf("a")]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sharing()).toEqual([expect.stringMatching(/: off \(.*OOM/)]);
    await redis.admin.config("SET", "maxmemory", "0");
    await until(() => sharing().length === 2, "the sharing resumes");
  });

  it("is written to as soon as it is back, however long it was away while writing was given up", async () => {
    const cache = await cacheOn(redis.url);
    await redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await redis.admin.config("SET", "maxmemory", "1");
    await until(() => {
      cache.set(keyOf("a"), tileOf("a"));
      return !statsOf(cache).healthy;
    }, "the writer gives up");
    await redis.stop();
    // By now the next probe of writing is seconds away, and further with each that fails.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    redis = await startRedis({ port: redis.port });
    await until(() => !/reading|lost|ECONNREFUSED/.test(statsOf(cache).detail ?? ""), "the connection is back");
    await until(() => statsOf(cache).healthy, "the writer resumes");
  });

  it("that became a read-only replica still answers reads", async () => {
    const cache = await cacheOn(redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await redis.admin.config("SET", "replica-serve-stale-data", "yes");
    await redis.admin.replicaof("127.0.0.1", await freePort());
    await until(() => {
      cache.set(keyOf("b"), tileOf("b"));
      return !statsOf(cache).healthy;
    }, "the writer gives up");
    expect(statsOf(cache).detail).toMatch(/READONLY/);
    expect((await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("that asks for a password which we do not have is a miss", async () => {
    const locked = await startRedis();
    await locked.admin.config("SET", "requirepass", "secret");
    open.push(() => locked.stop());
    const { lines, log } = logBook();
    const cache = await cacheOn(locked.url, log);
    expect(await lookUp(cache, "a")).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(statsOf(cache).healthy).toBe(false);
    expect(lines).toEqual([expect.stringMatching(/^Redis cache, reading: off \(NOAUTH/)]);
  });

  it("that resets each connection, or talks nonsense, is a miss", async () => {
    const sockets = new Set<Socket>();
    let nonsense = false;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", () => {
        if (nonsense) socket.write("HTTP/1.1 200 OK\r\n\r\n");
        else socket.resetAndDestroy();
      });
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    open.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const cache = await cacheOn(`redis://127.0.0.1:${port}`);
    expect(await lookUp(cache, "a")).toBeNull();
    nonsense = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(false);
  });

  it("with a value of hundreds of megabytes under a tile's key is a miss, and the next write replaces the value", async () => {
    const cache = await cacheOn(redis.url);
    await redis.admin.setrange(nameOf("a"), 300 * 2 ** 20, "x");
    expect(await lookUp(cache, "a")).toBeNull();
    await until(() => statsOf(cache).healthy, "the connection is well again");
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await redis.admin.strlen(nameOf("a"))).toBeLessThan(3_000);
  });

  it("that still loads its file is a miss, and is used once it has it", async () => {
    const filled = await startRedis({ args: EVICTING });
    const pipeline = filled.admin.pipeline();
    for (let n = 0; n < 3_000; n++) pipeline.set(`filler:${n}`, Buffer.alloc(1_000, n));
    await pipeline.exec();
    const folder = temporaryFolder();
    await filled.admin.save();
    copyFileSync(join((await filled.admin.config("GET", "dir")).at(1) as string, "dump.rdb"), join(folder, "dump.rdb"));
    await filled.stop();
    const port = await freePort();
    // A third of a millisecond for each key.
    const slowly = ["--key-load-delay", "330", "--loading-process-events-interval-bytes", "1024", "--dir", folder];
    const loading = startRedis({ port, args: [...EVICTING, ...slowly] });
    open.push(async () => (await loading).stop());
    const raw = new Redis({ port, host: "127.0.0.1", enableReadyCheck: false, retryStrategy: () => 10 });
    raw.on("error", () => {});
    open.push(async () => raw.disconnect());
    await expect
      .poll(() => raw.get("x").catch((error: Error) => error.message), { timeout: 10_000 })
      .toMatch(/LOADING/);
    const cache = await cacheOn(`redis://127.0.0.1:${port}`);
    expect(await lookUp(cache, "a")).toBeNull();
    expect((await cache.flights?.claim([keyOf("a")]))?.mine.size).toBe(1);
    await loading;
    await until(() => statsOf(cache).healthy, "the loaded Redis is used");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    expect(await lookUp(cache, "b")).not.toBeNull();
  }, 60_000);

  it("that asks for a password all of a sudden is a miss, and is used again when it no longer does", async () => {
    const { lines, log } = logBook();
    const cache = await cacheOn(redis.url, log);
    await redis.admin.config("SET", "requirepass", "secret");
    await redis.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until(() => {
      void lookUp(cache, "a");
      return lines.some((line) => /off/.test(line));
    }, "it is noticed");
    expect(await lookUp(cache, "a")).toBeNull();
    expect((await cache.flights?.claim([keyOf("a")]))?.mine.size).toBe(1);
    await redis.admin.config("SET", "requirepass", "");
    await until(() => statsOf(cache).healthy, "it is used again");
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
    const cache = await cacheOn(redis.url, log);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await redis.admin.config("SET", "replica-serve-stale-data", "yes");
    await breakIt(redis);
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
    const cache = await cacheOn(redis.url);
    await redis.admin.lpush(names.lock(keyOf("a")), "x");
    expect((await cache.flights?.claim([keyOf("a")]))?.mine.size).toBe(0);
    expect(await cache.flights?.wait(keyOf("a"))).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).not.toBeNull();
  });

  it("that loses its locks while tiles are made keeps the tiles that come of them", async () => {
    const cache = await cacheOn(redis.url);
    await cache.flights?.claim([keyOf("a")]);
    await redis.admin.flushall();
    cache.set(keyOf("a"), tileOf("a"));
    await expect.poll(async () => (await lookUp(cache, "a"))?.tier).toBe("redis");
  });

  it("whose locks fail still keeps what is made, through the tier", async () => {
    const cache = await cacheOn(redis.url);
    await cache.flights?.claim([keyOf("a")]);
    // A value so large that the look behind the locks takes too long.
    await redis.admin.setrange(nameOf("b"), 400 * 2 ** 20, "x");
    await cache.flights?.claim([keyOf("b")]);
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    await until(() => statsOf(cache).healthy, "the connection is well");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    await expect.poll(() => redis.admin.strlen(nameOf("b"))).toBeLessThan(3_000);
  });
});

describe("the operator", () => {
  it.each([
    [["--maxmemory", "100mb"], /noeviction/],
    [["--maxmemory-policy", "allkeys-lru"], /no maxmemory/],
  ])("is told once of a Redis started with %j, which makes no room by itself", async (args, advice) => {
    const careless = await startRedis({ args });
    open.push(() => careless.stop());
    const { lines, log } = logBook();
    await cacheOn(careless.url, log);
    await until(() => lines.length > 0, "the line");
    expect(lines).toEqual([expect.stringMatching(advice)]);
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
