import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLevel, readDescription, readSamples } from "../fixtures/pyramid-oracle.ts";
import { type RedisServer, startRedis } from "../fixtures/redis.ts";
import { anonymousMemory, type RunningServer, startServer } from "../fixtures/server.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const TILE = 64;
/** What takes some milliseconds, on a busy machine: a hang. */
const HANG_MS = 30_000;

interface TileNode {
  readonly x: number;
  readonly y: number;
  readonly url: string;
  readonly base64?: string;
  readonly cache?: string;
}

interface Answer {
  readonly image: {
    readonly render: {
      readonly hash: string;
      readonly canonical: string;
      readonly tiles: { readonly count: number; readonly nodes: readonly TileNode[] };
    };
  };
}

const range = (fields: string, formula = "red + 2*(uv1 - green)", encoding = "") =>
  `{ image(key: "demo-100k") { render(formula: "${formula}") { hash canonical
     tiles(level: 2, x: {from: 157, to: 167}, y: {from: 195, to: 205}, tileSize: 64 ${encoding}) { count nodes { x y ${fields} } } } } }`;

const data = mkdtempSync(join(tmpdir(), "bandloom-scale-"));
const file = join(data, "demo-100k.ome.tif");
beforeAll(async () => {
  await promisify(execFile)(process.execPath, [PROGRAM, "demo", "--size", "100000", "-o", file]);
}, 300_000);
afterAll(() => rmSync(data, { recursive: true, force: true }));

describe("the request that started it, on an image of 100,000 × 100,000 × 15", () => {
  let server: RunningServer;
  let expected: Uint8Array;

  beforeAll(async () => {
    server = await startServer({ data });
    expected = await referenceRange(file);
  });

  afterAll(() => server?.stop());

  it("answers 121 tile URLs that serve JPEGs of the right pixels", async () => {
    const { tiles } = (await server.query<Answer>(range("url"))).image.render;
    expect(tiles.count).toBe(121);
    expect(tiles.nodes).toHaveLength(121);
    for (const { x, y, url } of tiles.nodes) {
      const response = await fetch(new URL(url, server.url));
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("image/jpeg");
      expect(response.headers.get("cache-control")).toContain("immutable");
      const pixels = await decode(new Uint8Array(await response.arrayBuffer()));
      expect(meanDifference(pixels, tileOf(expected, x, y))).toBeLessThan(3);
    }
  });

  it("gives the same bytes as base64 as behind the URLs", async () => {
    const { nodes } = (await server.query<Answer>(range("url base64"))).image.render.tiles;
    expect(nodes).toHaveLength(121);
    for (const { url, base64 } of nodes.slice(0, 10)) {
      const bytes = Buffer.from(await (await fetch(new URL(url, server.url))).arrayBuffer());
      expect(bytes.toString("base64")).toBe(base64);
    }
  });

  it("is exact in PNG, pixel by pixel", async () => {
    const { nodes } = (await server.query<Answer>(range("base64", undefined, ", encoding: {format: PNG}"))).image.render
      .tiles;
    for (const { x, y, base64 } of nodes) {
      const pixels = await decode(Buffer.from(base64 ?? "", "base64"));
      expect(Buffer.compare(pixels, tileOf(expected, x, y))).toBe(0);
    }
  });

  it("knows another spelling of the same formula, and serves it from the cache, also after a restart", async () => {
    const spelling = "2 * ( uv1-green )+red";
    const first = (await server.query<Answer>(range("url base64"))).image.render;
    const second = (await server.query<Answer>(range("url base64 cache", spelling))).image.render;
    expect(second.hash).toBe(first.hash);
    expect(second.canonical).toBe(first.canonical);
    expect(new Set(second.tiles.nodes.map(({ cache }) => cache))).toEqual(new Set(["MEMORY"]));

    await server.stop();
    server = await startServer({ data });
    const third = (await server.query<Answer>(range("base64 cache", spelling))).image.render;
    expect(new Set(third.tiles.nodes.map(({ cache }) => cache))).toEqual(new Set(["EMBEDDED"]));
    expect(third.tiles.nodes.map(({ base64 }) => base64)).toEqual(first.tiles.nodes.map(({ base64 }) => base64));
  });

  it("keeps its anonymous memory under 300 MB over 2,000 tiles", async () => {
    for (let batch = 0; batch < 20; batch++) {
      const fetches = Array.from({ length: 100 }, async (_, index) => {
        const n = batch * 100 + index;
        const path = `/tiles/demo-100k/9/${(n * 7) % 390}/${(n * 13) % 390}.jpg?f=red%20%2B%20uv1%2A${n % 5}`;
        const response = await fetch(`${server.url}${path}`);
        expect(response.status).toBe(200);
        await response.arrayBuffer();
      });
      await Promise.all(fetches);
    }
    // What is garbage may be collected a moment later.
    await expect.poll(() => anonymousMemory(server.pid()), { timeout: HANG_MS }).toBeLessThan(300 * 1_000_000);
  }, 300_000);
});

