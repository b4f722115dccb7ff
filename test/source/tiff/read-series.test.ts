import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, rational, short, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();

const open = (series: number, spec: TiffSpec) => openTiff(new MemoryStore(buildTiff(spec)), { series });
const openAll = (series: number, ...directories: readonly DirectorySpec[]) => open(series, { directories });

interface Plane {
  readonly channel?: number;
  readonly level?: number;
  readonly z?: number;
  readonly t?: number;
}

async function expectPlane(source: Awaited<ReturnType<typeof open>>, plane: Plane, expected: DirectorySpec) {
  expect(planeDifference(await decoder.plane(source, { channel: 0, ...plane }), expectedPlane(expected, 0))).toBeNull();
}

describe("directories that do not belong together", () => {
  const slide: DirectorySpec = { width: 400, height: 200, tile: [64, 64], codec: "lzw", samples: 3 };
  const thumbnail: DirectorySpec = { ...slide, width: 100, height: 50, tile: [64, 64], seed: 1 };
  const half: DirectorySpec = { ...slide, width: 200, height: 100, seed: 2 };
  const label: DirectorySpec = { width: 50, height: 60, samples: 3, seed: 3, reduced: true };
  const macro: DirectorySpec = { width: 120, height: 40, samples: 3, seed: 4, reduced: true };

  it("are images of their own, as in files of slide scanners", async () => {
    const all = [slide, thumbnail, half, label, macro];
    const sources = await Promise.all([0, 1, 2].map((series) => openAll(series, ...all)));
    expect(sources.map(({ info }) => [info.width, info.height, info.levels.length, info.seriesCount])).toEqual([
      [400, 200, 3, 3],
      [50, 60, 1, 3],
      [120, 40, 1, 3],
    ]);
    const [main, second, third] = sources;
    if (!main || !second || !third) throw new Error("no sources");
    await expectPlane(main, { level: 1 }, half);
    await expectPlane(second, {}, label);
    await expectPlane(third, {}, macro);
  });

  it("are channels where size and type are the same, images where the type differs", async () => {
    const [a, b] = [0, 1].map((seed): DirectorySpec => ({ width: 40, height: 30, seed }));
    const other: DirectorySpec = { width: 40, height: 30, type: "uint16", seed: 2 };
    if (!a || !b) throw new Error("no directories");
    const [first, second] = [await openAll(0, a, other, b), await openAll(1, a, other, b)];
    expect([first.info.channels.length, second.info.channels.length]).toEqual([2, 1]);
    await expectPlane(first, { channel: 1 }, b);
    await expectPlane(second, {}, other);
  });

  it("share levels out in their order where all planes come first", async () => {
    const full = [1, 2, 3].map((seed): DirectorySpec => ({ width: 80, height: 60, seed }));
    const halves = [4, 5, 6].map((seed): DirectorySpec => ({ width: 40, height: 30, seed }));
    const quarters = [7, 8, 9].map((seed): DirectorySpec => ({ width: 20, height: 15, seed, reduced: true }));
    const source = await openAll(0, ...full, ...halves, ...quarters);
    for (const channel of [0, 1, 2]) {
      for (const [level, planes] of [full, halves, quarters].entries()) {
        const expected = planes[channel];
        if (!expected) throw new Error("no plane");
        await expectPlane(source, { channel, level }, expected);
      }
    }
  });

  it("that are not there are not found", async () => {
    for (const series of [1, 7]) {
      const error = await openAll(series, { width: 4, height: 4 }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BandloomError);
      expect((error as BandloomError).code).toBe("NOT_FOUND");
    }
  });

  it("have the description that stands in the first", async () => {
    const described = async (description: string) =>
      (await openAll(0, { width: 4, height: 4, description })).info.description;
    expect(await described("  Section of a leaf ")).toBe("Section of a leaf");
    expect(await described('{"shape": [4, 4]}')).toBeNull();
    expect(await described("ImageJ=1.53\nimages=1\n")).toBeNull();
  });
});

