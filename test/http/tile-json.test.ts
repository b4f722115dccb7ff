import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { double, short, TAG } from "../fixtures/tiff-builder.ts";
import { IMAGES } from "./images.ts";
import { type Running, requestText, runServer } from "./running.ts";

const MODEL = 1024;
const GEOGRAPHIC = 2048;
const PROJECTED = 3072;

/** Square pixels from a top left corner, in a reference system of one key. */
function placed(x: number, y: number, size: number, key: number, code: number) {
  return {
    [TAG.modelPixelScale]: double(size, size, 0),
    [TAG.modelTiepoint]: double(0, 0, 0, x, y, 0),
    [TAG.geoKeyDirectory]: short(1, 1, 0, 2, MODEL, 0, 1, key === PROJECTED ? 1 : 2, key, 0, 1, code),
  };
}

const SHAPE = { width: 600, height: 300, tile: [64, 64], codec: "deflate" } as const;
const PLACED = {
  "quebec.tif": { ...SHAPE, seed: 5, tags: placed(399_960, 5_400_000, 160, PROJECTED, 32_619) },
  "fiji.tif": { ...SHAPE, seed: 6, tags: placed(175, -15, 0.01, GEOGRAPHIC, 4326) },
  "moon.tif": { ...SHAPE, seed: 7, tags: placed(0, 0, 100, PROJECTED, 32_767) },
};

/** What TileJSON 2.2.0 lays down, by its text. */
const isTileJson = new Ajv({ allErrors: true }).compile({
  type: "object",
  required: ["tilejson", "tiles"],
  properties: {
    tilejson: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+$" },
    name: { type: "string" },
    description: { type: "string" },
    scheme: { enum: ["xyz", "tms"] },
    tiles: { type: "array", minItems: 1, items: { type: "string", pattern: "\\{z\\}.*\\{x\\}.*\\{y\\}" } },
    minzoom: { type: "integer", minimum: 0, maximum: 30 },
    maxzoom: { type: "integer", minimum: 0, maximum: 30 },
    bounds: { type: "array", minItems: 4, maxItems: 4, items: { type: "number", minimum: -180, maximum: 180 } },
    center: { type: "array", minItems: 3, maxItems: 3, items: { type: "number" } },
  },
});

let server: Running;
beforeAll(async () => {
  server = await runServer({ ...IMAGES, ...PLACED });
});
afterAll(() => server.close());

interface TileJson {
  readonly tiles: readonly [string];
  readonly bounds?: readonly number[];
  readonly center?: readonly number[];
  readonly [key: string]: unknown;
}

