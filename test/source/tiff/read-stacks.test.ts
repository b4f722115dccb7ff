import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, rational, short, TAG, undefinedBytes } from "../../fixtures/tiff-builder.ts";

const PLANE: DirectorySpec = { width: 12, height: 8, type: "uint16" };
const RGB: DirectorySpec = {
  ...{ width: 12, height: 8, type: "uint8", samples: 3 },
  tags: { [TAG.photometric]: short(2), [TAG.extraSamples]: null },
};
const decoder = new ChunkDecoder();

const pages = (count: number, more: Partial<DirectorySpec> = {}) =>
  Array.from({ length: count }, (_, seed): DirectorySpec => ({ ...PLANE, ...more, seed }));

async function opened(directories: readonly DirectorySpec[], series = 0) {
  return await openTiff(new MemoryStore(buildTiff({ directories })), { series });
}

/** That a plane is the one of the directory that was written as number `seed`. */
async function expectPlane(
  directories: readonly DirectorySpec[],
  at: { readonly channel: number; readonly z: number; readonly t: number },
  seed: number,
) {
  const { tags: _, description: __, ...alone } = directories[seed] ?? PLANE;
  const due = await decoder.plane(await opened([alone]), { channel: 0 });
  expect(planeDifference(await decoder.plane(await opened(directories), at), due)).toBeNull();
}

describe("a stack that tifffile describes", () => {
  const described = (shape: readonly number[], axes: string, more: Partial<DirectorySpec> = {}) => {
    const [first = PLANE, ...rest] = pages(more.samples ? 4 : 6, more);
    return [{ ...first, description: JSON.stringify({ shape, axes }) }, ...rest];
  };

  it.each([
    ["ZCYX", [3, 2, 8, 12], { z: 1, t: 0, channel: 1 }, 3, [2, 3, 1]],
    ["CZYX", [3, 2, 8, 12], { z: 1, t: 0, channel: 2 }, 5, [3, 2, 1]],
    ["TCYX", [2, 3, 8, 12], { z: 0, t: 1, channel: 1 }, 4, [3, 1, 2]],
    ["TZYX", [2, 3, 8, 12], { z: 2, t: 1, channel: 0 }, 5, [1, 3, 2]],
    ["ZYX", [6, 8, 12], { z: 4, t: 0, channel: 0 }, 4, [1, 6, 1]],
    ["CYX", [6, 8, 12], { z: 0, t: 0, channel: 4 }, 4, [6, 1, 1]],
  ])("has its planes where the axes %s say", async (axes, shape, at, seed, sizes) => {
    const directories = described(shape, axes);
    const { channels, depth, times, warnings } = (await opened(directories)).info;
    expect([channels.length, depth, times]).toEqual(sizes);
    expect(warnings).toEqual([]);
    await expectPlane(directories, at, seed);
  });

  it("may have colors as samples of each plane", async () => {
    const { depth, channels } = (await opened(described([4, 8, 12, 3], "ZYXS", RGB))).info;
    expect([depth, channels.map(({ name }) => name)]).toEqual([4, ["red", "green", "blue"]]);
  });

  it.each([
    ["other planes than there are", [5, 8, 12], "ZYX", 1],
    ["axes of another number", [6, 8, 12], "TZYX", 0],
    ["axes that nobody knows", [6, 8, 12], "QYX", 0],
    ["an axis twice", [2, 3, 8, 12], "ZZYX", 0],
  ])("is pages side by side where it tells %s", async (_, shape, axes, warnings) => {
    const { info } = await opened(described(shape, axes));
    expect([info.channels.length, info.depth, info.warnings.length]).toEqual([6, 1, warnings]);
  });

  it("is pages side by side where its description is no JSON", async () => {
    const [first = PLANE, ...rest] = pages(2);
    expect((await opened([{ ...first, description: '{"shape": [2,' }, ...rest])).info.channels).toHaveLength(2);
  });
});

describe("a stack of MetaMorph", () => {
  const ofPlanes = (count: number) => ({ [TAG.metaMorphPlanes]: rational(...new Array<bigint>(count).fill(1n)) });

  it.each([
    ["one strip", 8],
    ["several strips", 3],
  ])("has the planes behind its only directory, of %s", async (_, rowsPerStrip) => {
    const first = buildTiff({ directories: [{ ...PLANE, rowsPerStrip, tags: ofPlanes(3) }] });
    // Strips are the end of a file, and the other planes follow.
    const others = [1, 2].map((z) => Uint16Array.from({ length: 96 }, (_, at) => 1000 * z + at));
    const bytes = Buffer.concat([first, ...others.map(({ buffer }) => new Uint8Array(buffer))]);
    const source = await openTiff(new MemoryStore(new Uint8Array(bytes)));
    expect([source.info.depth, source.info.channels.length, source.info.warnings]).toEqual([3, 1, []]);
    for (const z of [1, 2])
      expect(
        planeDifference(await decoder.plane(source, { channel: 0, z }), others[z - 1] ?? new Uint16Array()),
      ).toBeNull();
  });

  it("is one plane where nobody counts more", async () => {
    const { depth, warnings } = (await opened([{ ...PLANE, tags: ofPlanes(1) }])).info;
    expect([depth, warnings]).toEqual([1, []]);
  });

  it("has its pages side by side where it counts others, with a warning", async () => {
    const [first = PLANE, ...rest] = pages(3);
    const { info } = await opened([{ ...first, tags: ofPlanes(5) }, ...rest]);
    expect([info.depth, info.channels.length]).toEqual([1, 3]);
    expect(info.warnings).toEqual([expect.objectContaining({ message: expect.stringMatching(/^MetaMorph counts/) })]);
  });
});