describe("OME-TIFF of several images", () => {
  const image = (name: string, size: string, data: string) =>
    `<Image ID="i" Name="${name}"><Description>About ${name}</Description><Pixels DimensionOrder="XYCZT" Type="uint8" ${size}>${data}</Pixels></Image>`;
  const root = (images: string) =>
    `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${images}</OME>`;
  const data = (ifd: number, count: number) => `<TiffData IFD="${ifd}" PlaneCount="${count}"/>`;
  const sizes = (x: number, y: number, c: number) => `SizeX="${x}" SizeY="${y}" SizeC="${c}" SizeZ="1" SizeT="1"`;
  const small: DirectorySpec[] = [1, 2].map((seed) => ({ width: 40, height: 30, seed }));
  // Half the size of the first image and of its aspect: by its shape it could be a level of it.
  const other: DirectorySpec = { width: 20, height: 15, seed: 3 };
  const images = [image("leaf", sizes(40, 30, 2), data(0, 2)), image("root", sizes(20, 15, 1), data(2, 1))];
  const directories = (images: readonly string[]) => {
    const [first, ...rest] = [...small, other];
    return [{ ...(first ?? other), description: root(images.join("")) }, ...rest];
  };

  it("gives each with its name, its description and its own planes", async () => {
    const [leaf, rooted] = [await openAll(0, ...directories(images)), await openAll(1, ...directories(images))];
    expect([leaf.info.name, leaf.info.description, leaf.info.seriesCount]).toEqual(["leaf", "About leaf", 2]);
    expect([rooted.info.name, rooted.info.width, rooted.info.channels.length]).toEqual(["root", 20, 1]);
    expect(leaf.info.levels).toHaveLength(1);
    await expectPlane(leaf, { channel: 1 }, small[1] ?? other);
    await expectPlane(rooted, {}, other);
  });

  it("shows what can be read where another image cannot", async () => {
    const broken = [images[0] ?? "", image("bad", sizes(0, 0, 0), "")];
    expect((await openAll(0, ...directories(broken))).info.name).toBe("leaf");
    await expect(openAll(1, ...directories(broken))).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    await expect(openAll(2, ...directories(broken))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a stack of ImageJ", () => {
  const description = (lines: string) => `ImageJ=1.54f\n${lines}\n`;
  const plane = (seed: number): DirectorySpec => ({ width: 30, height: 20, type: "uint16", seed });
  const hyperstack = "images=24\nchannels=2\nslices=3\nframes=4\nhyperstack=true\nunit=micron";

  it("has channels, slices and frames in that order", async () => {
    const [first, ...rest] = Array.from({ length: 24 }, (_, seed) => plane(seed));
    const tags = { [TAG.xResolution]: rational((1n << 32n) | 4n), [TAG.yResolution]: rational((1n << 32n) | 2n) };
    const described = { ...(first ?? plane(0)), description: description(hyperstack), tags };
    const source = await openAll(0, described, ...rest);
    expect([source.info.channels.length, source.info.depth, source.info.times]).toEqual([2, 3, 4]);
    expect(source.info.pixelSize).toEqual({ x: 0.25, y: 0.5, unit: "µm" });
    await expectPlane(source, { channel: 1, z: 2, t: 3 }, plane(1 + 2 * (2 + 3 * 3)));
    await expectPlane(source, { channel: 0, z: 1, t: 0 }, plane(2));
  });

  it.each([
    ["small planes", 30, 20],
    ["planes of many chunks", 400, 500],
  ])("without directories for its planes has them one after the other: %s", async (_, width, height) => {
    const count = 6;
    const text = description("images=6\nchannels=1\nslices=6");
    const at = (z: number): DirectorySpec => ({
      ...{ width, height, type: "uint16" },
      value: (x, y) => (x * 7 + y * 3 + z * 1000) & 0xffff,
    });
    // Its pixels are the last bytes of a built file; all planes of the stack are as one image that is `count` times as high.
    const tall: DirectorySpec = { ...at(0), height: height * count, value: (x, y) => pixelAt(x, y) };
    const pixelAt = (x: number, y: number) => (x * 7 + (y % height) * 3 + Math.floor(y / height) * 1000) & 0xffff;
    const tags = { [TAG.imageLength]: short(height), [TAG.rowsPerStrip]: short(height) };
    for (const order of ["II", "MM"] as const) {
      const source = await open(0, { order, directories: [{ ...tall, description: text, tags }] });
      expect([source.info.depth, source.info.height]).toEqual([count, height]);
      for (const z of [0, 3, 5]) await expectPlane(source, { z }, at(z));
    }
  });

  it("is refused plane by plane where the file ends before them", async () => {
    const source = await openAll(0, { ...plane(0), description: description("images=9\nslices=9") });
    await expectPlane(source, { z: 0 }, plane(0));
    const failure = decoder.plane(source, { channel: 0, z: 8 });
    await expect(failure).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("that is compressed or tiled needs directories", async () => {
    for (const more of [{ codec: "lzw" }, { tile: [16, 16] }, { rowsPerStrip: 4 }] as const) {
      const source = await openAll(0, { ...plane(0), ...more, description: description("images=9\nslices=9") });
      await expect(decoder.plane(source, { channel: 0, z: 1 })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    }
  });

  it.each([
    "images=9\nchannels=2\nslices=2\nframes=2",
    "images=1e9\nslices=1e9",
    "images=-4\nslices=-4",
    "images=2.5\nslices=2.5",
  ])("whose numbers contradict each other is read by its directories: %s", async (lines) => {
    const source = await openAll(0, { ...plane(0), description: description(lines) }, plane(1));
    expect([source.info.channels.length, source.info.depth]).toEqual([2, 1]);
  });

  it("with other directories than it counts is read by its directories, with a warning", async () => {
    const source = await openAll(0, { ...plane(0), description: description("images=4\nslices=4") }, plane(1));
    expect([source.info.channels.length, source.info.depth]).toEqual([2, 1]);
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "METADATA_NOT_USED", message: expect.stringMatching(/ImageJ/) }),
    ]);
  });
});
