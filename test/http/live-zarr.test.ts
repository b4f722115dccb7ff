import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PNG } from "pngjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { type ArraySpec, buildImage } from "../fixtures/zarr-builder.ts";
import { type Running, runServer } from "./running.ts";

/** Chunks are looked at once a second. */
const LOOK_MS = 1_001;
let server: Running;
afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

const PLAIN = "f=window(b1,0,255)";
const level = (value: number, more: Partial<ArraySpec> = {}): ArraySpec => ({
  ...{ shape: [1, 32, 32], chunk: [1, 16, 16], type: "uint8", value: () => value, ...more },
});

/** Seconds since 1970: each time something is written is a second later than the one before, and later than its folders were made. */
let clock = Math.ceil(Date.now() / 1000) + 100;

/** Files of an image into the data folder, those whose names fit. */
async function write(files: ReadonlyMap<string, Uint8Array>, only = /./): Promise<void> {
  clock++;
  for (const [name, bytes] of files) {
    if (!only.test(name)) continue;
    const path = join(server.folder, "live.zarr", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await utimes(path, clock, clock);
  }
}

/** Its samples are all the same. */
const image = (value: number, version: 2 | 3, more: Partial<ArraySpec> = {}) =>
  buildImage({ version, axes: "cyx", levels: [level(value, more)] });

/** What picture, probe, statistics and raw samples say of the first pixel. */
async function seen(): Promise<readonly (number | undefined)[]> {
  const picture = PNG.sync.read(Buffer.from(await (await server.get(`/tiles/live/0/0/0.png?${PLAIN}`)).arrayBuffer()));
  const probe = (await (await server.get("/probe/live.json?f=b1&points=0,0")).json()) as {
    readonly points: readonly { readonly values: readonly { readonly number: number }[] }[];
  };
  const statistics = (await (await server.get("/statistics/live.json?f=b1&region=0,0,4,4")).json()) as {
    readonly max: number;
  };
  const raw = new Uint8Array(await (await server.get("/channels/live/b1/0/0/0.raw")).arrayBuffer());
  return [picture.data[0], probe.points[0]?.values[0]?.number, statistics.max, raw[0]];
}

const all = (value: number) => [value, value, value, value];

describe("a chunk that is written into an image that is served", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });

  it.each<[string, 2 | 3, RegExp, Partial<ArraySpec>]>([
    ["Zarr 2, one folder", 2, /^0\/0\.0\.0$/, {}],
    ["Zarr 2, nested", 2, /^0\/0\/0\/0$/, { separator: "/" }],
    ["Zarr 3", 3, /^0\/c\/0\/0\/0$/, {}],
    ["Zarr 3, shards", 3, /^0\/c\/0\/0\/0$/, { shard: [1, 2, 2], packing: "zstd" }],
  ])("in place is in the next look's picture, probe, statistics and samples: %s", async (_, version, chunk, more) => {
    server = await runServer({});
    await write(await image(10, version, more));
    expect(await seen()).toEqual(all(10));
    const old = (await server.get(`/tiles/live/0/0/0.png?${PLAIN}`)).headers.get("etag");
    await write(await image(200, version, more), chunk);
    vi.advanceTimersByTime(LOOK_MS);
    expect(await seen()).toEqual(all(200));
    expect((await server.get(`/tiles/live/0/0/0.png?${PLAIN}`)).headers.get("etag")).not.toBe(old);
  });

  it.each<[string, 2 | 3, RegExp, Partial<ArraySpec>]>([
    ["Zarr 2, one folder", 2, /^0\/0\.0\.0$/, {}],
    ["Zarr 2, nested", 2, /^0\/0\/0\/0$/, { separator: "/" }],
    ["Zarr 3", 3, /^0\/c\/0\/0\/0$/, {}],
  ])("where there was none is in the next look's answers: %s", async (_, version, chunk, more) => {
    server = await runServer({});
    await write(await image(200, version, more), /\.z|zarr\.json$/);
    expect(await seen()).toEqual(all(0));
    // Whoever looks first must not keep the list of a folder for the look behind.
    vi.advanceTimersByTime(LOOK_MS);
    expect(await seen()).toEqual(all(0));
    await write(await image(200, version, more), chunk);
    vi.advanceTimersByTime(LOOK_MS);
    expect(await seen()).toEqual(all(200));
  });

  it("by renaming it, or taken away, is seen as well", async () => {
    server = await runServer({});
    await write(await image(10, 3));
    expect(await seen()).toEqual(all(10));
    const chunk = join(server.folder, "live.zarr", "0/c/0/0/0");
    await writeFile(`${chunk}.partial`, new Uint8Array(256).fill(90));
    await rename(`${chunk}.partial`, chunk);
    vi.advanceTimersByTime(LOOK_MS);
    expect(await seen()).toEqual(all(90));
    await rm(chunk);
    vi.advanceTimersByTime(LOOK_MS);
    expect(await seen()).toEqual(all(0));
  });

  it.each([
    "/probe/live.json?f=window(b1,0,255)&points=0,0",
    "/statistics/live.json?f=window(b1,0,255)",
    "/tiles/live/0/0/0.png?f=window(b1,0,255)",
    "/tiles/live/0/0/0.png?f=b1",
    "/channels/live/b1/0/0/0.raw",
  ])("never makes part of an answer: what reads it before the next look is answered anew: %s", async (path) => {
    server = await runServer({});
    await write(await image(10, 3));
    expect((await server.get("/channels/live/b1/0/1/1.raw")).status).toBe(200);
    await write(await image(200, 3), /^0\/c\/0\/0\/0$/);
    // No time has passed, and this chunk was not read before.
    expect((await server.get(path)).status).toBe(200);
    expect(await seen()).toEqual(all(200));
  });

  it("is seen by a server that starts with the tiles of one that ended before", async () => {
    server = await runServer({});
    const cacheFolder = join(server.folder, ".cache");
    const options = { cacheFolder, dataFolder: server.folder };
    await write(await image(10, 3));
    const first = await runServer({}, options);
    const path = `/tiles/live/0/0/0.png?${PLAIN}`;
    expect((await first.get(path)).headers.get("x-bandloom-cache")).toBe("RENDERED");
    await first.close();
    const same = await runServer({}, options);
    expect((await same.get(path)).headers.get("x-bandloom-cache")).toBe("EMBEDDED");
    await same.close();
    await write(await image(200, 3), /^0\/c\/0\/0\/0$/);
    const second = await runServer({}, options);
    const answer = await second.get(path);
    expect(answer.headers.get("x-bandloom-cache")).toBe("RENDERED");
    expect(PNG.sync.read(Buffer.from(await answer.arrayBuffer())).data[0]).toBe(200);
    await second.close();
  });
});