describe("a stack of Zeiss's LSM", () => {
  const lsm = (depth: number, times: number, micrometers = 0.25) => {
    const view = new DataView(new ArrayBuffer(64));
    view.setUint32(0, 0x0400494c, true);
    [12, 8, depth, 3, times].forEach((size, at) => {
      view.setInt32(8 + 4 * at, size, true);
    });
    view.setFloat64(40, micrometers * 1e-6, true);
    view.setFloat64(48, 2 * micrometers * 1e-6, true);
    return { [TAG.lsmInfo]: undefinedBytes(...new Uint8Array(view.buffer)) };
  };
  const COLORS: DirectorySpec = { ...PLANE, type: "uint8", samples: 3, planar: true };
  /** Each plane is followed by a picture of it in colors. */
  const stack = (tags: DirectorySpec["tags"]) =>
    pages(6, COLORS).flatMap((plane, at): DirectorySpec[] => [
      { ...plane, ...(at === 0 && tags ? { tags } : {}) },
      { ...plane, width: 6, height: 4, reduced: true },
    ]);

  it("has its planes along z and t, and the size of its pixels", async () => {
    const directories = stack(lsm(3, 2));
    const { info } = await opened(directories);
    expect([info.depth, info.times, info.channels.length, info.seriesCount]).toEqual([3, 2, 3, 1]);
    expect(info.pixelSize).toEqual({ x: expect.closeTo(0.25, 9), y: expect.closeTo(0.5, 9), unit: "µm" });
    await expectPlane(directories, { channel: 0, z: 1, t: 1 }, 8);
  });

  it("does not take its small pictures for levels", async () => {
    expect((await opened(stack(lsm(3, 2)))).info.levels).toHaveLength(1);
    expect((await opened(stack(undefined))).info.levels).toHaveLength(2);
  });

  it("has its pages side by side where it counts others, with a warning", async () => {
    const { info } = await opened(stack(lsm(4, 2)));
    expect([info.depth, info.channels.length]).toEqual([1, 18]);
    expect(info.warnings).toEqual([expect.objectContaining({ message: expect.stringMatching(/LSM counts other/) })]);
  });

  it.each([
    ["no size", lsm(3, 2, 0), 3],
    ["no planes", lsm(0, 2), 1],
  ])("may tell %s", async (_, tags, depth) => {
    const { info } = await opened(stack(tags));
    expect([info.depth, info.pixelSize]).toEqual([depth, null]);
  });
});

describe("a slide", () => {
  const perCentimeter = {
    [TAG.xResolution]: rational((1n << 32n) | 40_000n),
    [TAG.yResolution]: rational((1n << 32n) | 20_000n),
    [TAG.resolutionUnit]: short(3),
  };

  it("of Hamamatsu has the size of its pixels by its resolution", async () => {
    const slide = { ...PLANE, tags: { ...perCentimeter, [TAG.ndpiFormat]: short(1) } };
    expect((await opened([slide])).info.pixelSize).toEqual({ x: 0.25, y: 0.5, unit: "µm" });
    expect((await opened([{ ...PLANE, tags: perCentimeter }])).info.pixelSize).toBeNull();
  });

  it("of Leica comes before its overview, with the size of its pixels", async () => {
    const description = '<?xml version="1.0"?>\n<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"></scn>';
    const overview = { ...PLANE, width: 5, description };
    const slide = { ...PLANE, width: 40, height: 30, description, tags: perCentimeter };
    const { info } = await opened([overview, slide]);
    expect(info).toMatchObject({ width: 40, seriesCount: 2, pixelSize: { x: 0.25, y: 0.5, unit: "µm" } });
    expect((await opened([overview, slide], 1)).info.width).toBe(5);
  });

  it("of Ventana comes before its label, and says that its tiles overlap", async () => {
    const label = { ...PLANE, description: "Label Image" };
    const slide = { ...PLANE, width: 40, height: 30, description: "level=0 mag=40 quality=95" };
    const { info } = await opened([label, slide, { ...slide, width: 20, height: 15 }]);
    expect([info.width, info.levels.length]).toEqual([40, 2]);
    expect(info.warnings).toEqual([expect.objectContaining({ message: expect.stringMatching(/overlap/) })]);
    expect((await opened([{ ...label, description: "Of a label" }, slide])).info.width).toBe(12);
  });
});
