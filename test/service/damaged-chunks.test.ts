import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArraySpec, buildImage } from "../fixtures/zarr-builder.ts";
import { codeOf, NPY, openPipeline, type Pipeline, PNG, valuesOf } from "./support.ts";

const SIDE = 192;
const TILE = 64;
/** Rises to the right; a chunk that cannot be read would change what there is to see. */
const value = (x: number, y: number) => 1000 + 10 * x + (y % 5);
const spoiled = () => new Uint8Array(9);
const CHUNKED = { width: SIDE, height: SIDE, type: "uint16", tile: [TILE, TILE], codec: "deflate", value } as const;

/** Values of the planes of a stack, one of which cannot be read. */
const STACK: ArraySpec = {
  ...{ shape: [3, 64, 64], chunk: [1, 64, 64], packing: "zstd" },
  value: ([z = 0, y = 0, x = 0]) => 1000 * (z + 1) + x + y,
};

let pipeline: Pipeline;
beforeAll(async () => {
  const stack = Object.fromEntries(
    [...(await buildImage({ axes: "zyx", levels: [STACK] }))].map(([path, bytes]) => [
      `stack.zarr/${path}`,
      path.endsWith("c/1/0/0") ? spoiled() : bytes,
    ]),
  );
  const large = { ...CHUNKED, width: 3 * SIDE, height: 3 * SIDE };
  const halved = { ...large, width: 1.5 * SIDE, height: 1.5 * SIDE, value: (x: number, y: number) => value(2 * x, y) };
  pipeline = await openPipeline({
    "one.tif": { ...CHUNKED, replaceChunk: (chunk, stored) => (chunk === 8 ? spoiled() : stored) },
    "sound.tif": CHUNKED,
    "all.tif": { ...CHUNKED, replaceChunk: spoiled },
    "fine.tif": { ...large, replaceChunk: spoiled, children: [{ ...halved, reduced: true }] },
    "described.tif": {
      ...{ ...CHUNKED, replaceChunk: spoiled },
      gdalMetadata:
        '<GDALMetadata><Item name="STATISTICS_MINIMUM" sample="0">5</Item><Item name="STATISTICS_MAXIMUM" sample="0">900</Item></GDALMetadata>',
    },
    ...stack,
  });
});
afterAll(() => pipeline.close());

async function tilesOf(key: string, text: string | null, encoding = PNG) {
  const formula = await pipeline.bind(key, text);
  const places = Array.from({ length: 9 }, (_, index) => ({ x: index % 3, y: Math.floor(index / 3) }));
  const requests = places.map((place) => ({ formula, level: 0, ...place, tileSize: TILE, pad: false, encoding }));
  return { formula, tiles: await pipeline.tiles.tiles(requests) };
}

describe("a damaged chunk", () => {
  it.each([null, "@1", "stretch(@1, 1, 99)", "zscale(@1)", "equalize(@1)", "@1 - mean(@1)", "window(@1, 0, 4000)"])(
    "fails the tile that needs it and no others: %s",
    async (text) => {
      const { tiles } = await tilesOf("one", text);
      expect(tiles.map((tile) => !(tile instanceof Error))).toEqual([...Array(8).fill(true), false]);
    },
  );

  it("fails the tiles whose neighbourhoods reach it, and no others", async () => {
    const { tiles } = await tilesOf("one", "blur(@1, 2)");
    expect(tiles.map((tile) => (tile instanceof Error ? 0 : 1))).toEqual([1, 1, 1, 1, 0, 0, 1, 0, 0]);
  });

  it("is told of where something is measured, of the pixels that can be read", async () => {
    const { formula } = await tilesOf("one", "@1");
    expect(formula.diagnostics).toMatchObject([{ severity: "warning", code: "MEASURED_IN_PART", from: 0, to: 2 }]);
    const sound = (await pipeline.bind("sound", "@1")).formula.windows[0];
    expect(formula.formula.windows[0]?.low).toBeCloseTo(sound?.low ?? 0, -2);
    expect((await pipeline.bind("sound", "@1")).diagnostics).toEqual([]);
    expect((await pipeline.bind("one", "window(@1, 0, 4000)")).diagnostics).toEqual([]);
    const { count } = { count: SIDE * SIDE - TILE * TILE };
    const whole = Array.from({ length: SIDE * SIDE }, (_, at) => [at % SIDE, Math.floor(at / SIDE)] as const);
    const read = whole.filter(([x, y]) => x < 2 * TILE || y < 2 * TILE).map(([x, y]) => value(x, y));
    expect(read).toHaveLength(count);
    const mean = read.reduce((sum, one) => sum + one, 0) / count;
    const { canonical } = (await pipeline.bind("one", "window(@1, 0, mean(@1))")).formula;
    expect(Number(/, ([\d.]+)\)$/.exec(canonical)?.[1])).toBeCloseTo(mean, 1);
  });

  it("fails statistics that somebody asks for, which would not be of what was meant", async () => {
    const formula = await pipeline.bind("one", "@1");
    const asked = { formula, level: null, region: null, bins: 8, percentiles: [50] };
    expect(await codeOf(() => pipeline.tiles.statistics(asked))).toBe("SOURCE_UNREADABLE");
  });

  it("leaves numbers of the other tiles as they are", async () => {
    const { tiles } = await tilesOf("one", "@1", NPY);
    const [tile] = tiles;
    if (!tile || tile instanceof Error) throw new Error("no tile");
    expect(valuesOf(tile.bytes)[1]).toBe(value(1, 0));
  });

  it("of a stack leaves the windows of its other planes", async () => {
    const bound = await pipeline.bind("stack", "@1[z=0]");
    const [range] = bound.formula.windows;
    expect(bound.diagnostics).toMatchObject([{ code: "MEASURED_IN_PART" }]);
    expect(range?.low).toBeGreaterThanOrEqual(1000);
    expect(range?.low).toBeLessThan(1020);
    expect(range?.high).toBeGreaterThan(3100);
    expect((await pipeline.bind("stack", "@1[z=2]")).formula.windows).toEqual([range]);
  });

  it("sends the measure to other levels where none of the best can be read", async () => {
    const bound = await pipeline.bind("fine", "@1");
    expect(bound.diagnostics).toMatchObject([{ code: "MEASURED_IN_PART" }]);
    expect(bound.formula.windows[0]?.high).toBeGreaterThan(6000);
  });

  it("leaves the window that the file states, where nothing can be read", async () => {
    expect((await pipeline.bind("described", "@1")).formula.windows).toEqual([{ low: 5, high: 900 }]);
    expect(await codeOf(() => pipeline.bind("all", "@1"))).toBe("SOURCE_UNREADABLE");
    expect(await codeOf(() => pipeline.bind("described", "@1 + 1"))).toBe("SOURCE_UNREADABLE");
  });
});
