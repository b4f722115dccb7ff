import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampledPixels } from "../../src/service/sampled-pixels.ts";
import { imageInfo } from "../plan/image-info.ts";
import { codeOf, openPipeline, type Pipeline } from "./support.ts";

const WIDTH = 200;
const HEIGHT = 100;
const value = (x: number, y: number) => (x * 7919 + y * 104_729) % 40_000;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "deep.tif": { width: WIDTH, height: HEIGHT, type: "uint16", tile: [64, 64], codec: "deflate", value },
    "bytes.tif": { width: 40, height: 30, samples: 3 },
    "classes.tif": { width: 40, height: 30, value: (x) => x % 5 },
    "flat.tif": { width: 40, height: 30, type: "uint16", value: () => 7 },
    "hollow.tif": { width: 40, height: 30, type: "float32", value: () => Number.NaN },
    "broken.tif": {
      width: 300,
      height: 300,
      type: "uint16",
      tile: [64, 64],
      codec: "deflate",
      replaceChunk: () => new Uint8Array(9),
    },
  });
});
afterAll(() => pipeline.close());

/** Linear interpolation between sorted values. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (percent / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}

const PIXELS = Array.from({ length: WIDTH * HEIGHT }, (_, index) => value(index % WIDTH, Math.floor(index / WIDTH)));

async function windowsOf(key: string, text: string): Promise<readonly (readonly number[])[]> {
  const { formula } = await pipeline.bind(key, text);
  return formula.windows.map(({ low, high }) => [low, high]);
}

describe("the window of a number that is shown without one", () => {
  it("is the 0.5 to 99.5 percentiles of the number, and stands in the canonical text", async () => {
    const [low, high] = [0.5, 99.5].map((percent) => Math.fround(percentile(PIXELS, percent)));
    expect(await windowsOf("deep", "b1")).toEqual([[low, high]]);
    const [, first, last] =
      /^window\(b1, ([\d.]+), ([\d.]+)\)$/.exec((await pipeline.bind("deep", "b1")).formula.canonical) ?? [];
    expect([first, last].map((text) => Math.fround(Number(text)))).toEqual([low, high]);
    const doubled = PIXELS.map((one) => 2 * one + 1);
    const [least, most] = [0.5, 99.5].map((percent) => Math.fround(percentile(doubled, percent)));
    expect(await windowsOf("deep", "1 + b1*2")).toEqual([[least, most]]);
  });

  it("is as many percent as stretch says", async () => {
    expect(await windowsOf("deep", "stretch(b1, 10, 90)")).toEqual([
      [10, 90].map((percent) => Math.fround(percentile(PIXELS, percent))),
    ]);
  });

  it("follows the windows inside its own argument", async () => {
    const inner = PIXELS.map((one) => Math.min(1, Math.max(0, (one - 0) / 40_000)));
    const [outer] = await windowsOf("deep", "stretch(log(window(b1, 0, 40000) + 1), 5, 95)");
    const expected = [5, 95].map((percent) =>
      percentile(
        inner.map((one) => Math.log(one + 1)),
        percent,
      ),
    );
    expect(outer?.[0]).toBeCloseTo(expected[0] ?? 0, 5);
    expect(outer?.[1]).toBeCloseTo(expected[1] ?? 0, 5);
    expect((await windowsOf("deep", "stretch(stretch(b1, 1, 99) ^ 2, 5, 95)")).length).toBe(1);
  });

  it.each([
    ["(b1 - b2) / (b1 + b2)", [[-1, 1]]],
    ["b1 > b2", [[0, 1]]],
    ["b1 + 2*(b2 - b3)", [[0, 255]]],
  ])("is known without a look at the pixels of bytes for %s", async (text, windows) => {
    const before = pipeline.asked.statistics;
    expect(await windowsOf("bytes", text)).toEqual(windows);
    expect(pipeline.asked.statistics).toBe(before);
  });

  it("is that of bytes where a channel by itself is not hidden by it", async () => {
    expect(await windowsOf("bytes", "b1")).toEqual([[0, 255]]);
    expect(await windowsOf("classes", "b1")).toEqual([[0, 4]]);
  });

  it("is one unit wide where all pixels are equal, and 0 to 1 where none is valid", async () => {
    expect(await windowsOf("flat", "b1")).toEqual([[7, 8]]);
    expect(await windowsOf("hollow", "b1")).toEqual([[0, 1]]);
  });

  it("is computed once for all who ask, and not again", async () => {
    const before = pipeline.asked.statistics;
    const texts = ["b1*3", "3 * b1", 'colormap(b1*3, "jet")'];
    const bound = await Promise.all([...texts, ...texts].map((text) => pipeline.bind("deep", text)));
    await pipeline.bind("deep", "gamma(b1*3, 2)");
    expect(pipeline.asked.statistics).toBe(before + 1);
    expect(bound[1]?.formula.hash).toBe(bound[0]?.formula.hash);
  });

  it("cannot be had from a file that cannot be decoded, and is asked for anew each time", async () => {
    const before = pipeline.asked.statistics;
    expect(await codeOf(() => pipeline.bind("broken", "b1"))).toBe("SOURCE_UNREADABLE");
    expect(await codeOf(() => pipeline.bind("broken", "b1"))).toBe("SOURCE_UNREADABLE");
    expect(pipeline.asked.statistics).toBe(before + 2);
    expect((await pipeline.bind("broken", "window(b1, 0, 9)")).valid).toBe(true);
  });

  it("makes invalid text data, not a failure", async () => {
    const image = await pipeline.images.get("deep");
    const bound = await pipeline.formulas.bind(image, "b1 +");
    expect(bound.valid).toBe(false);
    expect(bound.diagnostics[0]).toMatchObject({ severity: "error", line: 1 });
    expect(await codeOf(() => pipeline.formulas.bind(image, "b1", { z: 1 }))).toBe("BAD_REQUEST");
  });
});

describe("the pixels that percentiles are taken from", () => {
  it("are the finest stored level of at most a megapixel, whole", () => {
    const level = (width: number, height: number) => ({ width, height });
    const info = imageInfo(8192, 4096, [{}, level(4096, 2048), level(1024, 512), level(512, 256)]);
    expect(sampledPixels(info)).toEqual({ level: 3, regions: [{ x: 0, y: 0, width: 1024, height: 512 }] });
  });

  it("are never those of a level that is not stored", () => {
    const info = imageInfo(2000, 1000, [{ chunkWidth: 250, chunkHeight: 250 }]);
    const { level, regions } = sampledPixels(info);
    expect(level).toBe(0);
    expect(regions).toHaveLength(32);
  });

  it("else are 4 megapixels of the coarsest, in chunks spread evenly", () => {
    const info = imageInfo(100_000, 100_000, [{ chunkWidth: 512, chunkHeight: 512 }]);
    const { level, regions } = sampledPixels(info);
    expect(level).toBe(0);
    expect(regions).toHaveLength(16);
    expect(regions.every(({ x, y }) => x % 512 === 0 && y % 512 === 0)).toBe(true);
    const rows = regions.map(({ y }) => y);
    expect(Math.min(...rows)).toBeLessThan(10_000);
    expect(Math.max(...rows)).toBeGreaterThan(90_000);
  });

  it("are of a bounded number of chunks, however few pixels each holds", () => {
    const info = imageInfo(100_000, 100_000, [{ chunkWidth: 1, chunkHeight: 1 }]);
    const { regions } = sampledPixels(info);
    expect(regions).toHaveLength(4_096);
    expect(regions.every(({ width, height }) => width === 1 && height === 1)).toBe(true);
  });

  it("are of a bounded number of chunks in a small image, too", () => {
    const info = imageInfo(1000, 1000, [{ chunkWidth: 1, chunkHeight: 1 }]);
    expect(sampledPixels(info).regions).toHaveLength(4_096);
    const small = imageInfo(1024, 1024, [{ chunkWidth: 16, chunkHeight: 16 }]);
    expect(sampledPixels(small).regions).toHaveLength(1);
  });

  it("are fewer where chunks hold many planes or are joined of many strips", () => {
    const chunk = { chunkWidth: 64, chunkHeight: 64 };
    const regionsOf = (more: object) => sampledPixels(imageInfo(100_000, 100_000, [{ ...chunk, ...more }])).regions;
    expect(regionsOf({})).toHaveLength(1024);
    expect(regionsOf({ chunkBytes: 32 * 2 ** 20 })).toHaveLength(32);
    expect(regionsOf({ chunkReads: 1024 })).toHaveLength(64);
    expect(regionsOf({ chunkBytes: 2 ** 40 })).toHaveLength(1);
    const whole = imageInfo(512, 512, [{ ...chunk, chunkBytes: 32 * 2 ** 20 }]);
    expect(sampledPixels(whole).regions).toHaveLength(32);
  });

  it("are bounded when one chunk is the whole image", () => {
    const info = imageInfo(30_000, 30_000, [{ chunkWidth: 30_000, chunkHeight: 30_000 }]);
    const { regions } = sampledPixels(info);
    expect(regions).toHaveLength(1);
    expect((regions[0]?.width ?? 0) * (regions[0]?.height ?? 0)).toBeLessThanOrEqual(2 ** 22);
  });
});

describe("what a formula asks of the whole image", () => {
  const written = async (text: string, key = "deep") => (await pipeline.bind(key, text)).formula.canonical;
  const mean = PIXELS.reduce((sum, one) => sum + one, 0) / PIXELS.length;
  const deviation = Math.sqrt(PIXELS.reduce((sum, one) => sum + (one - mean) ** 2, 0) / PIXELS.length);
  const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1]);

  it("stands in the canonical text as a number: its mean, its deviation, a percentile", async () => {
    const around = /^window\(b1 - ([\d.]+), -1, 1\)$/;
    expect(number(await written("window(b1 - mean(b1), -1, 1)"), around)).toBe(Math.fround(mean));
    expect(number(await written("window(b1 - stddev(b1), -1, 1)"), around)).toBeCloseTo(deviation, 2);
    expect(number(await written("window(b1 - percentile(b1, 90), -1, 1)"), around)).toBe(
      Math.fround(percentile(PIXELS, 90)),
    );
    expect(await written("window(b1 - mean(2 * b1 + 1) + stddev(3), -1, 1)")).toBe(
      `window(b1 - ${number(await written("window(b1 - mean(1 + b1 * 2), -1, 1)"), around)} + 0, -1, 1)`,
    );
  });

  it("can be asked of what was asked before", async () => {
    const text = await written("window((b1 - mean(b1)) / stddev(b1 - mean(b1)), -2, 2)");
    expect(text).toMatch(/^window\(\(b1 - [\d.]+\) \/ [\d.]+, -2, 2\)$/);
  });

  it("equalises: every shade covers as many pixels as any other", async () => {
    const text = await written("equalize(b1)");
    expect(text).toMatch(/^cdf\(b1(, [\d.]+){33}\)$/);
    expect(await written(text)).toBe(text);
    const knots = text.slice(0, -1).split(", ").slice(1).map(Number);
    const wanted = Array.from({ length: 33 }, (_, index) => Math.fround(percentile(PIXELS, (index / 32) * 100)));
    expect(knots.map(Math.fround)).toEqual(wanted);
  });

  it("finds the window that astronomers use", async () => {
    expect(await written("zscale(b1)")).toMatch(/^window\(b1, [\d.]+, [\d.]+\)$/);
    expect(await written("zscale(b1, 0.25)")).toBe(await written("zscale(b1)"));
    expect(await written("zscale(exp(b1 / 8000), 1)")).not.toBe(await written("zscale(exp(b1 / 8000))"));
  });

  it("is no data where no pixel is valid, and the same everywhere where all are equal", async () => {
    expect(await written("window(1 + mean(b1), 0, 9)", "hollow")).toBe("window((0 / 0), 0, 9)");
    expect(await written("equalize(b1)", "flat")).toMatch(/^cdf\(b1(, 7){33}\)$/);
    expect(await written("zscale(b1)", "flat")).toBe("window(b1, 7, 8)");
  });

  it.each([
    ["percentile(b1, 101)", /from 0 to 100/],
    ["percentile(b1, b1)", /from 0 to 100/],
    ["zscale(b1, 0)", /above 0/],
    ["cdf(b1, 3)", /at least two quantiles/],
    ["cdf(b1, 3, 2)", /ascending/],
  ])("is refused with what is wrong: %s", async (text, message) => {
    await expect(pipeline.bind("deep", text)).rejects.toThrow(message);
  });
});
