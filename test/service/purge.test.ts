import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Generations } from "../../src/service/generations.ts";
import { newGeneration, type Purges, purgeRow, readPurges, recordPurge } from "../../src/service/purge.ts";
import { createState, type StateStore } from "../../src/state/index.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";

/** Purges that are remembered one by one. */
const MOST = 10_000;

let redis: RedisServer;
let state: StateStore;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.admin.flushall();
  // No machine that is busy is taken for a Redis that is away.
  state = createState({ redisUrl: redis.url, redisTimeoutMs: 60_000, folder: null, log: () => {} });
  // Whoever opens it finds it connected.
  await state.count("purges");
});
afterEach(() => state.close());

/** As so many purges of images have left it. */
async function purged(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => [purgeRow("image", `image-${n}`), newGeneration()]);
  await redis.admin.hset("bandloom:state:1:generations", ...rows.flat());
}

describe("what is remembered of purges", () => {
  it("are images and formulas one by one, of one name too", async () => {
    await recordPurge(state, { kind: "image", key: "ab" });
    await recordPurge(state, { kind: "formula", hash: "ab" });
    const { everything, rows } = await readPurges(state);
    expect([everything, [...rows.keys()].sort()]).toEqual([
      "",
      [purgeRow("image", "ab"), purgeRow("formula", "ab")].sort(),
    ]);
  });

  it("is bounded: one more than are remembered purges everything, and they begin anew", async () => {
    await purged(MOST - 1);
    await recordPurge(state, { kind: "image", key: "the last" });
    const full = await readPurges(state);
    expect([full.everything, full.rows.size]).toEqual(["", MOST]);
    await recordPurge(state, { kind: "image", key: "one more" });
    const emptied = await readPurges(state);
    expect([emptied.everything, emptied.rows.size]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), 0]);
    expect(emptied.changed).not.toBe(full.changed);
    await recordPurge(state, { kind: "image", key: "one more" });
    expect(await readPurges(state)).toMatchObject({ everything: emptied.everything, rows: { size: 1 } });
  });

  it("does not forget a purge of another server that came while everything was purged", async () => {
    const other: { seen?: Purges } = {};
    const meeting: StateStore = {
      ...methodsOf(state),
      async clear(table) {
        // Between two steps: the other server has rendered with what it saw, and purges that.
        other.seen = await readPurges(state);
        await recordPurge(state, { kind: "image", key: "one" });
        await state.clear(table);
      },
    };
    await recordPurge(meeting, { kind: "everything" });
    const { everything, rows } = await readPurges(state);
    expect([rows.size, everything === other.seen?.everything]).toEqual([0, false]);
  });

  it("is not read as newer than it is: what changes meanwhile is seen the next time", async () => {
    await recordPurge(state, { kind: "image", key: "one" });
    const meeting: StateStore = {
      ...methodsOf(state),
      async all(table) {
        const before = await state.all(table);
        await recordPurge(state, { kind: "image", key: "two" });
        return before;
      },
    };
    const read = await readPurges(meeting);
    expect([read.rows.size, read.changed === (await readPurges(state)).changed]).toEqual([1, false]);
  });
});

describe("what was purged, when its store lost it", () => {
  const open = () => Generations.open(state, () => {});

  it("is not shown again: all is purged, here and on other servers, and never back to what it was", async () => {
    const [here, there] = [await open(), await open()];
    onTestFinished(() => [here, there].forEach((one) => void one.close()));
    const never = here.ofImage("one");
    expect([never, (await readPurges(state)).changed]).toEqual(["", ""]);
    await here.purge({ kind: "image", key: "one" });
    const before = here.ofImage("one");
    await expect.poll(() => there.ofImage("one")).toBe(before);
    await redis.admin.flushall();
    await expect.poll(() => here.ofImage("other")).not.toBe(never);
    await expect.poll(() => here.ofImage("one") === there.ofImage("one") && here.ofImage("one") !== before).toBe(true);
    const { everything } = await readPurges(state);
    expect([here.ofImage("one"), [never, before].includes(everything)]).toEqual([everything, false]);
  });

  it("is not shown again by a server that began after the loss", async () => {
    const losing: StateStore = { ...methodsOf(state), takeLoss: lossOf(1) };
    const here = await Generations.open(losing, () => {});
    onTestFinished(() => here.close());
    const first = here.ofImage("one");
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    await here.purge({ kind: "image", key: "two" });
    expect(here.ofImage("one")).toBe(first);
  });

  it("is purged as well when the loss is met by who purges", async () => {
    await recordPurge({ ...methodsOf(state), takeLoss: lossOf(1) }, { kind: "image", key: "one" });
    const { everything, rows } = await readPurges(state);
    expect([everything, rows.size]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), 0]);
  });

  it("is purged later where that failed at first", async () => {
    let failures = 2;
    const failing: StateStore = {
      ...methodsOf(state),
      takeLoss: lossOf(1),
      put: async (...entry) => {
        if (failures-- > 0) throw new Error("away");
        await state.put(...entry);
      },
    };
    const here = await Generations.open(failing, () => {});
    onTestFinished(() => here.close());
    await expect.poll(async () => (await readPurges(state)).everything).toMatch(/^[0-9a-f]{16}$/);
    await expect.poll(async () => here.ofImage("one") === (await readPurges(state)).everything).toBe(true);
  });
});

/** True so many times. */
function lossOf(times: number): () => Promise<boolean> {
  let left = times;
  return async () => left-- > 0;
}

/** Those of a store, to be called apart from it. */
function methodsOf(store: StateStore): StateStore {
  return {
    all: (table) => store.all(table),
    get: (table, key) => store.get(table, key),
    many: (table, keys) => store.many(table, keys),
    put: (table, key, value) => store.put(table, key, value),
    remove: (table, key) => store.remove(table, key),
    clear: (table) => store.clear(table),
    count: (table) => store.count(table),
    takeLoss: () => store.takeLoss(),
    close: () => store.close(),
  };
}
