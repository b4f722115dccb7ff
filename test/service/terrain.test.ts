import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interpret } from "../../src/formula/index.ts";
import { pitchOf } from "../../src/render/worker/pitch.ts";
import { type GeoKey, geoTags } from "../fixtures/geo-tags.ts";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { NPY, openPipeline, type Pipeline, valuesOf } from "./support.ts";

const [WIDTH, HEIGHT] = [12, 10];
const SECOND = 1 / 3600;
const DEGREES: readonly GeoKey[] = [
  [1024, 2],
  [2048, 4326],
];
const METERS: readonly GeoKey[] = [
  [1024, 1],
  [3072, 32_632],
  [3076, 9001],
];
const SURVEY_FEET: readonly GeoKey[] = [
  [1024, 1],
  [3072, 2263],
  [3076, 9003],
];

const height = (x: number, y: number) => ((x * 37 + y * y * 11 + x * y * 5) % 97) * 2;
const relief = (tags: DirectorySpec["tags"], gdalMetadata?: string): DirectorySpec => ({
  ...{ width: WIDTH, height: HEIGHT, type: "float32", value: height },
  ...(tags ? { tags } : {}),
  ...(gdalMetadata ? { gdalMetadata } : {}),
});
const inUnit = (unit: string) =>
  `<GDALMetadata><Item name="UNITTYPE" sample="0" role="unittype">${unit}</Item></GDALMetadata>`;

const TENTHS = '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.1</Item></GDALMetadata>';

/** From 85 degrees north to as many south, which no single latitude serves. */
const TALL = { width: 40, height: 340, tags: geoTags([0.5, 0.5], [0, 85], DEGREES) };

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({
    "none.tif": relief(undefined),
    "meters.tif": relief(geoTags([30, 30], [500_000, 5_000_000], METERS)),
    "oblong.tif": relief(geoTags([20, 40], [500_000, 5_000_000], METERS)),
    "degrees.tif": relief(geoTags([SECOND, SECOND], [10, 46.5], DEGREES)),
    "feet.tif": relief(geoTags([100, 100], [900_000, 200_000], SURVEY_FEET)),
    "heights-in-feet.tif": relief(geoTags([30, 30], [500_000, 5_000_000], METERS), inUnit("ft")),
    "heights-scaled.tif": relief(geoTags([30, 30], [500_000, 5_000_000], METERS), TENTHS),
    "heights-in-dm.tif": relief(geoTags([30, 30], [500_000, 5_000_000], METERS), inUnit("dm")),
    "moon.tif": relief(
      geoTags(
        [SECOND, SECOND],
        [10, 46.5],
        [
          [1024, 2],
          [2048, 32_767],
          [2057, [1_737_400]],
          [2059, [0]],
        ],
      ),
    ),
    "two-degrees.tif": relief(geoTags([0.01, 0.2], [10, 61], DEGREES)),
    "tall.tif": { ...TALL, type: "float32", value: (x, y) => x * 20_000 + ((x * 7 + y * 13) % 29) * 500 },
  });
});
afterAll(() => pipeline.close());

async function planeOf(key: string, text: string, level = 0): Promise<{ values: Float32Array; width: number }> {
  const formula = await pipeline.bind(key, text);
  const { width, height } = formula.image.info;
  const region = { x: 0, y: 0, width, height };
  const maxSize = Math.ceil(Math.max(width, height) / 2 ** level);
  const found = await pipeline.tiles.region({ formula, region, maxSize, encoding: NPY });
  return { values: valuesOf(found.bytes), width: found.width };
}

/** Inner pixels, whose neighbors are all there. */
const PLACES = [
  [1, 1],
  [5, 4],
  [8, 7],
  [10, 8],
  [3, 6],
] as const;

async function at(key: string, text: string): Promise<number[]> {
  const { values, width } = await planeOf(key, text);
  return PLACES.map(([x, y]) => values[y * width + x] ?? Number.NaN);
}

/**
 * Of gdaldem (libgdal 3.10.3) on the same heights. What 3.11 makes meters by itself, `-xscale` and `-yscale`, is in the geotransform that it was
 * given, by the lines of 3.11: radians times the semi-major axis, and the cosine of the middle's latitude.
 */
