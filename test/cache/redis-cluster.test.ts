import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { careFor, createTileCache, KeyMaker, type KeyScope, type TileCache } from "../../src/cache/index.ts";
import { type RedisCluster, startRedisCluster } from "../fixtures/redis-cluster.ts";
import { callsOf, PATIENT, type RedisWaits } from "./own-redis.ts";
import { ANYTHING, tileOf } from "./support.ts";

const scopeOf = (formula: string): KeyScope => ({
  ...{ kind: "tile", renderVersion: 1, formula, images: [], generation: "" },
});

/** Of so many formulas that every node has some. */
const FORMULAS = 12;
const TILES = 20;
const keys = Array.from({ length: FORMULAS }, (_, formula) => {
  const maker = new KeyMaker(scopeOf(`${formula}`));
  return Array.from({ length: TILES }, (_, tile) => maker.key([tile]));
});
const everyKey = keys.flat();

let cluster: RedisCluster;
const caches: TileCache[] = [];
async function open(waits: RedisWaits = PATIENT): Promise<TileCache> {
  const rest = { memoryBytes: 0, folder: null, embeddedBytes: 0, log: () => {} };
  const cache = await createTileCache({ ...rest, ...waits, redisUrl: cluster.url, redisCluster: true });
  caches.push(cache);
  // A busy machine may need more than one attempt to learn the slots.
  await expect.poll(() => cache.stats()[1]?.healthy).toBe(true);
  const key = new KeyMaker(scopeOf(`opened ${caches.length}`)).key([]);
  const canClaim = async () =>
    (await flightsOf(cache).claim([key], ANYTHING)).mine.has(key) && flightsOf(cache).holds(key);
  await expect.poll(canClaim).toBe(true);
  flightsOf(cache).finish(key, null);
  return cache;
}

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 120_000);
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});
afterAll(() => cluster?.stop());

function flightsOf(cache: TileCache) {
  if (!cache.flights) throw new Error("no flights");
  return cache.flights;
}

describe("a Redis Cluster", () => {
  beforeEach(async () => {
    for (const { admin } of cluster.nodes) await admin.flushall();
  });

  it("keeps the tiles of many formulas on all nodes, and gives them in order", async () => {
    const [writer, reader] = [await open(), await open()];
    for (const key of everyKey) writer.set(key, tileOf(key));
    await writer.flush();
    for (const { admin } of cluster.nodes) expect(await admin.dbsize()).toBeGreaterThan(0);
    const hits = await reader.get([...everyKey, "0".repeat(64)], ANYTHING);
    expect(hits.map((hit) => hit && Buffer.from(hit.tile.bytes).toString("latin1").split(";")[0])).toEqual([
      ...everyKey,
      null,
    ]);
  });

  it("reads what one formula's list of tiles asks for with one command", async () => {
    const reader = await open();
    for (const { admin } of cluster.nodes) await admin.config("RESETSTAT");
    await reader.get(keys[0] ?? [], ANYTHING);
    const stats = await Promise.all(cluster.nodes.map(({ admin }) => admin.info("commandstats")));
    const reads = stats.map((text) => callsOf("mget", text));
    expect(reads.reduce((sum, count) => sum + count)).toBe(1);
  });

  it("has each tile made once by the servers that share it, of whatever formula", async () => {
    const [one, two] = [await open(), await open()];
    const wanted = everyKey.map((key) => key.slice(0, 63) + (key.endsWith("0") ? "1" : "0"));
    const [ours, theirs] = await Promise.all([
      flightsOf(one).claim(wanted, ANYTHING),
      flightsOf(two).claim(wanted, ANYTHING),
    ]);
    for (const key of wanted) expect(Number(ours.mine.has(key)) + Number(theirs.mine.has(key))).toBe(1);
    const found = wanted.map((key) => flightsOf(ours.mine.has(key) ? two : one).wait(key, ANYTHING));
    for (const key of wanted) (ours.mine.has(key) ? one : two).set(key, tileOf(key));
    for (const tile of await Promise.all(found)) expect(tile).not.toBeNull();
    for (const { admin } of cluster.nodes) await expect.poll(() => admin.keys("*lock*")).toEqual([]);
  });

  it("is reported and verified as one store", async () => {
    const writer = await open();
    for (const key of everyKey) writer.set(key, tileOf(key));
    await writer.flush();
    const care = careFor({
      redisUrl: cluster.url,
      redisCluster: true,
      redisPrefix: "bandloom:",
      sealing: null,
      folder: "",
    });
    const { signal } = new AbortController();
    expect(await care.report(signal)).toMatchObject({ tier: "redis", entries: FORMULAS * TILES, complete: true });
    expect(await care.verify(() => {}, signal)).toEqual({ checked: FORMULAS * TILES, damaged: 0, unchecked: 0 });
    await care.close();
  });

  it("that loses a node never fails a tile, nor makes anybody wait for long", async () => {
    const cache = await open({ flightWaitMs: 100 });
    const [, gone] = cluster.nodes;
    await gone?.stop();
    const begin = performance.now();
    for (let round = 0; round < 20; round++) {
      const tiles = await cache.get(everyKey, ANYTHING);
      expect(tiles).toHaveLength(everyKey.length);
      const { mine, made } = await flightsOf(cache).claim(everyKey, ANYTHING);
      // Of a lock that could not be let go with the node's neighbours, the tile is waited for as of any other.
      const others = everyKey.filter((key) => !mine.has(key) && !made.has(key));
      await Promise.all(others.map((key) => flightsOf(cache).wait(key, ANYTHING)));
      for (const key of mine) cache.set(key, tileOf(key));
    }
    await cache.flush();
    // A hang guard, far above twenty times the patience with one command.
    expect(performance.now() - begin).toBeLessThan(60_000);
  }, 120_000);
});
