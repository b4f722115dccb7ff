import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { short, TAG } from "../fixtures/tiff-builder.ts";
import { JPEG, openPipeline, type Pipeline, PNG } from "./support.ts";

/** What else only real images show (test/e2e/real-images.test.ts), on generated ones. */

const [WIDTH, HEIGHT, TILE] = [480, 360, 256];
const hasData = (x: number, y: number) => x + y >= 200;
const light = (x: number, y: number, sample: number) => 500 + ((x * 7 + y * 13 + sample * 101 + ((x * y) % 17)) % 3000);
const STRIPS = { width: 90, height: 70 };
const shade = (x: number, y: number, sample: number) => (x * 2 + y * 3 + sample * 50) & 0xff;
/** 0, opaque, and all between. */
const veil = (x: number, y: number) => (x * 3 + y) & 0xff;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "swath.tif": {
      ...{ width: WIDTH, height: HEIGHT, type: "uint16", samples: 3, planar: true, tile: [128, 96] },
      ...{ nodata: "0", codec: "deflate", predictor: 2 },
      value: (x, y, sample) => (hasData(x, y) ? light(x, y, sample) : 0),
    },
    "veiled.tif": {
      ...{ ...STRIPS, samples: 4, tile: [32, 32], codec: "deflate" },
      value: (x, y, sample) => (sample === 3 ? veil(x, y) : shade(x, y, sample)),
      tags: { [TAG.photometric]: short(2), [TAG.extraSamples]: short(2) },
    },
    "folder/strips.tif": { ...STRIPS, samples: 3, rowsPerStrip: 16, codec: "lzw", value: shade },
  });
});
afterAll(() => pipeline.close());

/** Red, green, blue and alpha of each pixel. */
async function pixelsOf(bytes: Uint8Array): Promise<Buffer> {
  return await sharp(bytes).ensureAlpha().raw().toBuffer();
}

async function whole(key: string, text: string, size: { readonly width: number; readonly height: number }) {
  const formula = await pipeline.bind(key, text);
  const region = { x: 0, y: 0, ...size };
  const picture = await pipeline.tiles.region({ formula, region, maxSize: WIDTH, encoding: PNG });
  expect([picture.width, picture.height]).toEqual([size.width, size.height]);
  return { formula, pixels: await pixelsOf(picture.bytes) };
}

describe("an image with gaps, shown without windows", () => {
  it("has windows from the percentiles of what is not missing, and is transparent exactly where all is missing", async () => {
    const { formula, pixels } = await whole("swath", "b1; b2; b3", { width: WIDTH, height: HEIGHT });
    const places = Array.from({ length: WIDTH * HEIGHT }, (_, at) => [at % WIDTH, Math.floor(at / WIDTH)] as const);
    const due = [0, 1, 2].map((sample) => {
      const values = places.filter(([x, y]) => hasData(x, y)).map(([x, y]) => light(x, y, sample));
      return [0.5, 99.5].map((percent) => Math.fround(percentile(values, percent)));
    });
    expect(formula.formula.windows.map(({ low, high }) => [low, high])).toEqual(due);
    const wrong = places.filter(([x, y], at) => pixels[at * 4 + 3] !== (hasData(x, y) ? 255 : 0));
    expect(wrong).toEqual([]);
  });

  it("is joined of its tiles without a seam: together they are the region, pixel by pixel", async () => {
    const { formula, pixels } = await whole("swath", "b1; b2; b3", { width: WIDTH, height: HEIGHT });
    const joined = Buffer.alloc(pixels.length);
    for (const y of [0, 1])
      for (const x of [0, 1]) {
        const place = { level: 0, x, y, tileSize: TILE, pad: false, encoding: PNG };
        const tile = await pixelsOf((await pipeline.tiles.tile({ formula, ...place })).bytes);
        const width = Math.min(TILE, WIDTH - x * TILE);
        for (let row = 0; row * width * 4 < tile.length; row++)
          tile.copy(joined, ((y * TILE + row) * WIDTH + x * TILE) * 4, row * width * 4, (row + 1) * width * 4);
      }
    expect(Buffer.compare(joined, pixels)).toBe(0);
  });
});

describe("an image with an alpha", () => {
  it.each([
    ["red; green; blue", [0, 1, 2]],
    ["rgb(blue, green, red)", [2, 1, 0]],
    ["window(green, 0, 255)", [1, 1, 1]],
  ])("is as opaque in each picture as that says, to the last step: %s", async (text, order) => {
    const { pixels } = await whole("veiled", text, STRIPS);
    const due = Array.from({ length: STRIPS.width * STRIPS.height }, (_, at) => {
      const [x, y] = [at % STRIPS.width, Math.floor(at / STRIPS.width)];
      const opacity = veil(x, y);
      return opacity === 0 ? [0, 0, 0, 0] : [...order.map((sample) => shade(x, y, sample)), opacity];
    });
    expect(Buffer.compare(pixels, Buffer.from(due.flat()))).toBe(0);
  });

  it("lies over black where a format has no alpha", async () => {
    const formula = await pipeline.bind("veiled", "red; green; blue");
    const region = { x: 1, y: 40, width: 84, height: 1 };
    const encoding = { ...JPEG, quality: 100 } as const;
    const { bytes } = await pipeline.tiles.region({ formula, region, maxSize: WIDTH, encoding });
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const lightOf = (from: number) =>
      data.subarray(from * 3, (from + 8) * 3).reduce((sum, value) => sum + value, 0) / 24;
    const due = (from: number) => {
      let sum = 0;
      for (let x = from + 1; x < from + 9; x++)
        for (const sample of [0, 1, 2]) sum += (shade(x, 40, sample) * veil(x, 40)) / 255;
      return sum / 24;
    };
    for (const from of [0, 32, 72]) expect(Math.abs(lightOf(from) - due(from))).toBeLessThan(3);
  });
});

describe("interleaved strips in a subfolder", () => {
  it("are shown as they are", async () => {
    const { pixels } = await whole("folder/strips", "b1; b2; b3", STRIPS);
    const due = Buffer.from(
      Array.from({ length: STRIPS.width * STRIPS.height }, (_, at) => {
        const [x, y] = [at % STRIPS.width, Math.floor(at / STRIPS.width)];
        return [shade(x, y, 0), shade(x, y, 1), shade(x, y, 2), 255];
      }).flat(),
    );
    expect(Buffer.compare(pixels, due)).toBe(0);
  });
});

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (percent / 100) * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