const GDALDEM: readonly (readonly [key: string, text: string, expected: readonly number[]])[] = [
  ["meters", "slope(@1)", [65.79797, 38.29782, 59.03624, 48.49154, 51.05629]],
  ["meters", "slope(@1, 1)", [65.79797, 38.29782, 59.03624, 48.49154, 51.05629]],
  ["meters", "aspect(@1)", [296.46909, 225.8551, 90, 255.04137, 274.63547]],
  ["meters", "slope(@1, 2)", [48.04698, 21.54635, 39.80557, 29.46554, 31.74468]],
  ["oblong", "slope(@1)", [72.00549, 43.37434, 68.19859, 58.81307, 61.62666]],
  ["degrees", "slope(@1, 111120)", [65.18207, 37.50688, 58.31158, 47.68042, 50.25629]],
  ["degrees", "slope(@1)", [71.37597, 43.84594, 66.93967, 57.41207, 60.12691]],
  ["feet", "slope(@1)", [65.45607, 37.85624, 58.63346, 48.0397, 50.61089]],
  ["heights-in-feet", "slope(@1)", [34.14303, 13.53352, 26.93057, 19.00428, 20.66415]],
  ["heights-in-feet", "slope(@1, 1)", [65.79797, 38.29782, 59.03624, 48.49154, 51.05629]],
];

/** Of bytes, 0 being no data: 1 + 254 · shade, rounded. */
const SHADES: readonly (readonly [key: string, text: string, expected: readonly number[]])[] = [
  ["meters", "hillshade(@1)", [230, 144, 1, 187, 220]],
  ["meters", "hillshade(@1, 60, 30, 0.5)", [1, 1, 220, 1, 1]],
  ["oblong", "hillshade(@1)", [203, 172, 1, 187, 203]],
  ["degrees", "hillshade(@1, 315, 45, 111120)", [231, 145, 1, 188, 221]],
  ["degrees", "hillshade(@1)", [211, 155, 1, 184, 207]],
  ["feet", "hillshade(@1)", [231, 144, 1, 188, 221]],
  ["heights-in-feet", "hillshade(@1)", [245, 176, 104, 200, 217]],
];

