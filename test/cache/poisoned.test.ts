import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECKED, envelopeOf } from "../../src/cache/envelope.ts";
import { createTileCache, type TileCache } from "../../src/cache/index.ts";
import type { Accepts, SealingKey } from "../../src/cache/types.ts";
import { type SignedS3, startSignedS3 } from "../fixtures/signed-s3.ts";
import { nameOf, names, PATIENT, redisForEach } from "./own-redis.ts";
import { ANYTHING, keyOf, PATIENCE_MS, tileOf } from "./support.ts";

const PAGE = { bytes: Buffer.from("<!doctype html><script>alert(document.domain)</script>") };
const keyNumber = (fill: number): SealingKey => ({ secret: Buffer.alloc(32, fill) });
const [FIRST, SECOND, FOREIGN] = [keyNumber(1), keyNumber(2), keyNumber(3)];
/** Tiles of the tests begin with their names. */
const isOurTile: Accepts = (_, bytes) => /^[a-z]+;/.test(Buffer.from(bytes).toString("latin1"));

/** A store with several caches on it that others can write to as well. */
interface Shared {
  /** Without a memory tier where no size is said, so that every answer comes from the store. */
  open(sealing?: readonly SealingKey[], memoryBytes?: number): Promise<TileCache>;
  plant(name: string, value: Buffer): Promise<void>;
  stored(name: string): Promise<Buffer>;
}

const own = redisForEach();
let s3: SignedS3;
const open: TileCache[] = [];

beforeEach(async () => {
  s3 = await startSignedS3();
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  for (const cache of open.splice(0)) await cache.close();
  await s3.close();
  vi.unstubAllEnvs();
});

async function opened(place: object, sealing: readonly SealingKey[] | undefined, memoryBytes = 0): Promise<TileCache> {
  const nowhere = { memoryBytes, redisUrl: null, folder: null, embeddedBytes: 0, log: () => {} };
  const cache = await createTileCache({ ...nowhere, ...PATIENT, ...place, sealing });
  open.push(cache);
  return cache;
}

const inRedis: Shared = {
  open: (sealing, memoryBytes) => opened({ redisUrl: own.redis.url }, sealing, memoryBytes),
  plant: async (name, value) => void (await own.redis.admin.set(nameOf(name), value)),
  stored: async (name) => (await own.redis.admin.getBuffer(nameOf(name))) ?? Buffer.alloc(0),
};

const objectOf = (name: string) => `tiles/1/${keyOf(name).slice(0, 2)}/${keyOf(name)}`;
const inS3: Shared = {
  open: (sealing, memoryBytes) => {
    const place = { bucket: s3.bucket, prefix: "tiles" };
    const server = { endpoint: s3.endpoint, pathStyle: true };
    const waits = { deadlineMs: PATIENCE_MS, writeDeadlineMs: PATIENCE_MS, probeDeadlineMs: PATIENCE_MS };
    return opened({ s3: { place, server, fromMs: 0, ...waits } }, sealing, memoryBytes);
  },
  plant: async (name, value) => void s3.objects.set(objectOf(name), value),
  stored: async (name) => Buffer.from(s3.objects.get(objectOf(name)) ?? []),
};

/** As version 1 of the layout had it: with the content type inside. */
function oldEntry(key: string, { bytes }: { readonly bytes: Uint8Array }): Buffer {
  const body = Buffer.concat([Buffer.of(9), Buffer.from("text/html"), bytes]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body, crc32(key)));
  return Buffer.concat([Buffer.from("BL\x01", "latin1"), checksum, body]);
}

async function lookUp(cache: TileCache, name: string, accepts = isOurTile): Promise<Buffer | null> {
  const [hit] = await cache.get([keyOf(name)], accepts);
  return hit ? Buffer.from(hit.tile.bytes) : null;
}

async function store(cache: TileCache, ...tiles: readonly string[]): Promise<void> {
  for (const name of tiles) cache.set(keyOf(name), tileOf(name));
  await cache.flush();
}

const key = keyOf("a");
const PLANTED = [
  ["a page with the checksum of old", () => oldEntry(key, PAGE)],
  ["a page with a checksum", () => CHECKED.seal(key, PAGE)],
  ["a page that is signed by another", () => envelopeOf([FOREIGN]).seal(key, PAGE)],
  ["nothing, with a checksum", () => CHECKED.seal(key, { bytes: Buffer.alloc(0) })],
  ["nothing", () => Buffer.alloc(0)],
  ["another kind of tile", () => CHECKED.seal(key, { bytes: Buffer.from("\x89PNG\r\n\x1a\n", "latin1") })],
] as const;

