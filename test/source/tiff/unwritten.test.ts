import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = {
  width: 70,
  height: 50,
  tile: [32, 16],
  codec: "deflate",
  sparse: (chunk) => chunk === 1,
};
const open = (...directories: readonly DirectorySpec[]) => openTiff(new MemoryStore(buildTiff({ directories })));

/** The samples as float32, NaN in a rectangle. */
function without(spec: DirectorySpec, sample: number, inside: (x: number, y: number) => boolean): Float32Array {
  return Float32Array.from(expectedPlane(spec, sample), (value, at) =>
    inside(at % spec.width, Math.floor(at / spec.width)) ? Number.NaN : value,
  );
}

const inTile = (x: number, y: number) => x >= 32 && x < 64 && y < 16;

describe("tiles and strips that were never written", () => {
  it.each<[string, DirectorySpec]>([
    ["bytes", IMAGE],
    ["16 bits", { ...IMAGE, type: "uint16", predictor: 2 }],
    ["interleaved colors", { ...IMAGE, samples: 3, tags: { [TAG.photometric]: short(2) } }],
    ["a no-data value that samples cannot have", { ...IMAGE, nodata: "-9999" }],
  ])("have no data: %s", async (_, spec) => {
    const source = await open(spec);
    expect(source.info.channels.every(({ masked }) => masked)).toBe(true);
    expect(source.info.warnings).toContainEqual({
      ...{ code: "CHUNKS_MISSING", channel: null },
      message: expect.stringMatching(/^1 of its 12 tiles or strips/),
    });
    for (let channel = 0; channel < (spec.samples ?? 1); channel++) {
      const plane = await decoder.plane(source, { channel });
      expect(planeDifference(plane, without(spec, channel, inTile))).toBeNull();
    }
  });

  it("have none where each sample has tiles of its own", async () => {
    const spec: DirectorySpec = { ...IMAGE, samples: 2, planar: true, sparse: (chunk) => chunk === 13 };
    const source = await open(spec);
    const [first, second] = [await decoder.plane(source, { channel: 0 }), await decoder.plane(source, { channel: 1 })];
    expect(
      planeDifference(
        first,
        without(spec, 0, () => false),
      ),
    ).toBeNull();
    expect(planeDifference(second, without(spec, 1, inTile))).toBeNull();
  });

  it("have none where several strips are one chunk", async () => {
    const { tile: _, ...strips } = IMAGE;
    const spec: DirectorySpec = { ...strips, rowsPerStrip: 4, sparse: (strip) => strip === 2 || strip === 12 };
    const plane = await decoder.plane(await open(spec), { channel: 0 });
    expect(
      planeDifference(
        plane,
        without(spec, 0, (_, y) => (y >= 8 && y < 12) || y >= 48),
      ),
    ).toBeNull();
  });

  it("are NaN in floats, which stay as they are stored", async () => {
    const spec: DirectorySpec = { ...IMAGE, type: "float64" };
    const source = await open(spec);
    expect(source.info.channels[0]?.masked).toBe(false);
    const expected = expectedPlane(spec, 0).map((value, at) =>
      inTile(at % 70, Math.floor(at / 70)) ? Number.NaN : value,
    );
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expected)).toBeNull();
  });

  it("are the no-data value where the file has one", async () => {
    const spec: DirectorySpec = { ...IMAGE, nodata: "7" };
    const source = await open(spec);
    expect(source.info.channels[0]).toMatchObject({ masked: false, nodata: 7 });
    const plane = await decoder.plane(source, { channel: 0 });
    expect([plane[32], plane[0]]).toEqual([7, expectedPlane(spec, 0)[0]]);
  });

  it("are found on a level of the pyramid and in a further channel", async () => {
    const { sparse: _, ...whole } = IMAGE;
    const half: DirectorySpec = { ...IMAGE, width: 35, height: 25, reduced: true };
    const coarse = await open({ ...whole, children: [half] });
    const inHalf = (x: number, y: number) => x >= 32 && y < 16;
    const plane = await decoder.plane(coarse, { channel: 0, level: 1 });
    expect(planeDifference(plane, without(half, 0, inHalf))).toBeNull();
    const second = await open(whole, { ...IMAGE, seed: 4 });
    const other = await decoder.plane(second, { channel: 1 });
    expect(planeDifference(other, without({ ...IMAGE, seed: 4 }, 0, inTile))).toBeNull();
  });

  it("that there are none of change nothing", async () => {
    const { sparse: _, ...whole } = IMAGE;
    const source = await open(whole);
    expect([source.info.channels[0]?.masked, source.info.warnings]).toEqual([false, []]);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(whole, 0))).toBeNull();
  });
});
