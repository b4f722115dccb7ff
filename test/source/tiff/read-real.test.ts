import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { NEEDS_REAL_IMAGES, sharedData } from "../../fixtures/needs.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { type DirectoryPlace, TiffOracle } from "../../fixtures/tiff-oracle.ts";
import type { PlaneArray } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();

interface PlaneAt {
  readonly channel: number;
  readonly level: number;
  readonly z: number;
}

interface RealImage {
  readonly file: string;
  readonly channels: readonly string[];
  readonly dataType: string;
  readonly widths: readonly number[];
  /** A plane as somebody else reads it. */
  plane(path: string, at: PlaneAt): Promise<PlaneArray>;
}

async function oraclePlane(path: string, place: DirectoryPlace, sample = 0): Promise<PlaneArray> {
  const oracle = await TiffOracle.open(path);
  try {
    return await oracle.plane(place, sample);
  } finally {
    await oracle.close();
  }
}

const IMAGES: readonly RealImage[] = [
  {
    file: "sentinel2-T19UDP-13ch-u16.tif",
    channels: "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12".split(" "),
    dataType: "uint16",
    widths: [687, 344, 172],
    plane: (path, { channel, level }) => oraclePlane(path, { directory: level }, channel),
  },
  {
    file: "landsat7-olinda-6ch-u8.tif",
    channels: ["b1", "b2", "b3", "b4", "b5", "b6"],
    dataType: "uint8",
    widths: [349, 175, 88, 44, 22],
    plane: (path, { channel, level }) => oraclePlane(path, { directory: level }, channel),
  },
  {
    file: "fly-3ch-u8-pyramid.ome.tif",
    channels: ["DNA", "FITC", "Rhodamine"],
    dataType: "uint8",
    widths: [1000, 500, 250],
    plane: (path, { channel, level }) =>
      oraclePlane(path, level === 0 ? { directory: channel } : { directory: channel, child: level - 1 }),
  },
  {
    file: "ome-artificial-3ch-5z-i8-bigendian.ome.tif",
    channels: ["b1", "b2", "b3"],
    dataType: "int8",
    widths: [439],
    plane: async (path, { channel, z }) => {
      // geotiff.js fails on long index arrays of big-endian files. These planes are not compressed, and lie at equal distances.
      const start = 1643 + 74_948 * (channel * 5 + z);
      return Int8Array.from(readFileSync(path).subarray(start, start + 439 * 167));
    },
  },
  ...[0, 1, 2].map((n) => ({
    file: `human-3ch/AS_09125_050116030001_D03f00d${n}.tif`,
    channels: ["b1"],
    dataType: "uint8",
    widths: [512],
    plane: (path: string) => oraclePlane(path, { directory: 0 }),
  })),
];

function* planes(source: ImageSource): Generator<PlaneAt> {
  for (const { index: channel } of source.info.channels) {
    for (const level of source.info.levels.keys()) {
      for (let z = 0; z < source.info.depth; z++) yield { channel, level, z };
    }
  }
}

function summary(plane: PlaneArray): readonly [min: number, max: number, mean: number] {
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of plane) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return [min, max, sum / plane.length];
}

describe.each(IMAGES)("the real image $file", NEEDS_REAL_IMAGES, (image) => {
  it("has the channels, type and levels that its description says", async () => {
    const { info } = await openLocal(sharedData(image.file));
    expect(info.channels.map(({ name }) => name)).toEqual(image.channels);
    expect(info.channels.every(({ dataType }) => dataType === image.dataType)).toBe(true);
    expect(info.levels.map(({ width }) => width)).toEqual(image.widths);
  });

  it("has in every plane the pixels that another reader sees", async () => {
    const path = sharedData(image.file);
    const source = await openLocal(path);
    for (const at of planes(source)) {
      const difference = planeDifference(await decoder.plane(source, at), await image.plane(path, at));
      expect({ ...at, difference }).toEqual({ ...at, difference: null });
    }
    await source.close();
  });

  it("has the minimum, maximum and mean that GDAL finds", async () => {
    const table: unknown = JSON.parse(readFileSync(sharedData("expected-stats.json"), "utf8"));
    const expected = (table as Record<string, readonly (readonly [number, number, number])[]>)[image.file] ?? [];
    const source = await openLocal(sharedData(image.file));
    expect(expected.length).toBeGreaterThan(0);
    for (const [channel, [min, max, mean]] of expected.entries()) {
      const actual = summary(await decoder.plane(source, { channel }));
      expect(actual.slice(0, 2)).toEqual([min, max]);
      expect(actual[2]).toBeCloseTo(mean, 6);
    }
  });
});

describe("the metadata of real images", NEEDS_REAL_IMAGES, () => {
  it("give Sentinel-2's nodata", async () => {
    const { info } = await openLocal(sharedData("sentinel2-T19UDP-13ch-u16.tif"));
    expect(info.channels.every(({ nodata }) => nodata === 0)).toBe(true);
  });

  it("give the five planes of the OME test pattern along z", async () => {
    const { info } = await openLocal(sharedData("ome-artificial-3ch-5z-i8-bigendian.ome.tif"));
    expect([info.width, info.height, info.depth, info.times]).toEqual([439, 167, 5, 1]);
  });
});