describe("terrain", () => {
  it.each(GDALDEM)("of %s is what gdaldem makes of it: %s", async (key, text, expected) => {
    const found = await at(key, text);
    for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 3);
  });

  it.each(SHADES)("of %s has the light that gdaldem gives it: %s", async (key, text, expected) => {
    const found = await at(key, text);
    for (const [index, value] of expected.entries())
      expect(Math.abs(1 + 254 * (found[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(0.6);
  });

  it("in degrees falls where it falls on the ground, not on the grid", async () => {
    const cosine = Math.cos(((46.5 - (SECOND * HEIGHT) / 2) * Math.PI) / 180);
    const [east, south] = [await at("degrees", "gradx(@1)"), await at("degrees", "grady(@1)")];
    const expected = east.map((rise, index) => {
      const angle = (Math.atan2(-rise / cosine, south[index] ?? 0) * 180) / Math.PI;
      return (angle + 360) % 360;
    });
    for (const [index, value] of (await at("degrees", "aspect(@1)")).entries())
      expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 2);
  });

  it("on another body is as large as that body", async () => {
    const [earth, moon] = [await at("degrees", "risex(@1)"), await at("moon", "risex(@1)")];
    for (const [index, value] of moon.entries())
      expect(value / (earth[index] ?? 0)).toBeCloseTo(6_378_137 / 1_737_400, 5);
  });

  it("without a place is counted in pixels", async () => {
    expect(await at("none", "risex(@1)")).toEqual(await at("none", "gradx(@1)"));
    expect(await at("none", "slope(@1)")).toEqual(await at("none", "slope(@1, 1)"));
  });

  it("of an image of two degrees has the latitude of its middle everywhere, as gdaldem has", async () => {
    const { values } = await planeOf("two-degrees", "gradx(@1) / risex(@1)");
    const meters = ((Math.cos(Math.PI / 3) * Math.PI) / 180) * 6_378_137;
    const told = values.filter(Number.isFinite);
    expect(told.length).toBeGreaterThan(WIDTH * (HEIGHT - 1));
    for (const value of told) expect(value / meters).toBeCloseTo(1, 5);
  });

  it("of a tall image has the latitude of each row, at every level", async () => {
    for (const level of [0, 1]) {
      const step = 2 ** level;
      const { values, width } = await planeOf("tall", "gradx(@1) / risex(@1)", level);
      for (const row of [0, 20, 60].map((one) => Math.floor(one / step))) {
        const latitude = 85 - (row + 0.5) * step * 0.5;
        const meters = ((Math.cos((latitude * Math.PI) / 180) * Math.PI) / 180) * 6_378_137;
        const found = values[row * width + 3] ?? Number.NaN;
        expect(found / meters, `row ${row} of level ${level}`).toBeCloseTo(1, 5);
      }
    }
  });

  it("of a tall image has no seams, and is what the interpreter says", async () => {
    const text = "risex(@1) + risey(@1)";
    const { values, width } = await planeOf("tall", text);
    const formula = await pipeline.bind("tall", text);
    for (let y = 0; y * 64 < TALL.height; y++) {
      const place = { level: 0, x: 0, y };
      const { bytes } = await pipeline.tiles.tile({ formula, ...place, tileSize: 64, pad: false, encoding: NPY });
      const tile = valuesOf(bytes);
      const crop = values.subarray(y * 64 * width, y * 64 * width + tile.length);
      expect(tile).toEqual(crop.slice());
    }
    const [expr] = formula.formula.values;
    const pitch = pitchOf(formula.image.info, 0);
    const stored = (x: number, y: number) => x * 20_000 + ((x * 7 + y * 13) % 29) * 500;
    const expected = Float32Array.from({ length: values.length }, (_, index) => {
      const place = { x: index % width, y: Math.floor(index / width), width, height: TALL.height, pitch };
      const value = expr && interpret(expr, (_channel, _z, _t, x, y) => stored(x, y), place)[0];
      return value ?? Number.NaN;
    });
    expect(values).toEqual(expected);
  });

  it("keeps its canonical text where lengths are meters, and tells where they become meters", async () => {
    const canonical = async (key: string, text: string) => (await pipeline.bind(key, text)).formula.canonical;
    const text = "window(slope(@1), 0, 90)";
    const slope = "window(57.29578 * atan2(hypot(gradx(b1), grady(b1)), 1), 0, 90)";
    expect([await canonical("none", text), await canonical("meters", text)]).toEqual([slope, slope]);
    expect(await canonical("degrees", "slope(@1)")).toContain("hypot(risex(b1), risey(b1))");
    expect(await canonical("degrees", "slope(@1, 111120)")).toContain("gradx(b1) / 111120");
    expect(await canonical("heights-in-feet", "slope(blur(@1, 1))")).toContain("0.3048 * gradx(blur(b1, 1))");
  });

  it("says so where heights are in a unit that is not known", async () => {
    const told = async (key: string, text: string) =>
      (await pipeline.bind(key, text)).diagnostics
        .filter(({ message }) => /taken/.test(message))
        .map(({ message }) => message);
    expect(await told("heights-in-dm", "slope(@1)")).toEqual([
      expect.stringMatching(/^Heights in “dm” are taken for meters/),
    ]);
    expect(await told("heights-in-dm", "hillshade(median(@1, 1))")).toHaveLength(1);
    expect(await told("heights-in-dm", "slope(@1, 10)")).toEqual([]);
    expect(await told("heights-in-feet", "slope(@1)")).toEqual([]);
    expect(await told("none", "slope(@1)")).toEqual([]);
  });

  it("says so where heights are stored numbers that the file scales", async () => {
    const told = async (text: string) =>
      (await pipeline.bind("heights-scaled", text)).diagnostics.filter(({ message }) => /stored numbers/.test(message));
    expect(await told("slope(@1)")).toEqual([
      expect.objectContaining({ code: "PRECISION", message: expect.stringMatching(/scales by 0\.1\. Write phys\(\)/) }),
    ]);
    expect([await told("slope(phys(@1))"), await told("slope(@1, 10)")]).toEqual([[], []]);
  });

  it.each(["slope(@1, 0)", "slope(@1, -2)", "hillshade(@1, 315, 45, 0)"])("has a scale above 0: %s", async (text) => {
    const image = await pipeline.images.get("none");
    const bound = await pipeline.formulas.bind(image, text);
    expect(bound.valid).toBe(false);
    expect(bound.diagnostics[0]?.message).toMatch(/scale of (slope|hillshade) is a number above 0/);
  });
});
