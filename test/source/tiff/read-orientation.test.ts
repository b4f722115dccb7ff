import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { planeView } from "../../../src/core/dtype.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, double, long, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, type PlaneArray } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const ALL = [2, 3, 4, 5, 6, 7, 8] as const;

const open = (...directories: readonly DirectorySpec[]) => openTiff(new MemoryStore(buildTiff({ directories })));

function turnedTo(orientation: number, spec: DirectorySpec): DirectorySpec {
  return { ...spec, tags: { ...spec.tags, [TAG.orientation]: short(orientation) } };
}

/** Where a stored pixel is shown (TIFF 6.0 section 8, what row 0 and column 0 are). */
function shownAt(orientation: number, column: number, row: number, width: number, height: number): [number, number] {
  const [right, bottom] = [width - 1 - column, height - 1 - row];
  switch (orientation) {
    case 2:
      return [right, row];
    case 3:
      return [right, bottom];
    case 4:
      return [column, bottom];
    case 5:
      return [row, column];
    case 6:
      return [bottom, column];
    case 7:
      return [bottom, right];
    case 8:
      return [row, right];
    default:
      return [column, row];
  }
}

function turned(orientation: number, plane: PlaneArray, width: number, height: number): PlaneArray {
  const out = plane.slice();
  const across = orientation >= 5 ? height : width;
  plane.forEach((value: number, at: number) => {
    const [x, y] = shownAt(orientation, at % width, Math.floor(at / width), width, height);
    out[y * across + x] = value;
  });
  return out;
}

describe.each(ALL)("orientation %i", (orientation) => {
  it.each<[string, Partial<DirectorySpec>]>([
    ["tiles", { tile: [32, 16] }],
    ["tiles that fit", { width: 64, height: 32, tile: [32, 16] }],
    ["interleaved tiles", { tile: [16, 48], samples: 3 }],
    ["planar strips", { rowsPerStrip: 7, samples: 2, planar: true }],
    ["one strip of floats", { type: "float32" }],
    ["bits", { type: "bit", tile: [16, 16] }],
  ])("turns %s", async (_, layout) => {
    const image: DirectorySpec = { width: 75, height: 41, type: "uint16", codec: "deflate", ...layout };
    const source = await open(turnedTo(orientation, image));
    const { width, height } = image;
    expect([source.info.width, source.info.height]).toEqual(orientation >= 5 ? [height, width] : [width, height]);
    for (let channel = 0; channel < (image.samples ?? 1); channel++) {
      const expected = turned(orientation, expectedPlane(image, channel), width, height);
      expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    }
  });

  it("turns every level", async () => {
    const image: DirectorySpec = { width: 75, height: 41, tile: [32, 16] };
    const half: DirectorySpec = { ...image, width: 38, height: 21, reduced: true, seed: 2 };
    const source = await open(turnedTo(orientation, image), turnedTo(orientation, half));
    const plane = await decoder.plane(source, { channel: 0, level: 1 });
    expect(planeDifference(plane, turned(orientation, expectedPlane(half, 0), 38, 21))).toBeNull();
  });

  it("is what libvips makes of it", async () => {
    const image: DirectorySpec = { width: 75, height: 41, tile: [32, 16] };
    const directory = turnedTo(orientation, image);
    const { data, info } = await sharp(buildTiff({ directories: [directory] }))
      .autoOrient()
      .toColourspace("b-w")
      .raw()
      .toBuffer({ resolveWithObject: true });
    const source = await open(directory);
    expect([source.info.width, source.info.height]).toEqual([info.width, info.height]);
    const theirs = planeView("uint8", new Uint8Array(data).buffer, 0, data.length);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), theirs)).toBeNull();
  });

  it("turns the mask with the image", async () => {
    const image: DirectorySpec = { width: 75, height: 41, tile: [32, 16], value: (x, y) => x + y };
    const mask: DirectorySpec = {
      ...{ width: 75, height: 41, type: "bit", tile: [48, 48], value: (x: number, y: number) => Number(x > 2 * y) },
      tags: { [TAG.newSubfileType]: long(4), [TAG.photometric]: short(4) },
    };
    const plane = await decoder.plane(await open(turnedTo(orientation, image), mask), { channel: 0 });
    const stored = Float32Array.from({ length: 75 * 41 }, (_, at) => {
      const [x, y] = [at % 75, Math.floor(at / 75)];
      return x > 2 * y ? x + y : Number.NaN;
    });
    expect(planeDifference(plane, turned(orientation, stored, 75, 41))).toBeNull();
  });

  it("keeps every pixel at its place on Earth", async () => {
    const image: DirectorySpec = {
      ...{ width: 75, height: 41 },
      tags: { [TAG.modelTransformation]: double(10, 1, 0, 500, 2, -20, 0, 900, 0, 0, 0, 0, 0, 0, 0, 1) },
    };
    const { georeference } = (await open(turnedTo(orientation, image))).info;
    const [a, b, c, d, e, f] = georeference?.affine ?? [0, 0, 0, 0, 0, 0];
    for (const [column, row] of [
      [0, 0],
      [74, 0],
      [30, 40],
    ] as const) {
      const [x, y] = shownAt(orientation, column, row, 75, 41);
      const place = [a * (x + 0.5) + b * (y + 0.5) + c, d * (x + 0.5) + e * (y + 0.5) + f];
      const stored = [10 * (column + 0.5) + (row + 0.5) + 500, 2 * (column + 0.5) - 20 * (row + 0.5) + 900];
      expect(place[0]).toBeCloseTo(stored[0] ?? 0, 9);
      expect(place[1]).toBeCloseTo(stored[1] ?? 0, 9);
    }
  });
});

describe("an orientation", () => {
  it.each([0, 1, 9, 65_535])("of %i turns nothing", async (orientation) => {
    const image: DirectorySpec = { width: 75, height: 41, tile: [32, 16] };
    const source = await open(turnedTo(orientation, image));
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(image, 0))).toBeNull();
  });
});

describe("numbers that mean darkness", () => {
  it("stay as they are stored, with a warning", async () => {
    const image: DirectorySpec = { width: 20, height: 10, tags: { [TAG.photometric]: short(0) } };
    const source = await open(image);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(image, 0))).toBeNull();
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "VALUES_INVERTED", message: expect.stringMatching(/WhiteIsZero/) }),
    ]);
  });
});