describe("a chunk that is written into an image behind HTTP", () => {
  const HOUR_MS = 3_600_000;
  let files: Map<string, Uint8Array>;
  let store: RangeServer;
  let folder: string;
  const tile = `/tiles/live/0/0/0.png?${PLAIN}`;

  beforeEach(async () => {
    // Somewhere within an hour, and not at its end.
    vi.useFakeTimers({ toFake: ["performance", "Date"], now: 1_700_000_000_000 });
    files = await image(10, 3);
    store = await startRangeServer(files);
    folder = await mkdtemp(join(tmpdir(), "bandloom-live-"));
    await writeFile(join(folder, "catalogue.yaml"), `images:\n  live:\n    source: "${store.url}/"\n`);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const serve = async (more: Parameters<typeof runServer>[1] = {}) => {
    const remote = { allowed: [store.url], timeoutMs: HOUR_MS };
    server = await runServer({}, { catalogueFile: join(folder, "catalogue.yaml"), remote, ...more });
  };
  const replace = async () => {
    const chunk = (await image(200, 3)).get("0/c/0/0/0");
    if (chunk) files.set("0/c/0/0/0", chunk);
  };
  const versioned = async () => {
    const { tiles } = (await (await server.get(`/tilejson/live.json?${PLAIN}`)).json()) as { readonly tiles: string[] };
    return `/tiles/live/0/0/0.png?${PLAIN}&v=${/[?&]v=([0-9a-f]+)/.exec(tiles[0] ?? "")?.[1]}`;
  };

  it("is in picture, probe, statistics and samples with the next hour", async () => {
    // What was asked for just now would be kept for a second that no clock of the test tells.
    await serve({ remote: { allowed: [store.url], timeoutMs: HOUR_MS, freshMs: 1 } });
    expect(await seen()).toEqual(all(10));
    const old = (await server.get(tile)).headers.get("etag") ?? "";
    await replace();
    vi.advanceTimersByTime(HOUR_MS);
    const answer = await server.get(tile, { headers: { "if-none-match": old } });
    expect([answer.status, answer.headers.get("x-bandloom-cache")]).toEqual([200, "RENDERED"]);
    expect(await seen()).toEqual(all(200));
  });

  it("is no cause to read anything again within the hour", async () => {
    await serve();
    expect(await seen()).toEqual(all(10));
    await replace();
    vi.advanceTimersByTime(HOUR_MS / 8);
    expect((await server.get(tile)).headers.get("x-bandloom-cache")).toBe("MEMORY");
  });

  it("is why its addresses are not immutable", async () => {
    await serve();
    expect((await server.get(await versioned())).headers.get("cache-control")).toBe("no-cache");
  });

  it("is seen by nobody where chunks are said to stay what they are: its addresses are immutable then", async () => {
    await serve({ chunkHoldMs: 0 });
    expect((await server.get(await versioned())).headers.get("cache-control")).toContain("immutable");
    await replace();
    vi.advanceTimersByTime(30 * HOUR_MS);
    expect((await server.get(tile)).headers.get("x-bandloom-cache")).toBe("MEMORY");
  });

  it("costs no second look at the documents when its image is read after it was described", async () => {
    await serve({ remote: { allowed: [store.url], timeoutMs: HOUR_MS, freshMs: 1 } });
    expect(await seen()).toEqual(all(10));
    const documents = store.requests.filter((request) => request.endsWith("/0/zarr.json"));
    expect(documents).toHaveLength(1);
  });

  it("ends a signed link's time in caches with the hour", async () => {
    const keys = [{ id: "a", secret: Buffer.alloc(16, 7) }];
    await serve({ signing: { keys, hours: 48 } });
    const query = `{ image(key: "live") { render(formula: "window(b1,0,255)") { urlTemplate } } }`;
    const answer = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { data } = (await answer.json()) as { data: { image: { render: { urlTemplate: string } } } };
    const path = data.image.render.urlTemplate.replace("{z}/{x}/{y}", "0/0/0");
    const { headers } = await server.get(path);
    expect(headers.get("cache-control")).toBe("public");
    const end = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
    expect(headers.get("expires")).toBe(new Date(end).toUTCString());
  });
});
