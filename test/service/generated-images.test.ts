import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPipeline, type Pipeline, PNG } from "./support.ts";

/** What else only real images show (test/e2e/real-images.test.ts), on generated ones. */

const [WIDTH, HEIGHT, TILE] = [480, 360, 256];
const hasData = (x: number, y: number) => x + y >= 200;
const light = (x: number, y: number, sample: number) => 500 + ((x * 7 + y * 13 + sample * 101 + ((x * y) % 17)) % 3000);
const STRIPS = { width: 90, height: 70 };
const shade = (x: number, y: number, sample: number) => (x * 2 + y * 3 + sample * 50) & 0xff;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "swath.tif": {
      ...{ width: WIDTH, height: HEIGHT, type: "uint16", samples: 3, planar: true, tile: [128, 96] },
      ...{ nodata: "0", codec: "deflate", predictor: 2 },
      value: (x, y, sample) => (hasData(x, y) ? light(x, y, sample) : 0),
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
