import { afterEach, describe, expect, it } from "vitest";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import { ANYTHING, keyOf, PATIENCE_MS, temporaryFolder, tileOf } from "./support.ts";

const open: TileCache[] = [];
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
});

async function openCache(folder: string | null, memoryBytes = 2 ** 20): Promise<TileCache> {
  const settings = {
    memoryBytes,
    redisUrl: null,
    folder,
    embeddedBytes: 2 ** 24,
    openWaitMs: PATIENCE_MS,
    log: () => {},
  };
  const cache = await createTileCache(settings);
  open.push(cache);
  return cache;
}

describe("the stack of tiers", () => {
  it("answers from memory first, and brings into memory what a later tier finds", async () => {
    const folder = temporaryFolder();
    const first = await openCache(folder);
    first.set(keyOf("a"), tileOf("a"));
    expect((await first.get([keyOf("a")], ANYTHING))[0]?.tier).toBe("memory");
    await first.flush();

    const second = await openCache(folder);
    expect(second.peek(keyOf("a"))).toBeNull();
    expect((await second.get([keyOf("a")], ANYTHING))[0]?.tier).toBe("embedded");
    expect((await second.get([keyOf("a")], ANYTHING))[0]?.tier).toBe("memory");
    expect(new Uint8Array(second.peek(keyOf("a"))?.bytes ?? [])).toEqual(tileOf("a").bytes);
  });

  it("keeps the order of the keys, whichever tier has them, and answers a key twice that stands there twice", async () => {
    const folder = temporaryFolder();
    const first = await openCache(folder);
    first.set(keyOf("stored"), tileOf("stored"));
    await first.flush();
    await first.close();
    const cache = await openCache(folder);
    cache.set(keyOf("fresh"), tileOf("fresh"));
    const names = ["none", "stored", "fresh", "stored", "nothing"];
    const hits = await cache.get(names.map(keyOf), ANYTHING);
    expect(hits.map((hit) => hit?.tier ?? null)).toEqual([null, "embedded", "memory", "embedded", null]);
    expect(hits[1]?.tile.bytes).toEqual(hits[3]?.tile.bytes);
  });

  it("counts each key once, as a hit of one tier or a miss of all", async () => {
    const cache = await openCache(temporaryFolder());
    cache.set(keyOf("a"), tileOf("a"));
    cache.peek(keyOf("b"));
    await cache.get([keyOf("a"), keyOf("b")], ANYTHING);
    expect(cache.stats().map(({ name, hits, misses }) => [name, hits, misses])).toEqual([
      ["memory", 1, 1],
      ["embedded", 0, 1],
    ]);
  });

  it("lets what nobody waits for pass memory by, unless there is nothing else", async () => {
    const ahead = { ahead: true };
    const cache = await openCache(temporaryFolder());
    cache.set(keyOf("a"), tileOf("a"), 0, ahead);
    await cache.flush();
    expect((await cache.get([keyOf("a")], ANYTHING, ahead))[0]?.tier).toBe("embedded");
    expect(cache.peek(keyOf("a"))).toBeNull();
    const memory = await openCache(null);
    memory.set(keyOf("a"), tileOf("a"), 0, ahead);
    expect(memory.peek(keyOf("a"))).not.toBeNull();
  });

  it("works with memory alone", async () => {
    const cache = await openCache(null);
    cache.set(keyOf("a"), tileOf("a"));
    expect((await cache.get([keyOf("a"), keyOf("b")], ANYTHING)).map((hit) => hit?.tier ?? null)).toEqual([
      "memory",
      null,
    ]);
    expect(cache.stats()).toHaveLength(1);
  });

  it("works with no keys", async () => {
    expect(await (await openCache(temporaryFolder())).get([], ANYTHING)).toEqual([]);
  });
});