describe("two processes that share a Redis", () => {
  const copy = mkdtempSync(join(tmpdir(), "bandloom-shared-"));
  let redis: RedisServer;
  let servers: RunningServer[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    // Copies must keep their modification time, which is part of an image's identity.
    await promisify(execFile)("cp", ["-p", file, copy]);
    const environment = { REDIS_URL: redis.url, BANDLOOM_REDIS_TIMEOUT_MS: "30000" };
    servers = await Promise.all([data, copy].map((folder) => startServer({ data: folder, environment })));
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await redis?.stop();
    rmSync(copy, { recursive: true, force: true });
  });

  it("serve each other's tiles, whatever the spelling of the formula", async () => {
    const [one, two] = servers;
    if (!one || !two) throw new Error("Two servers were expected.");
    const first = (await one.query<Answer>(range("url base64"))).image.render;
    // They are written in the background.
    const kept = async () => (await redis.admin.keys("*:tile:*")).length;
    await expect.poll(kept, { timeout: HANG_MS }).toBe(121);
    const second = (await two.query<Answer>(range("url base64 cache", "(uv1-green)*2+red"))).image.render;
    expect(new Set(second.tiles.nodes.map(({ cache }) => cache))).toEqual(new Set(["REDIS"]));
    expect(second.tiles.nodes.map(({ url }) => url)).toEqual(first.tiles.nodes.map(({ url }) => url));
    expect(second.tiles.nodes.map(({ base64 }) => base64)).toEqual(first.tiles.nodes.map(({ base64 }) => base64));
  });
});

/** red + 2·(uv1 − green), shown in 0…255, over the whole range, from raw values that another reader read. */
async function referenceRange(file: string): Promise<Uint8Array> {
  const side = 11 * TILE;
  const window = [157 * TILE, 195 * TILE, 157 * TILE + side, 195 * TILE + side];
  const names = [...(await readDescription(file)).matchAll(/<Channel [^>]*Name="([^"]+)"/g)].map((match) => match[1]);
  const read = async (name: string) => readSamples(await openLevel(file, names.indexOf(name), 2), window);
  const [red, uv1, green] = await Promise.all(["Red", "UV-1", "Green"].map(read));
  if (!red || !uv1 || !green) throw new Error("A channel was not read.");
  return Uint8Array.from(red, (value, index) => {
    const result = value + 2 * ((uv1[index] ?? 0) - (green[index] ?? 0));
    return roundHalfEven(Math.fround(255 * Math.fround(Math.min(Math.max(result, 0), 255) / 255)));
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function tileOf(pixels: Uint8Array, x: number, y: number): Buffer {
  const stride = 11 * TILE;
  const rows = Array.from({ length: TILE }, (_, row) => {
    const start = ((y - 195) * TILE + row) * stride + (x - 157) * TILE;
    return pixels.subarray(start, start + TILE);
  });
  return Buffer.concat(rows);
}

async function decode(bytes: Uint8Array): Promise<Buffer> {
  return await sharp(bytes).extractChannel(0).raw().toBuffer();
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}
