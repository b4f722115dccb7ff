import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFile } from "../../../src/source/store/file.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, long, short, TAG } from "../../fixtures/tiff-builder.ts";
import { decodedPlane, expectedPlane, type PlaneArray, pixel } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 70, height: 50, type: "uint16", tile: [32, 16], codec: "deflate", predictor: 2 };

const open = (...directories: readonly DirectorySpec[]) => openTiff(new MemoryStore(buildTiff({ directories })));

function maskOf({ width, height }: DirectorySpec, more: Partial<DirectorySpec> = {}, level = 0): DirectorySpec {
  const tags = { [TAG.newSubfileType]: long(4 | level), [TAG.photometric]: short(4), ...more.tags };
  return { width, height, type: "bit", tile: [48, 64], codec: "deflate", seed: 5, ...more, tags };
}

/** What a reader has to see: float32, NaN where the mask is 0 or the sample is `nodata`. */
function masked(image: DirectorySpec, mask: DirectorySpec, sample = 0, nodata: number | null = null): Float32Array {
  return maskedPlane(expectedPlane(image, sample), image, mask, nodata);
}

function maskedPlane(
  plane: PlaneArray,
  image: DirectorySpec,
  mask: DirectorySpec,
  nodata: number | null = null,
): Float32Array {
  return Float32Array.from(plane, (value, at) => {
    const [x, y] = [at % image.width, Math.floor(at / image.width)];
    return pixel(mask, x, y, 0) === 0 || value === nodata ? Number.NaN : value;
  });
}

