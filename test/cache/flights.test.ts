import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKED } from "../../src/cache/envelope.ts";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { RedisFlights } from "../../src/cache/redis-flights.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { names, PATIENT } from "./own-redis.ts";
import { ANYTHING, PATIENCE_MS } from "./support.ts";

const TILE = { bytes: Uint8Array.of(1, 2, 3) };
const keyOf = (text: string) => Buffer.from(text).toString("hex").padEnd(64, "0");

let redis: RedisServer;
const caches: TileCache[] = [];
async function open(waits = {}): Promise<TileCache> {
  const rest = { folder: null, embeddedBytes: 0, log: () => {} };
  const cache = await createTileCache({ memoryBytes: 2 ** 20, redisUrl: redis.url, ...rest, ...PATIENT, ...waits });
  caches.push(cache);
  return cache;
}

let [one, two]: TileCache[] = [];
beforeAll(async () => {
  redis = await startRedis();
  [one, two] = [await open(), await open()];
});
afterAll(async () => {
  for (const cache of caches) await cache.close();
  await redis.stop();
});

function flightsOf(cache: TileCache | undefined) {
  if (!cache?.flights) throw new Error("no flights");
  return cache.flights;
}

describe("processes that share a Redis", () => {
  it("claim each key once, and the second is given what the first makes", async () => {
    const keys = ["a", "b", "c"].map(keyOf);
    const [{ mine }, { mine: theirs }] = await Promise.all([
      flightsOf(one).claim(keys, ANYTHING),
      flightsOf(two).claim(keys, ANYTHING),
    ]);
    for (const key of keys) expect(Number(mine.has(key)) + Number(theirs.has(key))).toBe(1);
    const found = keys.map((key) =>
      mine.has(key) ? flightsOf(two).wait(key, ANYTHING) : flightsOf(one).wait(key, ANYTHING),
    );
    for (const key of keys) (mine.has(key) ? one : two)?.set(key, TILE);
    for (const tile of await Promise.all(found))
      expect(Buffer.from(tile?.bytes ?? [])).toEqual(Buffer.from(TILE.bytes));
    // The locks are gone.
    await expect.poll(() => redis.admin.keys("*lock*")).toEqual([]);
  });

  it("see what another has made between the miss and the claim, and leave no lock behind", async () => {
    const key = keyOf("just made");
    await flightsOf(one).claim([key], ANYTHING);
    one?.set(key, TILE);
    await expect.poll(() => redis.admin.exists(names.lock(key))).toBe(0);
    const { mine, made } = await flightsOf(two).claim([key], ANYTHING);
    expect([mine.size, made.get(key)?.bytes.length]).toEqual([0, 3]);
    expect(flightsOf(two).holds(key)).toBe(false);
    await expect.poll(() => redis.admin.exists(names.lock(key))).toBe(0);
  });

  it("are told at once when what another makes has failed", async () => {
    const key = keyOf("failing");
    expect((await flightsOf(one).claim([key], ANYTHING)).mine.has(key)).toBe(true);
    expect((await flightsOf(two).claim([key], ANYTHING)).mine.has(key)).toBe(false);
    // It would not end by itself before the test is given up.
    const waiting = flightsOf(two).wait(key, ANYTHING);
    flightsOf(one).finish(key, null);
    expect(await waiting).toBeNull();
    expect((await flightsOf(two).claim([key], ANYTHING)).mine.has(key)).toBe(true);
    flightsOf(two).finish(key, null);
  });

  it("wait for a bounded time for one that says nothing more, whose lock ends by itself", async () => {
    const hasty = await open({ flightWaitMs: 100 });
    const key = keyOf("silent");
    await flightsOf(one).claim([key], ANYTHING);
    expect(await flightsOf(hasty).wait(key, ANYTHING)).toBeNull();
    const left = await redis.admin.pttl(names.lock(key));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(35_000);
    flightsOf(one).finish(key, null);
  });

  it("let go of a tile that is too large for Redis, without writing it", async () => {
    const key = keyOf("large");
    await flightsOf(one).claim([key], ANYTHING);
    const waiting = flightsOf(two).wait(key, ANYTHING);
    one?.set(key, { ...TILE, bytes: new Uint8Array(4 * 2 ** 20 + 1) });
    expect(await waiting).toBeNull();
    await expect.poll(() => redis.admin.exists(names.lock(key))).toBe(0);
    expect(await redis.admin.exists(names.tile(key))).toBe(0);
  });

  it("never delete a lock that is another one's by now", async () => {
    const key = keyOf("late");
    await flightsOf(one).claim([key], ANYTHING);
    await redis.admin.set(names.lock(key), "another");
    one?.set(key, TILE);
    await expect.poll(async () => (await two?.get([key], ANYTHING))?.[0]?.tile.bytes.length).toBe(3);
    expect(await redis.admin.get(names.lock(key))).toBe("another");
    await redis.admin.del(names.lock(key));
  });

  it("make everything themselves while Redis does not answer", async () => {
    const lonely = await startRedis();
    const cache = await createTileCache({
      ...{ memoryBytes: 0, redisUrl: lonely.url, folder: null, embeddedBytes: 0, log: () => {} },
      openWaitMs: PATIENCE_MS,
    });
    lonely.freeze();
    const keys = [keyOf("x"), keyOf("y")];
    expect([...(await flightsOf(cache).claim(keys, ANYTHING)).mine].sort()).toEqual(keys.toSorted());
    flightsOf(cache).finish(keys[0] ?? "", TILE);
    expect(await flightsOf(cache).wait(keys[1] ?? "", ANYTHING)).toBeNull();
    lonely.thaw();
    await cache.close();
    await lonely.stop();
  });

  it("are not waited for when Redis was silent just before, save by those who wait for long", async () => {
    const lonely = await startRedis();
    let silent = false;
    const claimsOf = async (waitMs: number) => {
      const place = { url: lonely.url, cluster: false };
      const rest = { keys: names, envelope: CHECKED, ttlMs: 60_000, isSilent: () => silent, log: () => {} };
      const flights = new RedisFlights({ place, waitMs, ...rest });
      const known = keyOf(`${waitMs}`);
      const isConnected = async () => (await flights.claim([known], ANYTHING)).mine.has(known) && flights.holds(known);
      await expect.poll(isConnected).toBe(true);
      return { flights, claim: () => Promise.race([flights.claim([key], ANYTHING), nextTurn("waits")]) };
    };
    const key = keyOf("unanswered");
    const [hasty, patient] = [await claimsOf(999), await claimsOf(1000)];
    lonely.freeze();
    silent = true;
    expect(await hasty.claim()).toEqual({ mine: new Set([key]), made: new Map() });
    expect(await patient.claim()).toBe("waits");
    silent = false;
    expect(await hasty.claim()).toBe("waits");
    lonely.thaw();
    for (const { flights } of [hasty, patient]) flights.close();
    await lonely.stop();
  });
});
