import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freeAccess, guardedBy } from "../fixtures/access.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { type Running, runServer } from "../http/running.ts";

const IMAGES = {
  "one.tif": { width: 300, height: 300, value: (x: number) => x % 200 },
  "two.tif": { width: 300, height: 300, value: (_: number, y: number) => y % 200 },
} as const;
/** Uncompressed, and larger than the two ends by which a revision tells a file from another. */
const LARGE = { width: 512, height: 512, tile: [256, 256], value: () => 10 } as const;
const FORMULA = "window(b1, 0, 200)";

type DirectorySpecs = Parameters<typeof runServer>[0];

interface Rendering {
  readonly hash: string;
  readonly url: string;
  readonly revision: string;
}

async function ask<T>(server: Running, query: string, variables: object = {}): Promise<T> {
  const response = await server.get("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: readonly { message: string }[] };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function rendering(server: Running, key: string, formula = FORMULA): Promise<Rendering> {
  const query =
    "query ($key: String!, $formula: String!) { image(key: $key) { revision render(formula: $formula) { hash tile(level: 0, x: 0, y: 0) { url } } } }";
  const { image } = await ask<{ image: { revision: string; render: { hash: string; tile: { url: string } } } }>(
    server,
    query,
    { key, formula },
  );
  return { hash: image.render.hash, url: image.render.tile.url, revision: image.revision };
}

async function purge(server: Running, input: object) {
  const query = "mutation ($input: PurgeInput!) { purge(input: $input) { purged userErrors { field message } } }";
  const { purge: payload } = await ask<{ purge: { purged: boolean; userErrors: readonly { field: string[] }[] } }>(
    server,
    query,
    { input },
  );
  return payload;
}

async function fetched(server: Running, url: string) {
  const { status, headers } = await server.get(url);
  return {
    status,
    cache: headers.get("x-bandloom-cache"),
    etag: headers.get("etag"),
    control: headers.get("cache-control"),
  };
}

/** As a viewer that comes back: rendered once, then from memory. */
async function warm(server: Running, url: string) {
  await fetched(server, url);
  const again = await fetched(server, url);
  expect(again).toMatchObject({ status: 200, cache: "MEMORY" });
  return again;
}

const servers: Running[] = [];
let folder: string;
let redis: RedisServer;
let state: RedisServer;
async function open(options: Parameters<typeof runServer>[1], images: DirectorySpecs = IMAGES): Promise<Running> {
  const server = await runServer(images, { access: freeAccess(), ...options });
  servers.push(server);
  return server;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-purge-"));
  [redis, state] = await Promise.all([startRedis(), startRedis()]);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  await redis.stop();
  await state.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a purge", () => {
  it("of an image gives its pictures other URLs, keys and ETags at once, and leaves other images alone", async () => {
    const server = await open({ cacheFolder: join(folder, "image") });
    const [one, two] = [await rendering(server, "one"), await rendering(server, "two")];
    const before = await warm(server, one.url);
    await warm(server, two.url);
    expect(await purge(server, { imageKey: "one" })).toEqual({ purged: true, userErrors: [] });
    // The old address is answered, but no cache keeps what it shows.
    const old = await fetched(server, one.url);
    expect(old).toMatchObject({ status: 200, cache: "RENDERED", control: "no-cache" });
    expect(old.etag).not.toBe(before.etag);
    const now = await rendering(server, "one");
    expect(now.url).not.toBe(one.url);
    expect(now.revision).not.toBe(one.revision);
    expect(now.hash).toBe(one.hash);
    expect((await fetched(server, now.url)).control).toContain("immutable");
    expect((await rendering(server, "two")).url).toBe(two.url);
    expect((await fetched(server, two.url)).cache).toBe("MEMORY");
  });

  it("of a formula spares the other formulas of an image", async () => {
    const server = await open({ cacheFolder: join(folder, "formula") });
    const [wanted, other] = [await rendering(server, "one"), await rendering(server, "one", "window(b1, 0, 100)")];
    await warm(server, wanted.url);
    await warm(server, other.url);
    await purge(server, { formulaHash: wanted.hash });
    // The image is looked at anew by this already, so that the old address must be known to be old by itself.
    expect((await rendering(server, "one")).url).not.toBe(wanted.url);
    expect((await fetched(server, wanted.url)).cache).toBe("RENDERED");
    expect((await rendering(server, "one")).revision).toBe(wanted.revision);
    expect((await fetched(server, other.url)).cache).toBe("MEMORY");
  });

  it("of an image reads its pixels again, though nothing tells that the file is another one", async () => {
    const server = await open({ cacheFolder: join(folder, "pixels") }, { "one.tif": LARGE });
    const path = join(server.folder, "one.tif");
    const dated = () => utimesSync(path, 1_700_000_000, 1_700_000_000);
    dated();
    const mean = async () => {
      const answer = await server.get("/statistics/one.json?f=b1%2B0");
      return ((await answer.json()) as { mean: number }).mean;
    };
    /** Of the last pixel of a chunk in the middle of the file. */
    const value = async (formula: string) => {
      const answer = await server.get(`/tiles/one/1/1/0.npy?f=${encodeURIComponent(formula)}`);
      return new Float32Array((await answer.arrayBuffer()).slice(-4))[0];
    };
    expect([await value("b1"), await mean()]).toEqual([10, 10]);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(20, 65_536, bytes.length - 65_536));
    dated();
    // Of pixels that a worker has.
    expect(await value("b1 * 3")).toBe(30);
    await purge(server, { imageKey: "one" });
    expect([await value("b1"), await value("b1 * 3")]).toEqual([20, 60]);
    expect(await mean()).toBeGreaterThan(10);
  });

  it("of everything is true after a restart too, and no earlier generation ever comes back", async () => {
    const cacheFolder = join(folder, "all");
    const server = await open({ cacheFolder });
    const urls = new Set([(await rendering(server, "one")).url]);
    await purge(server, { imageKey: "one" });
    urls.add((await rendering(server, "one")).url);
    await purge(server, { everything: true });
    const last = (await rendering(server, "one")).url;
    expect(urls.has(last)).toBe(false);
    await server.close();
    servers.splice(0);
    const again = await open({ cacheFolder });
    expect((await rendering(again, "one")).revision).not.toBe((await rendering(again, "two")).revision);
    for (const url of urls) expect((await fetched(again, url)).control).toBe("no-cache");
  });

  it("needs the right to change something", async () => {
    const server = await open({ cacheFolder: join(folder, "right"), access: guardedBy(null) });
    await expect(purge(server, { everything: true })).rejects.toThrow("UNAUTHENTICATED");
  });
});

