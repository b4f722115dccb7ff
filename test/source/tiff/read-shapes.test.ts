import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, long, short, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();

async function open(spec: TiffSpec): Promise<ImageSource> {
  return await openTiff(new MemoryStore(buildTiff(spec)));
}

async function expectPixels(directory: DirectorySpec, options: Omit<TiffSpec, "directories"> = {}): Promise<void> {
  const source = await open({ ...options, directories: [directory] });
  expect([source.info.width, source.info.height]).toEqual([directory.width, directory.height]);
  for (let sample = 0; sample < (directory.samples ?? 1); sample++) {
    const plane = await decoder.plane(source, { channel: sample });
    expect(planeDifference(plane, expectedPlane(directory, sample))).toBeNull();
  }
}

describe("an image of an odd size is read as written", () => {
  const layouts = {
    "tiles of 64": { tile: [64, 64] },
    "tiles mostly outside": { tile: [80, 208] },
    "strips of 9 rows": { rowsPerStrip: 9 },
    "one strip": {},
  } as const;
  const sizes = [
    [1, 1],
    [257, 255],
    [1, 3000],
    [65_536, 1],
    [64, 64],
    [65, 63],
    [80, 208],
  ] as const;
  for (const [width, height] of sizes) {
    it.each(Object.entries(layouts))(`${width} × ${height} in %s`, async (_, layout) => {
      // Tiles hang over the widest by millions of pixels: there each column has a number, and no pattern is calculated.
      const value = width < 65_536 ? {} : { value: (x: number, _: number, sample: number) => (x * 7 + sample) & 0xff };
      await expectPixels({ width, height, type: "uint16", codec: "deflate", predictor: 2, ...layout, ...value });
      await expectPixels({ width, height, type: "uint8", samples: 2, ...layout, ...value }, { order: "MM" });
    });
  }

  it("1 × 65,536 in strips of one row", async () => {
    await expectPixels({ width: 1, height: 65_536, rowsPerStrip: 1 });
  });

  it("in bits whose rows end within a byte", async () => {
    for (const width of [1, 7, 8, 9, 31]) await expectPixels({ width, height: 5, type: "bit", tile: [16, 16] });
    for (const width of [1, 7, 8, 9, 31]) await expectPixels({ width, height: 5, type: "bit", rowsPerStrip: 2 });
  });

  it("of one tile in a single row of many tiles", async () => {
    await expectPixels({ width: 4000, height: 20, type: "int16", tile: [16, 16], codec: "lzw" });
  });
});

describe("interleaved samples", () => {
  it.each([2, 3, 4, 5, 13, 17])("are taken apart, %i of them", async (samples) => {
    await expectPixels({ width: 45, height: 33, samples, tile: [16, 16], codec: "deflate", predictor: 2 });
    await expectPixels({
      width: 45,
      height: 33,
      samples,
      type: "float32",
      rowsPerStrip: 5,
      codec: "lzw",
      predictor: 3,
    });
  });

  it("share one chunk, planar samples have one each", async () => {
    const image = { width: 40, height: 40, samples: 3, tile: [16, 16] } as const;
    const interleaved = await open({ directories: [image] });
    const planar = await open({ directories: [{ ...image, planar: true }] });
    const groups = (source: ImageSource) => [0, 1, 2].map((channel) => source.locate(channel).group);
    expect(new Set(groups(interleaved)).size).toBe(1);
    expect([0, 1, 2].map((channel) => interleaved.locate(channel).sample)).toEqual([0, 1, 2]);
    expect(new Set(groups(planar)).size).toBe(3);
    expect([0, 1, 2].map((channel) => planar.locate(channel).sample)).toEqual([0, 0, 0]);
  });
});

describe("chunks", () => {
  it("are cut to the level at its right and bottom edge", async () => {
    for (const layout of [{ tile: [16, 32] }, { rowsPerStrip: 32 }] as const) {
      const source = await open({ directories: [{ width: 37, height: 41, ...layout }] });
      const { chunkWidth, chunkHeight } = source.info.levels[0] ?? { chunkWidth: 0, chunkHeight: 0 };
      const x = Math.ceil(37 / chunkWidth) - 1;
      const y = Math.ceil(41 / chunkHeight) - 1;
      const layoutAtCorner = source.layout({ level: 0, group: 0, z: 0, t: 0, x, y });
      expect([layoutAtCorner.width, layoutAtCorner.height]).toEqual([37 - x * chunkWidth, 41 - y * chunkHeight]);
    }
  });

  it("that the file leaves out are nodata, or no data where it states none", async () => {
    const image = {
      width: 40,
      height: 40,
      tile: [16, 16],
      codec: "deflate",
      sparse: (i: number) => i % 2 === 1,
    } as const;
    for (const [type, nodata, expected] of [
      ["uint8", undefined, Number.NaN],
      ["int32", undefined, Number.NaN],
      ["float32", undefined, Number.NaN],
      ["uint16", "65535", 65535],
      ["int16", "-32768", -32768],
      ["float32", "nan", Number.NaN],
      ["float64", "-9999.5", -9999.5],
    ] as const) {
      const source = await open({ directories: [{ ...image, type, ...(nodata === undefined ? {} : { nodata }) }] });
      const plane = await decoder.plane(source, { channel: 0 });
      const written = expectedPlane({ ...image, type }, 0);
      expect([plane[16], plane[2 * 40 + 31], plane[16 * 40]]).toEqual([expected, expected, expected]);
      expect([plane[0], plane[15 * 40 + 15]]).toEqual([written[0], written[15 * 40 + 15]]);
      expect(source.fetch({ level: 0, group: 0, z: 0, t: 0, x: 1, y: 0 })).toBeNull();
    }
  });
});

describe("strips without the usual entries", () => {
  const image = { width: 50, height: 30, type: "uint16", codec: "deflate" } as const;

  it("are one strip where RowsPerStrip is missing or all ones", async () => {
    await expectPixels(image);
    await expectPixels({ ...image, tags: { [TAG.rowsPerStrip]: long(0xffffffff) } });
    await expectPixels({ ...image, tags: { [TAG.rowsPerStrip]: long(1000) } });
  });

  it("are read without SampleFormat, PlanarConfiguration and SamplesPerPixel, which have defaults", async () => {
    const tags = { [TAG.sampleFormat]: null, [TAG.planarConfiguration]: null, [TAG.samplesPerPixel]: null };
    await expectPixels({ ...image, tags });
  });

  it("are read with BitsPerSample and SampleFormat given once for all samples", async () => {
    const tags = { [TAG.bitsPerSample]: short(16), [TAG.sampleFormat]: short(1) };
    await expectPixels({ ...image, samples: 3, tags });
  });

  it("are read with sizes in 16 bits", async () => {
    await expectPixels({ ...image, tags: { [TAG.imageWidth]: short(50), [TAG.imageLength]: short(30) } });
  });
});
