import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECKED } from "../../src/cache/envelope.ts";
import { createTileCache, type S3TilesOptions, type TileCache } from "../../src/cache/index.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { startS3 } from "../fixtures/s3-server.ts";
import { type S3Misbehaviour, type SignedS3, startSignedS3 } from "../fixtures/signed-s3.ts";
import { PATIENT } from "./own-redis.ts";
import { ANYTHING, keyOf, logBook, PATIENCE_MS, temporaryFolder, tileOf, until } from "./support.ts";

/** No tile is missed or dropped for want of time. */
const PATIENT_S3 = { deadlineMs: PATIENCE_MS, writeDeadlineMs: PATIENCE_MS, probeDeadlineMs: PATIENCE_MS } as const;
/** Failures that are closer together have one cause and count once. */
const AFTER_BURST_MS = 60;
const open: (() => Promise<void>)[] = [];
let s3: SignedS3;

beforeEach(async () => {
  s3 = await startSignedS3();
  setEnvironment(s3.environment);
});

afterEach(async () => {
  s3.misbehave("reset");
  for (const close of open.splice(0)) await close();
  await s3.close();
  vi.unstubAllEnvs();
});

/** The SDK finds credentials there. */
function setEnvironment(variables: Readonly<Record<string, string>>): void {
  vi.unstubAllEnvs();
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

interface Wanted {
  readonly endpoint?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly folder?: string;
  readonly bounds?:
    | Partial<Pick<S3TilesOptions, "fromMs" | "deadlineMs" | "probeDeadlineMs" | "closeWaitMs">>
    | undefined;
  readonly log?: (line: string) => void;
}

/** A cache with S3 and no memory, so that every answer comes from the bucket. */
async function cacheOn(wanted: Wanted = {}): Promise<TileCache> {
  const { endpoint = s3.endpoint, bucket = s3.bucket, prefix = "a/b", folder = null, log = () => {} } = wanted;
  const server = { endpoint, pathStyle: true };
  const rest = { memoryBytes: 0, redisUrl: null, folder, embeddedBytes: 2 ** 24, log };
  const place = { place: { bucket, prefix }, server };
  const bounds = { fromMs: 0, ...PATIENT_S3, ...wanted.bounds };
  const cache = await createTileCache({ ...rest, openWaitMs: PATIENCE_MS, s3: { ...place, ...bounds } });
  open.push(() => cache.close());
  return cache;
}

async function lookUp(cache: TileCache, name: string | number) {
  const [hit] = await cache.get([keyOf(name)], ANYTHING);
  return hit ?? null;
}

async function stored(cache: TileCache, ...names: readonly (string | number)[]): Promise<void> {
  for (const name of names) cache.set(keyOf(name), tileOf(name));
  await cache.flush();
}

function objectOf(name: string | number, prefix = "a/b/"): string {
  return `${prefix}1/${keyOf(name).slice(0, 2)}/${keyOf(name)}`;
}

function statsOf(cache: TileCache) {
  const stats = cache.stats().find(({ name }) => name === "s3");
  if (!stats) throw new Error("no S3 tier");
  return stats;
}

describe("the S3 tier", () => {
  it("gives back a tile that another process stored, under the version of its layout", async () => {
    await stored(await cacheOn(), "a");
    expect([...s3.objects.keys()].sort()).toEqual([objectOf("a"), "a/b/1/probe"].sort());
    const hit = await lookUp(await cacheOn(), "a");
    expect(hit?.tier).toBe("s3");
    expect(new Uint8Array(hit?.tile.bytes ?? [])).toEqual(tileOf("a").bytes);
    expect(await lookUp(await cacheOn({ prefix: "other" }), "a")).toBeNull();
  });

  it("works at the root of a bucket, and with a server of another make", async () => {
    const other = await startS3();
    open.push(() => other.close());
    setEnvironment(other.environment);
    const wanted = { endpoint: other.endpoint, bucket: other.bucket, prefix: "" };
    const cache = await cacheOn(wanted);
    await stored(cache, "a");
    expect((await lookUp(await cacheOn(wanted), "a"))?.tier).toBe("s3");
    expect(await lookUp(cache, "b")).toBeNull();
    expect(statsOf(cache)).toMatchObject({ hits: 0, misses: 1, healthy: true, detail: null });
  });

  it("asks for a batch of tiles side by side, and answers in order", async () => {
    const cache = await cacheOn();
    await stored(cache, ...Array.from({ length: 61 }, (_, n) => 2 * n));
    s3.misbehave("hold", { methods: ["GET"] });
    const answers = cache.get(
      Array.from({ length: 121 }, (_, n) => keyOf(n)),
      ANYTHING,
    );
    await until(() => s3.running() === 121, "all ask at once");
    s3.misbehave(null);
    const hits = await answers;
    expect(hits.map((hit) => hit && Buffer.from(hit.tile.bytes).toString("latin1").split(";")[0])).toEqual(
      Array.from({ length: 121 }, (_, n) => (n % 2 === 0 ? String(n) : null)),
    );
    expect(statsOf(cache)).toMatchObject({ hits: 61, misses: 60, healthy: true });
  });

  it("never has more than 128 requests under way, and asks once for what several want", async () => {
    const cache = await cacheOn();
    const keys = Array.from({ length: 300 }, (_, n) => keyOf(n));
    s3.requests.splice(0);
    s3.misbehave("hold", { methods: ["GET"] });
    const answers = Promise.all([cache.get(keys, ANYTHING), cache.get(keys, ANYTHING), cache.get(keys, ANYTHING)]);
    await until(() => s3.running() >= 128, "the first ask");
    // Time for others, of this same process, that were not to come.
    for (let turn = 0; turn < 200; turn++) await nextTurn();
    s3.misbehave(null);
    await answers;
    expect(s3.requests.length).toBeLessThanOrEqual(300);
    expect(s3.mostAtOnce()).toBeLessThanOrEqual(128);
  });

  it("lets a thousand wait in line, and misses on what comes then", async () => {
    const cache = await cacheOn();
    s3.requests.splice(0);
    const hits = await cache.get(
      Array.from({ length: 128 + 1024 + 100 }, (_, n) => keyOf(n)),
      ANYTHING,
    );
    expect(new Set(hits)).toEqual(new Set([null]));
    expect(s3.requests.filter(({ key }) => !key.endsWith("probe"))).toHaveLength(128 + 1024);
  });

  it("gives what it finds to the tiers before it", async () => {
    await stored(await cacheOn(), "a");
    const folder = temporaryFolder();
    const cache = await cacheOn({ folder });
    expect((await lookUp(cache, "a"))?.tier).toBe("s3");
    await cache.flush();
    expect((await lookUp(cache, "a"))?.tier).toBe("embedded");
  });

  it("is given no tile that was rendered sooner than it is fetched", async () => {
    const cache = await cacheOn({ bounds: { fromMs: 20 } });
    cache.set(keyOf("quick"), tileOf("quick"), 19);
    cache.set(keyOf("slow"), tileOf("slow"), 20);
    await cache.flush();
    expect([s3.objects.has(objectOf("quick")), s3.objects.has(objectOf("slow"))]).toEqual([false, true]);
  });

  it("neither stores nor accepts what is larger than a tile", async () => {
    const cache = await cacheOn();
    cache.set(keyOf("large"), tileOf("large", 4 * 2 ** 20 + 1));
    await cache.flush();
    expect(s3.objects.has(objectOf("large"))).toBe(false);
    s3.objects.set(objectOf("planted"), CHECKED.seal(keyOf("planted"), tileOf("planted", 5 * 2 ** 20)));
    expect(await lookUp(cache, "planted")).toBeNull();
  });

  it.each([
    ["truncated", (value: Uint8Array) => value.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    ["bit-flipped", (value: Uint8Array) => value.map((byte, index) => (index === 500 ? byte ^ 4 : byte))],
    ["foreign", () => Buffer.from("hello")],
    ["under another key", () => s3.objects.get(objectOf("b")) ?? Buffer.alloc(0)],
  ])("misses on an object that is %s, and the next write mends it", async (_, damage) => {
    const cache = await cacheOn();
    await stored(cache, "a", "b");
    s3.objects.set(objectOf("a"), damage(s3.objects.get(objectOf("a")) ?? new Uint8Array(0)));
    expect(await lookUp(cache, "a")).toBeNull();
    await stored(cache, "a");
    expect((await lookUp(cache, "a"))?.tier).toBe("s3");
    expect(statsOf(cache).healthy).toBe(true);
  });

  it("drops writes when it is behind, and takes new ones when it is not", async () => {
    const cache = await cacheOn();
    for (let n = 0; n < 20; n++) cache.set(keyOf(n), tileOf(n, 3 * 2 ** 20));
    await cache.flush();
    const written = [...s3.objects.keys()].filter((key) => !key.endsWith("probe")).length;
    expect(written).toBe(10);
    cache.set(keyOf("later"), tileOf("later", 3 * 2 ** 20));
    await cache.flush();
    expect(s3.objects.has(objectOf("later"))).toBe(true);
  });
});

describe("an S3 server that is not well", () => {
  /** Where nothing comes. What is well is asked until it answers in that time. */
  const hasty = { deadlineMs: 150, probeDeadlineMs: 500 };
  it.each<[S3Misbehaviour, RegExp, Wanted["bounds"]]>([
    ["hang", /no answer in time/, hasty],
    ["stall", /no answer in time/, hasty],
    ["reset", /ECONNRESET/, {}],
    ["slow-down", /SlowDown, status 503/, {}],
    ["expire", /ExpiredToken, status 400/, {}],
  ])("(%s) costs misses, is left alone, and is used again when it is well", async (how, reason, bounds) => {
    await stored(await cacheOn(), "a");
    const book = logBook();
    const cache = await cacheOn({ log: book.log, bounds });
    await until(() => statsOf(cache).healthy, "the connection");
    book.lines.splice(0);
    s3.misbehave(how);
    const keys = ["a", "b", "c"].map(keyOf);
    for (let tries = 0; statsOf(cache).healthy && tries < 20; tries++) {
      expect((await cache.get(keys, ANYTHING)).every((hit) => hit === null)).toBe(true);
      await sleep(AFTER_BURST_MS);
    }
    expect(book.lines).toHaveLength(1);
    expect(book.lines[0]).toMatch(/^S3 cache, reading: off \(/);
    expect(statsOf(cache).detail).toMatch(reason);
    const asked = s3.requests.filter(({ key }) => !key.endsWith("probe")).length;
    await cache.get(keys, ANYTHING);
    expect(s3.requests.filter(({ key }) => !key.endsWith("probe"))).toHaveLength(asked);
    s3.misbehave(null);
    await until(() => statsOf(cache).healthy, "it is used again");
    await expect.poll(async () => (await lookUp(cache, "a"))?.tier).toBe("s3");
    expect(book.lines[1]).toBe("S3 cache, reading: working again");
  });

  it("(corrupt) is found out by the checksum", async () => {
    const cache = await cacheOn();
    await stored(cache, "a");
    s3.misbehave("corrupt");
    expect(await lookUp(cache, "a")).toBeNull();
    s3.misbehave("cut");
    expect(await lookUp(cache, "a")).toBeNull();
    s3.misbehave(null);
    expect((await lookUp(cache, "a"))?.tier).toBe("s3");
  });

  it.each<[string, S3Misbehaviour | null]>([
    ["is not there", null],
    ["is denied because it is not there, where nothing may be listed", "deny-missing"],
  ])("is well where a tile %s: a miss, however often", async (_, how) => {
    s3.misbehave(how);
    const cache = await cacheOn();
    for (let n = 0; n < 5; n++) {
      expect(await lookUp(cache, n)).toBeNull();
      await sleep(AFTER_BURST_MS);
    }
    expect(statsOf(cache)).toMatchObject({ healthy: true, detail: null });
    await stored(cache, "a");
    expect((await lookUp(cache, "a"))?.tier).toBe("s3");
  });

  it("may refuse writes and be read all the same", async () => {
    await stored(await cacheOn(), "a");
    const book = logBook();
    const cache = await cacheOn({ log: book.log });
    s3.misbehave("deny", { methods: ["PUT"] });
    for (let n = 0; n < 3; n++) {
      await stored(cache, `x${n}`);
      await sleep(AFTER_BURST_MS);
    }
    expect(book.lines).toEqual(["S3 cache, writing: off (AccessDenied, status 403); tiles are served without it"]);
    expect((await lookUp(cache, "a"))?.tier).toBe("s3");
  });

  it("is told of when the server starts, each trouble in one line without a secret", async () => {
    const refused = async (wanted: Wanted, variables: Readonly<Record<string, string>> = {}) => {
      setEnvironment({ ...s3.environment, ...variables });
      const book = logBook();
      const cache = await cacheOn({ ...wanted, log: book.log });
      expect(await lookUp(cache, "a")).toBeNull();
      await stored(cache, "a");
      expect(book.lines).toHaveLength(2);
      expect(book.lines.join()).not.toMatch(/AKID|secret|a\/b|127\.0\.0\.1/);
      return book.lines.join();
    };
    expect(await refused({ bucket: "another" })).toMatch(/NoSuchBucket/);
    expect(await refused({}, { AWS_SECRET_ACCESS_KEY: "wrong" })).toMatch(/SignatureDoesNotMatch/);
    expect(await refused({}, { AWS_ACCESS_KEY_ID: "AKIDOTHER" })).toMatch(/InvalidAccessKeyId/);
    expect(await refused({ endpoint: "http://127.0.0.1:1" })).toMatch(/ECONNREFUSED/);
    const none = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_PROFILE: "nobody" };
    expect(await refused({}, none)).toMatch(/CredentialsProviderError/);
    // Who gives credentials may hang too: as long as this test's folder is there.
    const profile = join(temporaryFolder(), "config");
    const forever = `while [ -e ${profile} ]; do sleep 0.1; done`;
    writeFileSync(profile, `[profile slow]\nregion = eu-test-1\ncredential_process = ${forever}\n`);
    chmodSync(profile, 0o600);
    const slow = { ...none, AWS_PROFILE: "slow", AWS_CONFIG_FILE: profile, AWS_SHARED_CREDENTIALS_FILE: profile };
    expect(await refused({ bounds: { probeDeadlineMs: 200 } }, slow)).toMatch(/no answer in time/);
    s3.misbehave("hang");
    expect(await refused({ bounds: { probeDeadlineMs: 200 } })).toMatch(/no answer in time/);
  });

  it("that hangs does not keep the process from ending", async () => {
    const cache = await cacheOn({ bounds: { closeWaitMs: 100 } });
    s3.misbehave("hang", { methods: ["PUT"] });
    for (let n = 0; n < 40; n++) cache.set(keyOf(n), tileOf(n));
    // Each write alone may take longer than a test.
    await expect(cache.close()).resolves.toBeUndefined();
  });
});

describe("S3 behind a Redis that several servers share", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());

  it("fills Redis again after it was flushed, and leaves no lock behind", async () => {
    const cacheWithRedis = async () => {
      const server = { endpoint: s3.endpoint, pathStyle: true };
      const rest = { memoryBytes: 0, redisUrl: redis.url, folder: null, embeddedBytes: 0, log: () => {} };
      const s3Tier = { place: { bucket: s3.bucket, prefix: "" }, server, fromMs: 0, ...PATIENT_S3 };
      const cache = await createTileCache({ ...rest, ...PATIENT, s3: s3Tier });
      open.push(() => cache.close());
      return cache;
    };
    const first = await cacheWithRedis();
    await first.flights?.claim([keyOf("a")], ANYTHING);
    await stored(first, "a");
    await expect.poll(() => lookUp(first, "a").then((hit) => hit?.tier)).toBe("redis");
    await redis.admin.flushall();
    const second = await cacheWithRedis();
    expect((await lookUp(second, "a"))?.tier).toBe("s3");
    await second.flush();
    expect((await lookUp(first, "a"))?.tier).toBe("redis");
    expect(await redis.admin.keys("*lock*")).toEqual([]);
  });
});