describe("what is asked to be purged", () => {
  let server: Running;
  beforeAll(async () => {
    server = await runServer(IMAGES, { access: freeAccess(), cacheFolder: join(folder, "asked") });
  });
  afterAll(() => server.close());

  it("may be an image that cannot be read: it may be readable the next time", async () => {
    writeFileSync(join(server.folder, "broken.tif"), "II*\0 is no image");
    expect(await purge(server, { imageKey: "broken" })).toEqual({ purged: true, userErrors: [] });
  });

  it.each([
    [{}, ["input"]],
    [{ everything: false }, ["input"]],
    [{ imageKey: "one", everything: true }, ["input"]],
    [{ imageKey: "none" }, ["input", "imageKey"]],
    [{ formulaHash: "abc" }, ["input", "formulaHash"]],
  ])("%j is refused as data", async (input, field) => {
    const { purged, userErrors } = await purge(server, input);
    expect([purged, userErrors[0]?.field]).toEqual([false, field]);
  });
});

describe("servers that share a Redis", () => {
  it("notice the purge of another one", async () => {
    const shared = { redisUrl: redis.url, stateRedisUrl: state.url };
    const [one, two] = [await open(shared), await open(shared)];
    const { url } = await rendering(two, "one");
    await warm(two, url);
    await purge(one, { imageKey: "one" });
    await expect.poll(async () => (await fetched(two, url)).control).toBe("no-cache");
    // Other data folders, the same words: what both hand out is the same again.
    expect(new URL((await rendering(two, "one")).url, two.url).searchParams.get("v")).not.toBeNull();
  });

  it("refuse a purge that the others could not see, and say what to set", async () => {
    // With a folder that could hold what was purged: the others do not look there.
    const server = await open({ redisUrl: redis.url, cacheFolder: join(folder, "unshared") });
    await expect(purge(server, { everything: true })).rejects.toThrow(/BANDLOOM_STATE_REDIS_URL.*FORBIDDEN/);
  });

  it("that cannot ask what was purged show nothing that was made before, and all of it once they can", async () => {
    const shared = { redisUrl: redis.url, stateRedisUrl: state.url };
    const known = await open(shared);
    const { revision } = await rendering(known, "two");
    state.freeze();
    let unknown: Rendering;
    try {
      const server = await open({ ...shared, stateRedisTimeoutMs: 500 });
      unknown = await rendering(server, "two");
      expect(unknown.revision).not.toBe(revision);
      expect((await fetched(server, unknown.url)).status).toBe(200);
      // Who knew it goes on with what it knows.
      expect((await rendering(known, "two")).revision).toBe(revision);
    } finally {
      state.thaw();
    }
    const server = servers.at(-1) as Running;
    await expect.poll(async () => (await rendering(server, "two")).revision).not.toBe(unknown.revision);
  });
});
