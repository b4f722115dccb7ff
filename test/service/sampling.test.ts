import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { NPY, openPipeline, type Pipeline, PNG, valuesOf } from "./support.ts";

const SIZE = 530;
const CODES = [11, 21, 41, 90];
const COLORS = ["#112233", "#445566", "#778899", "#aabbcc"];
const STOPS = CODES.map((code, index) => `${code}: "${COLORS[index]}"`).join(", ");

const codeAt = (x: number, y: number) => CODES[(x * 7 + y * 13 + ((x * y) % 5)) % CODES.length] ?? 0;
const file: DirectorySpec = { width: SIZE, height: SIZE, type: "uint8", tile: [64, 64], value: codeAt };
const CATALOGUE = `
images:
  told: { source: codes.tif, kind: categorical }
  by-name: { source: codes.tif, kinds: { b1: categorical } }
  wrong: { source: codes.tif, kinds: { red: categorical } }
`;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "codes.tif": file,
    "base.tif": { ...file, value: (x) => x % 256 },
    "catalogue.yaml": new TextEncoder().encode(CATALOGUE),
  });
});
afterAll(() => pipeline.close());

async function tile(key: string, text: string, level: number, encoding = NPY) {
  const formula = await pipeline.bind(key, text);
  return pipeline.tiles.tile({ formula, level, x: 0, y: 0, tileSize: 1024, pad: false, encoding });
}

async function numbers(key: string, text: string, level: number): Promise<Float32Array> {
  return valuesOf((await tile(key, text, level)).bytes);
}

/** Colors of a picture, transparent ones as such. */
async function colorsOf(bytes: Uint8Array): Promise<readonly string[]> {
  const data = await sharp(bytes).ensureAlpha().raw().toBuffer();
  const found = new Set<string>();
  for (let at = 0; at < data.length; at += 4) found.add(data.subarray(at, at + 4).toString("hex"));
  return [...found].sort();
}

/** Where two planes differ first; −1: nowhere. */
function firstDifference(found: Float32Array, wanted: Float32Array): number {
  if (found.length !== wanted.length) return Math.min(found.length, wanted.length);
  return found.findIndex((value, index) => !Object.is(value, wanted[index]));
}

const samples = (step: number) =>
  Float32Array.from({ length: Math.ceil(SIZE / step) ** 2 }, (_, index) => {
    const side = Math.ceil(SIZE / step);
    return codeAt((index % side) * step, Math.floor(index / side) * step);
  });

const OPAQUE = COLORS.map((color) => `${color.slice(1)}ff`).sort();

describe("samples of a channel", () => {
  it("are pixels of the image on every level, beside its means", async () => {
    for (const level of [0, 1, 2])
      expect(firstDifference(await numbers("codes", "nearest(@1)", level), samples(2 ** level))).toBe(-1);
    const [means, taken] = [await numbers("codes", "@1", 2), samples(4)];
    expect(firstDifference(means, taken)).toBe(0);
    const both = await numbers("codes", "@1 - nearest(@1)", 2);
    expect(
      firstDifference(
        both,
        means.map((mean, index) => mean - (taken[index] ?? 0)),
      ),
    ).toBe(-1);
  });

  it("make a picture of classes without holes and without colors between", async () => {
    const picture = await tile("codes", `classes(nearest(@1), ${STOPS})`, 1, PNG);
    expect(await colorsOf(picture.bytes)).toEqual(OPAQUE);
    const averaged = await tile("codes", `classes(@1, ${STOPS})`, 1, PNG);
    expect(await colorsOf(averaged.bytes)).toContain("00000000");
  });

  it("are not mixed where a picture is scaled", async () => {
    const region = { x: 0, y: 0, width: SIZE, height: SIZE };
    const formula = await pipeline.bind("codes", `classes(nearest(@1), ${STOPS})`);
    const picture = await pipeline.tiles.region({ formula, region, maxSize: 190, encoding: PNG });
    expect(picture).toMatchObject({ width: 190, height: 190 });
    expect(await colorsOf(picture.bytes)).toEqual(OPAQUE);
  });

  it("are what a probe and statistics see too", async () => {
    const formula = await pipeline.bind("codes", "nearest(@1)");
    const { points } = await pipeline.tiles.probe({ formula, level: 2, points: [{ x: 41, y: 17 }] });
    const [point] = points;
    const code = codeAt(40, 16);
    expect(point?.values[0]).toEqual({ number: code, state: "FINITE" });
    expect(point?.channels[0]?.value).toEqual({ number: code, state: "FINITE" });
    const { histogram, min, max } = await pipeline.tiles.statistics({
      ...{ formula, level: 1, region: null, bins: 79, percentiles: [] },
    });
    expect([min, max]).toEqual([11, 90]);
    expect(histogram.counts.filter((count) => count > 0)).toHaveLength(CODES.length);
  });

  it("of another image are pixels of it, also between its pixels and on its computed levels", async () => {
    for (const place of ["dx=0.5", "dx=3, scale=0.7"]) {
      const values = await numbers("base", `image("codes", ${place}, nearest).@1`, 1);
      expect([...new Set(values)].filter((value) => !CODES.includes(value) && !Number.isNaN(value))).toEqual([]);
      expect(firstDifference(await numbers("base", `image("told", ${place}).@1`, 1), values)).toBe(-1);
    }
  });
});

describe("a catalogue that calls channels categorical", () => {
  it.each(["told", "by-name"])("makes samples of their levels without a word in the formula: %s", async (key) => {
    const image = await pipeline.images.get(key);
    expect(image.info.channels[0]?.kind).toBe("categorical");
    expect(firstDifference(await numbers(key, "@1", 2), samples(4))).toBe(-1);
    expect((await pipeline.bind(key, `classes(@1, ${STOPS})`)).diagnostics).toEqual([]);
    const plain = await pipeline.images.get("codes");
    expect(image.revision).not.toBe(plain.revision);
    expect((await pipeline.bind(key, "@1")).version).not.toBe((await pipeline.bind("codes", "@1")).version);
  });

  it("says which channel there is not", async () => {
    await expect(pipeline.images.get("wrong")).rejects.toThrow(/no channel "red", whose kind the catalogue tells/);
  });
});
