import fc from "fast-check";
import { PNG as Decoder } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { levelSize } from "../../src/core/geometry.ts";
import { regionSize, regionTask } from "../../src/service/regions.ts";
import type { ValidFormula } from "../../src/service/types/formula.ts";
import { pixel } from "../fixtures/tiff-pixels.ts";
import { imageInfo } from "../plan/image-info.ts";
import { boundTo, codeOf, openPipeline, type Pipeline, PNG, servedImage } from "./support.ts";

const IMAGE = { width: 600, height: 400, tile: [64, 64], codec: "deflate", samples: 2, nodata: "3" } as const;
const WIDE = { width: 2400, height: 1800, tile: [512, 512], codec: "deflate", value: (x: number) => x % 100 } as const;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ "plate.tif": IMAGE, "wide.tif": WIDE, "changing.tif": IMAGE });
});
afterAll(() => pipeline.close());

describe("a region", () => {
  const side = 1e5;
  const regions = fc
    .record({
      width: fc.integer({ min: 1, max: side }),
      height: fc.integer({ min: 1, max: side }),
      left: fc.double({ min: 0, max: 1, noNaN: true }),
      top: fc.double({ min: 0, max: 1, noNaN: true }),
      right: fc.double({ min: 0, max: 1, noNaN: true }),
      bottom: fc.double({ min: 0, max: 1, noNaN: true }),
      maxSize: fc.integer({ min: 1, max: 4096 }),
    })
    .map(({ width, height, left, top, right, bottom, maxSize }) => {
      const [x, y] = [Math.floor(left * (width - 1)), Math.floor(top * (height - 1))];
      const region = {
        x,
        y,
        width: 1 + Math.floor(right * (width - x - 1)),
        height: 1 + Math.floor(bottom * (height - y - 1)),
      };
      const formula = boundTo(servedImage(imageInfo(width, height)), "window(b1, 0, 9)");
      return { formula, region, maxSize, encoding: PNG };
    });

  it("fits its largest side, is never scaled up, and never vanishes", () => {
    fc.assert(
      fc.property(regions, (request) => {
        const { width, height } = regionSize(request);
        expect(Math.max(width, height)).toBe(
          Math.min(request.maxSize, Math.max(request.region.width, request.region.height)),
        );
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
        expect(width).toBeLessThanOrEqual(request.region.width);
      }),
    );
  });

  it("comes from inside a level that exists, never enlarged but by a rounding", () => {
    fc.assert(
      fc.property(regions, (request) => {
        const { level, region, resize } = regionTask(request);
        const { image } = request.formula;
        const size = levelSize(image.info, level);
        expect(level).toBeLessThan(image.levels);
        expect(region.width).toBeGreaterThanOrEqual(1);
        expect(region.height).toBeGreaterThanOrEqual(1);
        expect(region.x + region.width).toBeLessThanOrEqual(size.width);
        expect(region.y + region.height).toBeLessThanOrEqual(size.height);
        if (resize && Math.min(resize.width, resize.height) > 1)
          expect(region.width).toBeGreaterThanOrEqual(resize.width - 1);
      }),
    );
  });

  it("holds its pixels, is kept, and is told from a tile", async () => {
    const formula = await pipeline.bind("plate", "window(b1, 0, 255)");
    const request = { formula, region: { x: 100, y: 50, width: 30, height: 20 }, maxSize: 100, encoding: PNG };
    const first = await pipeline.tiles.region(request);
    const jobs = pipeline.asked.jobs.length;
    const second = await pipeline.tiles.region(request);
    expect(pipeline.asked.jobs.length).toBe(jobs);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ width: 30, height: 20 });
    const picture = Decoder.sync.read(Buffer.from(first.bytes));
    const at = 4 * (7 * 30 + 11);
    const value = pixel(IMAGE, 111, 57, 0);
    expect([picture.data[at], picture.data[at + 3]]).toEqual(value === 3 ? [0, 0] : [value, 255]);
  });

  it("of a file that has just been replaced is of the new file", async () => {
    const formula = await pipeline.bind("changing", "window(b1, 0, 255)");
    const after = { ...IMAGE, seed: 9 };
    await pipeline.put("changing.tif", after);
    const region = { x: 0, y: 0, width: 9, height: 9 };
    const { bytes, version } = await pipeline.tiles.region({ formula, region, maxSize: 9, encoding: PNG });
    expect(version).toBe((await pipeline.bind("changing", "b1")).version);
    expect(version).not.toBe(formula.version);
    expect(Decoder.sync.read(Buffer.from(bytes)).data[4 * 40]).toBe(pixel(after, 4, 4, 0));
  });
});