describe("a mask", () => {
  it.each<[string, Partial<DirectorySpec>]>([
    ["in tiles of another size", {}],
    ["in the same tiles", { tile: [32, 16] }],
    ["in tiles larger than the image", { tile: [128, 128] }],
    ["in one strip", { tile: undefined } as unknown as Partial<DirectorySpec>],
    ["in many strips", { tile: undefined, rowsPerStrip: 3 } as unknown as Partial<DirectorySpec>],
    ["of bytes", { type: "uint8", value: (x, y) => ((x * y) % 5 === 0 ? 0 : 255) }],
    ["not compressed", { codec: "none" }],
  ])("makes NaN of what it leaves out: %s", async (_, more) => {
    const mask = maskOf(IMAGE, more);
    const source = await open(IMAGE, mask);
    expect(source.info.channels).toEqual([expect.objectContaining({ masked: true, dataType: "uint16" })]);
    expect(source.info.warnings).toEqual([]);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), masked(IMAGE, mask))).toBeNull();
  });

  it("tells how many of its tiles a chunk of the image needs", async () => {
    const reads = async (tile: readonly [number, number]) =>
      (await open(IMAGE, maskOf(IMAGE, { tile: [...tile] }))).info.levels.map(({ chunkReads }) => chunkReads);
    expect(await reads([32, 16])).toEqual([2]);
    expect(await reads([64, 64])).toEqual([2]);
    expect(await reads([16, 16])).toEqual([3]);
    expect(await reads([48, 64])).toEqual([3]);
    expect(await reads([1, 1])).toEqual([1 + 32 * 16]);
  });

  it.each([
    ["interleaved", {}],
    ["planar", { planar: true }],
    ["JPEG", { codec: "jpeg", predictor: 1, type: "uint8" }],
  ] as const)("counts for every channel: %s", async (_, more) => {
    const image: DirectorySpec = { ...IMAGE, samples: 3, ...more };
    const mask = maskOf(IMAGE);
    const source = await open(image, mask);
    for (const channel of [0, 1, 2]) {
      const plane = await decoder.plane(source, { channel });
      expect(planeDifference(plane, maskedPlane(await decodedPlane(image, channel), image, mask))).toBeNull();
    }
  });

  it("adds to the nodata value", async () => {
    const image: DirectorySpec = { ...IMAGE, type: "uint8", predictor: 1, nodata: "7", value: (x, y) => (x + y) % 9 };
    const mask = maskOf(IMAGE);
    const source = await open(image, mask);
    const plane = await decoder.plane(source, { channel: 0 });
    expect(planeDifference(plane, masked(image, mask, 0, 7))).toBeNull();
  });

  it("belongs to each level of the pyramid", async () => {
    const half: DirectorySpec = { ...IMAGE, width: 35, height: 25, reduced: true, seed: 2 };
    const [mask, halfMask] = [maskOf(IMAGE), maskOf(half, { seed: 8 }, 1)];
    for (const directories of [
      [IMAGE, mask, half, halfMask],
      [IMAGE, half, mask, halfMask],
    ]) {
      const source = await open(...directories);
      expect(source.info.levels).toHaveLength(2);
      const [full, reduced] = [0, 1].map((level) => decoder.plane(source, { channel: 0, level }));
      if (!full || !reduced) throw new Error("no levels");
      expect(planeDifference(await full, masked(IMAGE, mask))).toBeNull();
      expect(planeDifference(await reduced, masked(half, halfMask))).toBeNull();
    }
  });

  it("is read from a file whose chunks all come through one buffer", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bandloom-mask-"));
    const path = join(folder, "masked.tif");
    const mask = maskOf(IMAGE);
    writeFileSync(path, buildTiff({ directories: [IMAGE, mask] }));
    const source = await openTiff(openFile(path));
    for (const round of [1, 2]) {
      const plane = await decoder.plane(source, { channel: 0 });
      expect([round, planeDifference(plane, masked(IMAGE, mask))]).toEqual([round, null]);
    }
    await source.close();
    rmSync(folder, { recursive: true });
  });

  it("is found among SubIFDs, as the levels are", async () => {
    const half: DirectorySpec = { ...IMAGE, width: 35, height: 25, reduced: true, seed: 2 };
    const [mask, halfMask] = [maskOf(IMAGE), maskOf(half, { seed: 8 }, 1)];
    const source = await open({ ...IMAGE, children: [half, mask, halfMask] });
    expect(planeDifference(await decoder.plane(source, { channel: 0, level: 1 }), masked(half, halfMask))).toBeNull();
  });

  it("that a level lacks takes the level away, with a warning", async () => {
    const half: DirectorySpec = { ...IMAGE, width: 35, height: 25, reduced: true };
    const source = await open(IMAGE, half, maskOf(IMAGE));
    expect(source.info.levels).toHaveLength(1);
    expect(source.info.advice).toEqual([expect.stringMatching(/mask/)]);
  });

  it("leaves tiles that were never written as they are: NaN", async () => {
    const mask = maskOf(IMAGE, { tile: [32, 16], sparse: (chunk) => chunk === 0 });
    const image: DirectorySpec = { ...IMAGE, sparse: (chunk) => chunk < 2 };
    const plane = await decoder.plane(await open(image, mask), { channel: 0 });
    const expected = Float32Array.from(masked(IMAGE, mask), (value, at) => {
      const [x, y] = [at % 70, Math.floor(at / 70)];
      return y >= 16 || x >= 64 ? value : Number.NaN;
    });
    expect(planeDifference(plane, expected)).toBeNull();
  });

  it.each<[string, Partial<DirectorySpec>]>([
    ["of another size", { width: 64, height: 50 }],
    ["of a kind that is not read", { tags: { [TAG.compression]: short(34_661) } }],
    ["of two channels", { samples: 2, type: "uint8" }],
    ["of 16 bits", { type: "uint16" }],
    ["of no size", { tags: { [TAG.imageWidth]: long(0) } }],
  ])("that cannot be applied is told, and the image is shown: %s", async (_, more) => {
    const source = await open(IMAGE, maskOf(IMAGE, more));
    expect(source.info.channels[0]?.masked).toBe(false);
    expect(source.info.warnings).toEqual([
      expect.objectContaining({
        code: "MASK_NOT_APPLIED",
        message: expect.stringMatching(/mask, which is not applied/),
      }),
    ]);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(IMAGE, 0))).toBeNull();
  });

  it("whose tiles are damaged refuses them and writes nothing else", async () => {
    const mask = maskOf(IMAGE, { replaceChunk: () => Uint8Array.of(1, 2, 3) });
    const bytes = buildTiff({ directories: [IMAGE, mask] });
    const { chunks, refusals } = await tryImage(() => openTiff(new MemoryStore(bytes)), decoder, 20);
    expect(chunks.size).toBe(0);
    expect(refusals[0]?.code).toBe("SOURCE_UNREADABLE");
  });
});