async function tileJson(path: string): Promise<TileJson> {
  const answer = await server.get(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  const document = (await answer.json()) as TileJson;
  expect(isTileJson(document), JSON.stringify(isTileJson.errors)).toBe(true);
  return document;
}

const NEGATIVE = `f=${encodeURIComponent("window(255 - b1, 0, 255)")}`;

describe("TileJSON", () => {
  it("names tiles that are served, from the coarsest zoom to the finest", async () => {
    const { tiles, minzoom, maxzoom } = await tileJson(`/tilejson/odd.json?${NEGATIVE}&format=png`);
    expect([minzoom, maxzoom]).toEqual([0, 1]);
    const tile = (z: number, x: number, y: number) =>
      server.get(tiles[0].replace("{z}", `${z}`).replace("{x}", `${x}`).replace("{y}", `${y}`));
    for (const [z, x, y] of [
      [0, 0, 0],
      [1, 1, 0],
    ] as const) {
      const answer = await tile(z, x, y);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
      expect(answer.headers.get("cache-control")).toContain("immutable");
    }
    expect((await tile(2, 0, 0)).status).toBe(404);
  });

  it("tells the formula, the size of tiles and how they are encoded in its template", async () => {
    const { tiles, tileSize, format } = await tileJson(`/tilejson/odd.json?${NEGATIVE}&s=128&format=webp&q=50`);
    expect([tileSize, format]).toEqual([128, "webp"]);
    expect(tiles[0]).toMatch(/^\/tiles\/odd\/\{z\}\/\{x\}\/\{y\}\.webp\?f=window.*&v=[0-9a-f]{16}&s=128&q=50&pad=1$/);
  });

  it("is of the image's own formula where none is given", async () => {
    expect((await tileJson("/tilejson/plates/p1.json")).tiles[0]).toContain("/tiles/plates/p1/{z}/{x}/{y}.jpg?f=");
  });

  it("has the bounds of an image with a place on Earth, and its place in its own reference system", async () => {
    const { bounds, center, crs, affine, width, height } = await tileJson("/tilejson/quebec.json");
    // By PROJ 9.5.1, of 2000 points a side.
    for (const [index, value] of [-70.36082, 48.31327, -69.0545, 48.753].entries())
      expect(bounds?.[index]).toBeCloseTo(value, 3);
    expect(center?.slice(2)).toEqual([0]);
    expect([crs, affine, width, height]).toEqual(["EPSG:32619", [160, 0, 399_960, 0, -160, 5_400_000], 600, 300]);
  });

  it("has bounds that do not go round the antimeridian, and a centre that is in the image", async () => {
    const { bounds, center } = await tileJson("/tilejson/fiji.json");
    expect(bounds).toEqual([-180, -18, 180, -15]);
    expect(center).toEqual([178, -16.5, 0]);
  });

  it("has no bounds where the reference system has no code", async () => {
    const { bounds, crs } = await tileJson("/tilejson/moon.json");
    expect([bounds, crs]).toEqual([undefined, null]);
  });

  it("is asked for again, and is 304 as long as nothing changes", async () => {
    const first = await server.get("/tilejson/odd.json");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    expect((await server.get("/tilejson/odd.json", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await server.get(`/tilejson/odd.json?${NEGATIVE}`, { headers: { "if-none-match": etag } })).status).toBe(
      200,
    );
  });

  it.each([
    ["/tilejson/odd.xml", 404],
    ["/tilejson/odd", 404],
    ["/tilejson/.json", 404],
    ["/tilejson/nobody.json", 404],
    ["/tilejson/odd.json?z=1", 400],
    ["/tilejson/odd.json?s=100", 400],
    ["/tilejson/odd.json?format=tiff", 404],
    ["/tilejson/odd.json?f=nonsense(", 400],
    ["/tilejson/odd.json?q=0", 400],
  ])("is refused as %s", async (path, status) => {
    const answer = await server.raw(requestText(path));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toHaveProperty("code");
  });

  it("is what GraphQL links to, with the same place", async () => {
    const query = `{ image(key: "quebec") { georeference { crs affine extent { minX minY maxX maxY } geographicBounds { west south east north } }
      render(formula: "255 - b1") { tileJsonUrl(tileSize: 512, encoding: { format: PNG }) } } moon: image(key: "moon") { georeference { crs geographicBounds { west } } }
      odd: image(key: "odd") { georeference { crs } } }`;
    const answer = await server.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await answer.json()) as {
      data: Record<string, { georeference: Record<string, unknown> | null; render: { tileJsonUrl: string } }>;
      errors: unknown;
    };
    expect(errors).toBeUndefined();
    const { bounds, tiles } = await tileJson(data.image?.render.tileJsonUrl ?? "");
    expect(tiles[0]).toContain(".png?f=window%28255%20-%20b1");
    expect(data.image?.georeference).toEqual({
      crs: "EPSG:32619",
      affine: [160, 0, 399_960, 0, -160, 5_400_000],
      extent: { minX: 399_960, minY: 5_352_000, maxX: 495_960, maxY: 5_400_000 },
      geographicBounds: { west: bounds?.[0], south: bounds?.[1], east: bounds?.[2], north: bounds?.[3] },
    });
    expect(data.moon?.georeference).toEqual({ crs: null, geographicBounds: null });
    expect(data.odd?.georeference).toBeNull();
  });
});