describe("statistics", () => {
  const all = { level: null, region: null, bins: 4, percentiles: [0, 50, 100] };

  it("are exact where the region is small enough to look at in full, and say so", async () => {
    const formula = await pipeline.bind("plate", "b1 + b2");
    const region = { x: 500, y: 300, width: 100, height: 100 };
    const result = await pipeline.tiles.statistics({ ...all, formula, region });
    const values = Array.from({ length: 10_000 }, (_, index) => {
      const [x, y] = [500 + (index % 100), 300 + Math.floor(index / 100)];
      return [pixel(IMAGE, x, y, 0), pixel(IMAGE, x, y, 1)];
    });
    const sums = values.filter((pair) => !pair.includes(3)).map(([a = 0, b = 0]) => a + b);
    expect(result).toMatchObject({ level: 0, exact: true, count: 10_000, validCount: sums.length });
    expect(result.min).toBe(Math.min(...sums));
    expect(result.max).toBe(Math.max(...sums));
    expect(result.mean).toBeCloseTo(sums.reduce((a, b) => a + b) / sums.length, 3);
    expect(result.histogram.counts.reduce((a, b) => a + b)).toBe(sums.length);
  });

  it("come from the finest level of which all values can be held where none is named", async () => {
    const formula = await pipeline.bind("wide", "b1");
    expect(await pipeline.tiles.statistics({ ...all, formula })).toMatchObject({
      level: 1,
      exact: false,
      count: 1_080_000,
    });
    expect(await codeOf(() => pipeline.tiles.statistics({ ...all, formula, level: 9 }))).not.toBe("no error");
    const region = { x: 2399, y: 1799, width: 1, height: 1 };
    expect(await pipeline.tiles.statistics({ ...all, formula, region, level: 4 })).toMatchObject({
      level: 4,
      count: 1,
    });
  });

  it("count every pixel of a level that is named, exactly where values are whole numbers below 8,192", async () => {
    const formula = await pipeline.bind("wide", "b1 + 0");
    const result = await pipeline.tiles.statistics({ ...all, formula, level: 0 });
    const rest = await pipeline.tiles.statistics({
      ...{ ...all, formula, level: 0 },
      region: { x: 0, y: 0, width: 2400, height: 600 },
    });
    expect(result).toMatchObject({ level: 0, exact: false, count: 4_320_000, validCount: 4_320_000 });
    // The image repeats itself downwards.
    expect(result.percentiles).toEqual(rest.percentiles);
    expect(result.histogram.counts).toEqual(rest.histogram.counts.map((count) => 3 * count));
    expect([result.min, result.max]).toEqual([rest.min, rest.max]);
    expect(result.mean).toBeCloseTo(rest.mean ?? Number.NaN, 6);
    expect(result.standardDeviation).toBeCloseTo(rest.standardDeviation ?? Number.NaN, 6);
  });

  it("are refused of more pixels than can be counted, before any is read", async () => {
    const huge = boundTo(servedImage(imageInfo(100_000, 100_000, [{}], 1)), "b1 + 0");
    expect(await codeOf(() => pipeline.tiles.statistics({ ...all, formula: huge, level: 2 }))).toBe("LIMIT_EXCEEDED");
    expect(await codeOf(() => pipeline.tiles.statistics({ ...all, formula: huge, level: 0 }))).toBe("LIMIT_EXCEEDED");
  });

  it("are computed once for a formula, however it is written, and for all who ask at once", async () => {
    const region = { x: 10, y: 10, width: 50, height: 50 };
    const texts = ["b1 + b2 * 3", "3*b2+b1", "b1 + b2 * 3"];
    const formulas = await Promise.all(texts.map((text) => pipeline.bind("plate", text)));
    const before = pipeline.asked.statistics;
    const results = await Promise.all(
      formulas.map((formula) => pipeline.tiles.statistics({ ...all, formula, region })),
    );
    await pipeline.tiles.statistics({ ...all, formula: formulas[1] as ValidFormula, region });
    expect(pipeline.asked.statistics - before).toBe(1);
    expect(results[1]).toEqual(results[0]);
  });

  it("are of the number before its window", async () => {
    const formula = await pipeline.bind("wide", 'colormap(window(b1, 10, 20), "jet")');
    const region = { x: 0, y: 0, width: 100, height: 1 };
    expect(await pipeline.tiles.statistics({ ...all, formula, region })).toMatchObject({ min: 0, max: 99 });
  });
});

describe("a probe", () => {
  it("tells stored values, the formula's numbers and the colour under a point", async () => {
    const formula = await pipeline.bind("plate", "window(b1 + b2, 0, 510)");
    const [x, y] = [577, 391];
    const [a, b] = [pixel(IMAGE, x, y, 0), pixel(IMAGE, x, y, 1)];
    const [point] = (await pipeline.tiles.probe({ formula, points: [{ x, y }], level: 0 })).points;
    const gray = Math.round((255 * (a + b)) / 510)
      .toString(16)
      .padStart(2, "0");
    expect(point).toEqual({
      ...{ x, y },
      channels: [
        { channel: 0, value: { number: a, state: "FINITE" } },
        { channel: 1, value: { number: b, state: "FINITE" } },
      ],
      values: [{ number: a + b, state: "FINITE" }],
      color: `#${gray}${gray}${gray}`,
    });
  });

  it("tells no data, and points outside of the image, in the order of the points", async () => {
    const formula = await pipeline.bind("plate", "b1; b2; b1");
    const hole = Array.from({ length: 600 }, (_, x) => x).find((x) => pixel(IMAGE, x, 0, 0) === 3) ?? 0;
    const points = [
      { x: -1, y: 0 },
      { x: hole, y: 0 },
      { x: 600, y: 0 },
      { x: 0, y: 400 },
      { x: 1e15, y: 0 },
    ];
    const { points: probed } = await pipeline.tiles.probe({ formula, points, level: 0 });
    expect(probed.map(({ x, y }) => ({ x, y }))).toEqual(points);
    expect(probed.map(({ values }) => values[0]?.state)).toEqual([
      "OUTSIDE",
      "NODATA",
      "OUTSIDE",
      "OUTSIDE",
      "OUTSIDE",
    ]);
    expect(probed.map(({ color }) => color)).toEqual([null, null, null, null, null]);
    expect(probed[1]?.channels[0]).toEqual({ channel: 0, value: { number: null, state: "NODATA" } });
  });

  it("answers a formula that makes no picture, without a colour", async () => {
    const formula = await pipeline.bind("plate", "b1; b2");
    const [point] = (await pipeline.tiles.probe({ formula, points: [{ x: 599, y: 399 }], level: 1 })).points;
    expect(point?.values).toHaveLength(2);
    expect(point?.color).toBeNull();
  });
});