describe.each([
  ["Redis", inRedis],
  ["S3", inS3],
])("tiles in %s, which others can write to", (_, shared) => {
  describe.each([
    ["without keys", undefined],
    ["with keys", [FIRST, SECOND]],
  ])("%s", (_, sealing) => {
    it.each(PLANTED)("are no hit where somebody has put %s, and the next write mends it", async (_, planted) => {
      const cache = await shared.open(sealing);
      await shared.plant("a", planted());
      expect(await lookUp(cache, "a")).toBeNull();
      expect(cache.stats().at(-1)).toMatchObject({ hits: 0, misses: 1, healthy: true });
      await store(cache, "a");
      expect(await lookUp(cache, "a")).toEqual(Buffer.from(tileOf("a").bytes));
    });

    it("are no hit under each other's keys, nor cut short", async () => {
      const cache = await shared.open(sealing);
      await store(cache, "a", "b");
      const [a, b] = [await shared.stored("a"), await shared.stored("b")];
      await shared.plant("a", b);
      await shared.plant("b", a);
      expect([await lookUp(cache, "a"), await lookUp(cache, "b")]).toEqual([null, null]);
      await shared.plant("a", a.subarray(0, -1));
      expect(await lookUp(cache, "a")).toBeNull();
      await shared.plant("a", a);
      expect(await lookUp(cache, "a")).not.toBeNull();
    });
  });

  it("are believed with a checksum where there are no keys, and not where there are some", async () => {
    const [open, keyed] = [await shared.open(), await shared.open([FIRST])];
    await store(open, "a");
    expect([await lookUp(open, "a"), await lookUp(keyed, "a")]).toEqual([expect.anything(), null]);
    await store(keyed, "a");
    expect([await lookUp(open, "a"), await lookUp(keyed, "a")]).toEqual([null, expect.anything()]);
  });

  it("last while keys are changed, one process after another", async () => {
    const before = await shared.open([FIRST]);
    const knows = await shared.open([FIRST, SECOND]);
    const signs = await shared.open([SECOND, FIRST]);
    const after = await shared.open([SECOND]);
    await store(before, "a");
    await store(signs, "b");
    const seen = async (cache: TileCache) => [await lookUp(cache, "a"), await lookUp(cache, "b")].map(Boolean);
    expect(await seen(before)).toEqual([true, false]);
    expect(await seen(knows)).toEqual([true, true]);
    expect(await seen(signs)).toEqual([true, true]);
    expect(await seen(after)).toEqual([false, true]);
  });

  it("do not come into memory where they are not accepted", async () => {
    const reader = await shared.open(undefined, 2 ** 20);
    await shared.plant("a", CHECKED.seal(key, PAGE));
    expect(await lookUp(reader, "a")).toBeNull();
    expect(reader.peek(key)).toBeNull();
    expect(await lookUp(reader, "a", ANYTHING)).not.toBeNull();
    expect(reader.peek(key)).not.toBeNull();
  });
});

describe("renders that processes share", () => {
  const flightsOf = (cache: TileCache) => {
    if (!cache.flights) throw new Error("no flights");
    return cache.flights;
  };

  it.each(PLANTED)("are claimed where somebody has put %s, and written over it", async (_, planted) => {
    const [one, two] = [await inRedis.open(), await inRedis.open()];
    await inRedis.plant("a", planted());
    expect((await flightsOf(one).claim([key], isOurTile)).mine.has(key)).toBe(true);
    // It is made elsewhere: what lies there meanwhile is not it.
    const claims = await flightsOf(two).claim([key], isOurTile);
    expect([claims.mine.size, claims.made.size]).toEqual([0, 0]);
    const waiting = flightsOf(two).wait(key, isOurTile);
    one.set(key, tileOf("a"));
    expect((await waiting)?.bytes).toHaveLength(tileOf("a").bytes.length);
    await expect.poll(() => own.redis.admin.exists(names.lock(key))).toBe(0);
  });

  it("carry signatures where there are keys, and are waited for by who knows them", async () => {
    const [one, friend] = [await inRedis.open([FIRST]), await inRedis.open([SECOND, FIRST])];
    const stranger = await inRedis.open([SECOND]);
    await flightsOf(one).claim([key], isOurTile);
    // Whoever does not listen yet is told of nothing, and waits for as long as it may.
    await expect.poll(async () => (await own.redis.admin.pubsub("NUMSUB", names.made))[1]).toBe(3);
    const waiting = [friend, stranger].map((cache) => flightsOf(cache).wait(key, isOurTile));
    one.set(key, tileOf("a"));
    expect((await Promise.all(waiting)).map((tile) => tile !== null)).toEqual([true, false]);
    await expect.poll(() => own.redis.admin.exists(names.lock(key))).toBe(0);
    expect(await inRedis.stored("a")).toEqual(envelopeOf([FIRST]).seal(key, tileOf("a")));
  });
});
