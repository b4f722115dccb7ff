import { copyFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startRedis } from "../fixtures/redis.ts";
import { freePort } from "../fixtures/server.ts";
import { callsOf, EVICTING, HASTY, lookUp, nameOf, redisForEach, statsOf } from "./own-redis.ts";
import { ANYTHING, keyOf, logBook, temporaryFolder, tileOf, until } from "./support.ts";

const own = redisForEach();

describe("a Redis that fails", () => {
  it("costs a reader nothing when it was never there, and is used once it comes", async () => {
    const port = await freePort();
    const { lines, log } = logBook();
    const cache = await own.cacheOn(`redis://127.0.0.1:${port}`, log);
    cache.set(keyOf("a"), tileOf("a"));
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(false);
    const late = await startRedis({ port, args: EVICTING });
    own.later(() => late.stop());
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
    const cache = await own.cacheOn(own.redis.url);
    for (let n = 0; n < 200; n++) cache.set(keyOf(n), tileOf(n, 20_000));
    const reads = Array.from({ length: 50 }, (_, n) => lookUp(cache, n));
    await own.redis.stop();
    await Promise.all(reads);
    await cache.flush();
    expect(await lookUp(cache, 0)).toBeNull();
    await until(() => !statsOf(cache).healthy, "the loss is noticed");
  });

  it("that hangs is left alone after a few timeouts, and taken back when it answers again", async () => {
    const writer = await own.cacheOn(own.redis.url);
    writer.set(keyOf("a"), tileOf("a"));
    await writer.flush();
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log, HASTY);
    // On a busy machine its handshake too may take longer than it waits.
    await until(() => statsOf(cache).healthy, "the connection");
    own.redis.freeze();
    let tries = 0;
    // Three, or a few more: failures that come too close together count once.
    for (; statsOf(cache).healthy && tries < 10; tries++) expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(false);
    for (let n = 0; n < 100; n++)
      expect(await Promise.race([lookUp(cache, "a"), nextTurn("waits for Redis")])).toBeNull();
    expect(lines.at(-1)).toMatch(/^Redis cache, reading: off \(Command timed out/);
    own.redis.thaw();
    await expect.poll(() => lookUp(cache, "a")).not.toBeNull();
    expect(lines.at(-1)).toBe("Redis cache, reading: working again");
  });

  it("that is full still answers reads; writing stops with one line and resumes when there is room", async () => {
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await own.redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await own.redis.admin.config("SET", "maxmemory", "1mb");
    await until(() => {
      cache.set(keyOf("b"), tileOf("b", 100_000));
      return !statsOf(cache).healthy;
    }, "the writer gives up");
    expect((await lookUp(cache, "a"))?.tier).toBe("redis");
    await own.redis.admin.config("SET", "maxmemory", "0");
    await until(() => statsOf(cache).healthy, "the writer resumes");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    expect(await lookUp(cache, "b")).not.toBeNull();
    expect(lines).toEqual([
      expect.stringMatching(/^Redis cache, writing: off \(.*OOM/),
      "Redis cache, writing: working again",
    ]);
  });

  it("is written to as soon as it is back, however long it was away while writing was given up", async () => {
    const cache = await own.cacheOn(own.redis.url);
    await own.redis.admin.config("SET", "maxmemory-policy", "noeviction");
    await own.redis.admin.config("SET", "maxmemory", "1");
    await until(() => {
      cache.set(keyOf("a"), tileOf("a"));
      return !statsOf(cache).healthy;
    }, "the writer gives up");
    await own.redis.stop();
    own.redis = await startRedis({ port: own.redis.port });
    // Left to itself writing is tried half a second later, and ever less often.
    const readsAnswered = async () => {
      await lookUp(cache, "a");
      return callsOf("mget", await own.redis.admin.info("commandstats"));
    };
    // The second follows the write that the first, which only tries, gives rise to.
    await expect.poll(readsAnswered).toBeGreaterThanOrEqual(2);
    expect(statsOf(cache).detail).toBeNull();
  });

  it("that became a read-only replica still answers reads", async () => {
    const cache = await own.cacheOn(own.redis.url);
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    await own.redis.admin.config("SET", "replica-serve-stale-data", "yes");
    await own.redis.admin.replicaof("127.0.0.1", await freePort());
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
    own.later(() => locked.stop());
    const { lines, log } = logBook();
    const cache = await own.cacheOn(locked.url, log);
    expect(await lookUp(cache, "a")).toBeNull();
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(statsOf(cache).healthy).toBe(false);
    expect(lines).toEqual([expect.stringMatching(/^Redis cache, reading: off \(NOAUTH/)]);
  });

  it("that resets each connection, or talks nonsense, is a miss", async () => {
    const sockets = new Set<Socket>();
    let nonsense = false;
    let spoken = 0;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", () => {
        if (!nonsense) return void socket.resetAndDestroy();
        spoken++;
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
      });
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    own.later(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const cache = await own.cacheOn(`redis://127.0.0.1:${port}`);
    expect(await lookUp(cache, "a")).toBeNull();
    nonsense = true;
    // More than it has connections: one at least has been told nonsense and came back.
    await until(() => spoken > 3, "nonsense is met");
    cache.set(keyOf("a"), tileOf("a"));
    await cache.flush();
    expect(await lookUp(cache, "a")).toBeNull();
    expect(statsOf(cache).healthy).toBe(false);
  });

  it("with a value of hundreds of megabytes under a tile's key is a miss, and the next write replaces the value", async () => {
    const cache = await own.cacheOn(own.redis.url, () => {}, HASTY);
    await until(() => statsOf(cache).healthy, "the connection");
    await own.redis.admin.setrange(nameOf("a"), 200 * 2 ** 20, "x");
    expect(await lookUp(cache, "a")).toBeNull();
    // What is written while the value still arrives may be given up.
    const rewritten = async () => {
      cache.set(keyOf("a"), tileOf("a"));
      await cache.flush();
      return own.redis.admin.strlen(nameOf("a"));
    };
    await expect.poll(rewritten).toBeLessThan(3_000);
  });

  it("that still loads its file is a miss, and is used once it has it", async () => {
    const filled = await startRedis({ args: [...EVICTING, "--rdbcompression", "no"] });
    const pipeline = filled.admin.pipeline();
    for (let n = 0; n < 3_000; n++) pipeline.set(`filler:${n}`, Buffer.alloc(1_000, n));
    await pipeline.exec();
    const folder = temporaryFolder();
    await filled.admin.save();
    copyFileSync(join((await filled.admin.config("GET", "dir")).at(1) as string, "dump.rdb"), join(folder, "dump.rdb"));
    await filled.stop();
    const port = await freePort();
    // Minutes for all keys, unless it is told to hurry.
    const slowly = ["--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024", "--dir", folder];
    const loading = startRedis({ port, args: [...EVICTING, ...slowly] });
    own.later(async () => (await loading).stop());
    const raw = new Redis({ port, host: "127.0.0.1", enableReadyCheck: false, retryStrategy: () => 10 });
    raw.on("error", () => {});
    own.later(async () => raw.disconnect());
    await expect.poll(() => raw.get("x").catch((error: Error) => error.message), { interval: 20 }).toMatch(/LOADING/);
    const cache = await own.cacheOn(`redis://127.0.0.1:${port}`, () => {}, { openWaitMs: 0 });
    let asked = 0;
    const othersAsked = async () => callsOf("info", await raw.info("commandstats")) - asked++;
    // Both of its connections have been told by now that it loads.
    await expect.poll(othersAsked).toBeGreaterThanOrEqual(2);
    expect(await lookUp(cache, "a")).toBeNull();
    expect((await cache.flights?.claim([keyOf("a")], ANYTHING))?.mine.size).toBe(1);
    await raw.config("SET", "key-load-delay", "0");
    await loading;
    await until(() => statsOf(cache).healthy, "the loaded Redis is used");
    cache.set(keyOf("b"), tileOf("b"));
    await cache.flush();
    expect(await lookUp(cache, "b")).not.toBeNull();
  });

  it("that asks for a password all of a sudden is a miss, and is used again when it no longer does", async () => {
    const { lines, log } = logBook();
    const cache = await own.cacheOn(own.redis.url, log);
    await own.redis.admin.config("SET", "requirepass", "secret");
    await own.redis.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until(() => {
      void lookUp(cache, "a");
      return lines.some((line) => /off/.test(line));
    }, "it is noticed");
    expect(await lookUp(cache, "a")).toBeNull();
    expect((await cache.flights?.claim([keyOf("a")], ANYTHING))?.mine.size).toBe(1);
    await own.redis.admin.config("SET", "requirepass", "");
    await until(() => statsOf(cache).healthy, "it is used again");
  });
});
