import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functionTable, interpret } from "../../src/formula/index.ts";
import { effort } from "../fixtures/effort.ts";
import { NPY, openPipeline, type Pipeline, valuesOf } from "./support.ts";

/** More than a tile of the largest size, and several chunks. */
const WIDTH = effort(560, 1500);
const HEIGHT = effort(530, 1400);
/** Tiles beside each other, where there are so many. */
const SIDE = 3;

/** Every neighbourhood function, near and far, alone and nested. */
const FORMULAS = [
  "blur(b1, 2)",
  "blur(b1, 16)",
  "median(b1, 1)",
  "median(blur(b1 - b2, 3), 2)",
  "conv(b1, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0, 0, 9, 0, 0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1)",
  "gradx(b1) + grady(b2)",
  "risex(b1) + risey(b2)",
  "sharpen(b1, 2, 1.5)",
  "sobel(b1)",
  "laplace(b1)",
  "slope(blur(b1, 1), 100)",
  "aspect(b1)",
  "hillshade(b1, 315, 45, 100)",
  "contour(blur(b1, 2), 200)",
];

const SMALL = { width: 70, height: 45, samples: 2, planar: true, type: "uint16", tile: [32, 16] } as const;
const value = (x: number, y: number, sample: number) =>
  (x * x + y * 11 * (sample + 1) + ((x * 7919) ^ (y * 104_729))) % 5000;
const gapped = (x: number, y: number, sample: number) => (y % 5 === 1 && x % 17 === 3 ? 7 : value(x, y, sample));

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "whole.tif": { ...SMALL, value },
    "gapped.tif": { ...SMALL, nodata: "7", value: gapped },
    "plate.tif": {
      ...{ width: WIDTH, height: HEIGHT, samples: 2, planar: true, type: "uint16", tile: [192, 320], codec: "zstd" },
      nodata: "7",
      // Some rows have all their neighbours, and some have not.
      value: (x, y, sample) => (y % 90 === 5 && x % 41 === 0 ? 7 : value(x, y, sample)),
    },
  });
});
afterAll(() => pipeline.close());

it("every neighbourhood function is looked at", () => {
  const names = functionTable.filter(({ category }) => category === "neighbourhood").map(({ name }) => name);
  expect(names.filter((name) => !FORMULAS.some((text) => text.includes(`${name}(`)))).toEqual([]);
});

describe.each(FORMULAS)("neighboring tiles of %s", (text) => {
  it.each([64, 200, 256, 512])("of %i pixels are the crop of one picture, to the last bit", async (tileSize) => {
    const formula = await pipeline.bind("plate", text);
    const columns = Math.min(SIDE, Math.ceil(WIDTH / tileSize));
    const rows = Math.min(SIDE, Math.ceil(HEIGHT / tileSize));
    const last = Math.ceil(WIDTH / tileSize) - columns;
    const lowest = Math.ceil(HEIGHT / tileSize) - rows;
    // At the first corner, and at the last one, where tiles are cut.
    for (const [left, top] of last + lowest === 0 ? [[0, 0] as const] : [[0, 0] as const, [last, lowest] as const]) {
      const [x0, y0] = [left * tileSize, top * tileSize];
      const width = Math.min(SIDE * tileSize, WIDTH - x0);
      const height = Math.min(SIDE * tileSize, HEIGHT - y0);
      const region = { x: x0, y: y0, width, height };
      const whole = await pipeline.tiles.region({ formula, region, maxSize: SIDE * tileSize, encoding: NPY });
      expect([whole.width, whole.height]).toEqual([width, height]);
      const expected = valuesOf(whole.bytes);
      expect(expected.some(Number.isFinite)).toBe(true);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const place = { level: 0, x: left + column, y: top + row };
          const { bytes } = await pipeline.tiles.tile({ formula, ...place, tileSize, pad: false, encoding: NPY });
          const values = valuesOf(bytes);
          const tileWidth = Math.min(tileSize, WIDTH - place.x * tileSize);
          const crop = new Float32Array(values.length);
          for (let y = 0; y * tileWidth < values.length; y++) {
            const from = (row * tileSize + y) * width + column * tileSize;
            crop.set(expected.subarray(from, from + tileWidth), y * tileWidth);
          }
          expect(Buffer.from(values.buffer).equals(Buffer.from(crop.buffer)), `${column}, ${row}`).toBe(true);
        }
    }
  });
});

it.each(FORMULAS.flatMap((text) => ["whole", "gapped"].map((key) => ({ text, key }))))(
  "$text of an image that is $key is what the interpreter says, pixel by pixel",
  async ({ text, key }) => {
    const formula = await pipeline.bind(key, text);
    const { width, height } = SMALL;
    const region = { x: 0, y: 0, width, height };
    const { bytes } = await pipeline.tiles.region({ formula, region, maxSize: width, encoding: NPY });
    const found = valuesOf(bytes);
    const [expr] = formula.formula.values;
    // Nested medians of blurs of hundreds of pixels each take the interpreter minutes: some pixels tell enough, of all columns and rows.
    const isFar = /blur\(b1, 16\)|median\(blur/.test(text);
    const every = isFar ? 97 : /\(blur|sharpen/.test(text) ? effort(11, 1) : effort(3, 1);
    const stored = key === "whole" ? value : gapped;
    const expected = Float32Array.from({ length: width * height }, (_, index) => {
      const place = { x: index % width, y: Math.floor(index / width), width, height, pitch: { x: 1, y: 1 } };
      const read = (channel: number, _z: number, _t: number, x: number, y: number) => {
        const sample = stored(x, y, channel);
        return key === "gapped" && sample === 7 ? Number.NaN : sample;
      };
      const value = expr && index % every === 0 ? interpret(expr, read, place)[0] : found[index];
      return value ?? Number.NaN;
    });
    expect(found).toEqual(expected);
  },
);
