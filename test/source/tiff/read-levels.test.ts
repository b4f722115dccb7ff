import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder, type PlaneRef, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, type PixelSpec } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const TILED = { tile: [32, 32], codec: "deflate", type: "uint16" } as const;

async function open(spec: TiffSpec): Promise<ImageSource> {
  return await openTiff(new MemoryStore(buildTiff(spec)));
}

async function expectPlane(source: ImageSource, ref: PlaneRef, written: PixelSpec, sample = 0): Promise<void> {
  expect(planeDifference(await decoder.plane(source, ref), expectedPlane(written, sample))).toBeNull();
}

function sizes(source: ImageSource): (readonly [number, number])[] {
  return source.info.levels.map(({ width, height }) => [width, height] as const);
}

/** Level k of a pyramid of 150 × 90, with pixels of its own. */
function level(k: number, rest: Partial<DirectorySpec> = {}): DirectorySpec {
  return { ...TILED, width: Math.ceil(150 / 2 ** k), height: Math.ceil(90 / 2 ** k), seed: k, ...rest };
}

describe("a pyramid of reduced-resolution directories", () => {
  it.each(["II", "MM"] as const)("gives its levels, finest first, in byte order %s", async (order) => {
    const directories = [0, 1, 2].map((k) => level(k, { samples: 3, reduced: k > 0 }));
    for (const big of [false, true]) {
      const source = await open({ order, big, directories });
      expect(sizes(source)).toEqual([
        [150, 90],
        [75, 45],
        [38, 23],
      ]);
      expect(source.info.channels).toHaveLength(3);
      for (const [k, written] of directories.entries()) {
        for (const channel of [0, 1, 2]) await expectPlane(source, { channel, level: k }, written, channel);
      }
    }
  });

  it("is put in order where the file has the coarse one first", async () => {
    const directories = [level(0), level(2, { reduced: true }), level(1, { reduced: true })];
    const source = await open({ directories });
    expect(sizes(source).map(([width]) => width)).toEqual([150, 75, 38]);
    await expectPlane(source, { channel: 0, level: 1 }, level(1));
    await expectPlane(source, { channel: 0, level: 2 }, level(2));
  });

  it("may store its levels in other ways than the finest", async () => {
    const fine = level(0, { samples: 2 });
    const coarse = level(1, { samples: 2, reduced: true, tile: [16, 16], codec: "lzw", predictor: 2 });
    const source = await open({ directories: [fine, coarse] });
    for (const channel of [0, 1]) {
      await expectPlane(source, { channel, level: 0 }, fine, channel);
      await expectPlane(source, { channel, level: 1 }, coarse, channel);
    }
  });
});

describe("a pyramid of SubIFDs", () => {
  it.each([false, true])("gives its levels, BigTIFF: %s", async (big) => {
    for (const order of ["II", "MM"] as const) {
      const children = [level(1, { reduced: true }), level(2, { reduced: true })];
      const source = await open({ big, order, directories: [level(0, { children })] });
      expect(sizes(source).map(([width]) => width)).toEqual([150, 75, 38]);
      for (const k of [0, 1, 2]) await expectPlane(source, { channel: 0, level: k }, level(k));
    }
  });

  it("goes with every channel's directory", async () => {
    const channel = (c: number) =>
      level(0, { seed: 10 * c, children: [level(1, { reduced: true, seed: 10 * c + 1 })] });
    const source = await open({ big: true, directories: [channel(0), channel(1), channel(2)] });
    expect(source.info.channels).toHaveLength(3);
    for (const c of [0, 1, 2]) {
      await expectPlane(source, { channel: c, level: 0 }, level(0, { seed: 10 * c }));
      await expectPlane(source, { channel: c, level: 1 }, level(1, { seed: 10 * c + 1 }));
    }
  });
});

describe("directories of one size", () => {
  it("are channels where nothing says otherwise", async () => {
    const directories = [0, 1, 2, 3].map((seed) => level(0, { seed }));
    const source = await open({ directories });
    expect(source.info.channels.map(({ name }) => name)).toEqual(["b1", "b2", "b3", "b4"]);
    for (const channel of [0, 1, 2, 3]) await expectPlane(source, { channel }, level(0, { seed: channel }));
  });
});

const ORDERS = ["XYCZT", "XYCTZ", "XYZCT", "XYZTC", "XYTCZ", "XYTZC"] as const;
const SIZES: Readonly<Record<string, number>> = { C: 2, Z: 3, T: 4 };

function omeXml(order: string, rest = "<TiffData/>"): string {
  const { C, Z, T } = SIZES;
  return `<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="planes">
<Pixels ID="Pixels:0" DimensionOrder="${order}" Type="uint16" SizeX="20" SizeY="10" SizeC="${C}" SizeZ="${Z}" SizeT="${T}">
<Channel ID="Channel:0:0" Name="one" SamplesPerPixel="1"/><Channel ID="Channel:0:1" Name="two" SamplesPerPixel="1"/>${rest}
</Pixels></Image></OME>`;
}

/** The directory of a plane: the first letter after XY runs fastest. */
function directoryOf(order: string, at: Readonly<Record<string, number>>): number {
  const axes = [...order.slice(2)].reverse();
  return axes.reduce((index, axis) => index * (SIZES[axis] ?? 1) + (at[axis] ?? 0), 0);
}

describe("planes of OME-XML", () => {
  const plane = (seed: number): DirectorySpec => ({ width: 20, height: 10, type: "uint16", rowsPerStrip: 4, seed });

  it.each(ORDERS)("are found in dimension order %s", async (order) => {
    const directories = Array.from({ length: 24 }, (_, seed) => plane(seed));
    const [first = plane(0), ...others] = directories;
    const source = await open({ directories: [{ ...first, description: omeXml(order) }, ...others] });
    expect([source.info.channels.length, source.info.depth, source.info.times]).toEqual([2, 3, 4]);
    for (const [C, Z, T] of [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 3],
      [1, 1, 2],
      [1, 2, 3],
    ] as const) {
      await expectPlane(source, { channel: C, z: Z, t: T }, plane(directoryOf(order, { C, Z, T })));
    }
  });

  it("are where TiffData puts them", async () => {
    const all = Array.from({ length: 24 }, (_, ifd) => {
      const [t, z, c] = [ifd % 4, Math.floor(ifd / 4) % 3, Math.floor(ifd / 12)];
      return `<TiffData IFD="${23 - ifd}" FirstC="${c}" FirstZ="${z}" FirstT="${t}" PlaneCount="1"/>`;
    });
    const directories = Array.from({ length: 24 }, (_, seed) => plane(seed));
    const [first = plane(0), ...others] = directories;
    const source = await open({ directories: [{ ...first, description: omeXml("XYCZT", all.join("")) }, ...others] });
    await expectPlane(source, { channel: 0, z: 0, t: 0 }, plane(23));
    await expectPlane(source, { channel: 1, z: 2, t: 3 }, plane(0));
    await expectPlane(source, { channel: 1, z: 0, t: 1 }, plane(23 - 13));
  });
});
