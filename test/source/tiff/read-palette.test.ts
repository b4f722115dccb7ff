import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 40, height: 30, tile: [16, 16], codec: "lzw" };

/** What GDAL calls the band. */
const NAMED = '<GDALMetadata><Item name="DESCRIPTION" sample="0" role="description">land cover</Item></GDALMetadata>';

/** Components of an index, before they are scaled. */
const component = (index: number, which: number) => (index * (3 + 2 * which) + which) & 255;

function paletted(spec: DirectorySpec, size: number, scale: (value: number) => number): DirectorySpec {
  const map = [0, 1, 2].flatMap((which) => Array.from({ length: size }, (_, i) => scale(component(i, which))));
  return { ...spec, tags: { [TAG.photometric]: short(3), [TAG.colorMap]: { type: 3, values: map }, ...spec.tags } };
}

const open = (...directories: readonly DirectorySpec[]) => openTiff(new MemoryStore(buildTiff({ directories })));

describe("a palette", () => {
  it.each<[string, (value: number) => number]>([
    ["doubled", (value) => value * 257],
    ["shifted", (value) => value * 256],
    ["as they are", (value) => value],
  ])("of bytes that are %s gives 8-bit red, green and blue", async (_, scale) => {
    const source = await open(paletted(IMAGE, 256, scale));
    expect(source.info.channels.map(({ name, dataType, kind }) => [name, dataType, kind])).toEqual([
      ["b1", "uint8", "categorical"],
      ["red", "uint8", "continuous"],
      ["green", "uint8", "continuous"],
      ["blue", "uint8", "continuous"],
    ]);
    expect(source.info.warnings).toEqual([]);
    for (const channel of [0, 1, 2]) {
      const expected = Uint8Array.from(expectedPlane(IMAGE, 0), (index) => component(index, channel));
      expect(planeDifference(await decoder.plane(source, { channel: 1 + channel }), expected)).toBeNull();
    }
  });

  it("leaves the codes as they are stored, and tells their colors", async () => {
    const map = (index: number, which: number) => ([0, 11, 21][index] ?? 0) * ([257, 514, 771][which] ?? 0) * 3;
    const values = [0, 1, 2].flatMap((which) => Array.from({ length: 256 }, (_, i) => Math.min(65_535, map(i, which))));
    const tags = { [TAG.photometric]: short(3), [TAG.colorMap]: { type: 3, values } };
    const source = await open({ ...IMAGE, nodata: "20", gdalMetadata: NAMED, tags });
    const [codes, ...colors] = source.info.channels;
    expect(codes).toMatchObject({
      name: "land cover",
      kind: "categorical",
      nodata: 20,
      masked: false,
      dataType: "uint8",
    });
    expect(codes?.classes).toEqual([
      { value: 0, name: null, color: "#000000" },
      { value: 1, name: null, color: "#214263" },
      { value: 2, name: null, color: "#3f7ebd" },
    ]);
    expect(colors.map(({ classes }) => classes)).toEqual([null, null, null]);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expectedPlane(IMAGE, 0))).toBeNull();
  });

  it("makes no colors for who reads the codes", async () => {
    const source = await open(paletted(IMAGE, 256, (value) => value * 257));
    const ref = { level: 0, z: 0, t: 0, x: 0, y: 0 };
    expect(source.layout({ ...ref, group: source.locate(0).group })).toMatchObject({ samples: 1, type: "uint8" });
    expect(source.layout({ ...ref, group: source.locate(1).group })).toMatchObject({ samples: 3, type: "uint8" });
  });

  it("has no colors where nothing was written", async () => {
    const spec: DirectorySpec = { ...IMAGE, sparse: (chunk) => chunk === 0 };
    const source = await open(paletted(spec, 256, (value) => value * 257));
    const [codes, red] = [await decoder.plane(source, { channel: 0 }), await decoder.plane(source, { channel: 1 })];
    expect([codes[0], red[0], codes[16]]).toEqual([Number.NaN, Number.NaN, expectedPlane(IMAGE, 0)[16]]);
    expect(red[16]).toBe(component(expectedPlane(IMAGE, 0)[16] ?? 0, 0));
  });

  it("of finer steps gives 16 bits", async () => {
    const scale = (value: number) => value * 200 + 13;
    const source = await open(paletted({ ...IMAGE, type: "uint16" }, 65_536, scale));
    const indices = expectedPlane({ ...IMAGE, type: "uint16" }, 0);
    for (const channel of [0, 1, 2]) {
      const expected = Uint16Array.from(indices, (index) => scale(component(index, channel)));
      expect(planeDifference(await decoder.plane(source, { channel: 1 + channel }), expected)).toBeNull();
    }
  });

  it("of two colours is applied to bits", async () => {
    const image: DirectorySpec = { ...IMAGE, type: "bit" };
    const source = await open(paletted(image, 2, (value) => value * 257));
    const expected = Uint8Array.from(expectedPlane(image, 0), (index) => component(index, 2));
    expect(planeDifference(await decoder.plane(source, { channel: 3 }), expected)).toBeNull();
  });

  it("has no data where the index is the nodata value", async () => {
    const source = await open(paletted({ ...IMAGE, nodata: "20" }, 256, (value) => value * 257));
    expect(source.info.channels[2]).toMatchObject({ masked: true, nodata: null, dataType: "uint8" });
    const expected = Float32Array.from(expectedPlane(IMAGE, 0), (index) =>
      index === 20 ? Number.NaN : component(index, 1),
    );
    expect(planeDifference(await decoder.plane(source, { channel: 2 }), expected)).toBeNull();
  });

  it("serves every level and every plane", async () => {
    const half: DirectorySpec = { ...IMAGE, width: 20, height: 15, reduced: true, seed: 3 };
    const second: DirectorySpec = { ...IMAGE, seed: 4 };
    const source = await open(...[IMAGE, half, second, half].map((one) => paletted(one, 256, (value) => value * 257)));
    expect(source.info.channels.map(({ name }) => name)).toEqual(
      ["b1", "b2"].flatMap((plane) => [plane, ...["red", "green", "blue"].map((color) => `${plane} ${color}`)]),
    );
    const reduced = Uint8Array.from(expectedPlane(half, 0), (index) => component(index, 0));
    expect(planeDifference(await decoder.plane(source, { channel: 1, level: 1 }), reduced)).toBeNull();
    const last = Uint8Array.from(expectedPlane(second, 0), (index) => component(index, 2));
    expect(planeDifference(await decoder.plane(source, { channel: 7 }), last)).toBeNull();
  });

  it.each<[string, DirectorySpec, RegExp]>([
    ["missing", { ...IMAGE, tags: { [TAG.photometric]: short(3) } }, /palette has 0/],
    ["too short", paletted(IMAGE, 255, (value) => value), /palette has 765/],
    ["of half a million entries", paletted(IMAGE, 170_000, (value) => value), /320|values/],
  ])("is refused where it is %s", async (_, directory, reason) => {
    const bytes = buildTiff({ directories: [directory] });
    const { source, refusals } = await tryImage(() => openTiff(new MemoryStore(bytes)), decoder, 4);
    expect(source).toBeNull();
    expect(refusals[0]?.message).toMatch(reason);
  });
});
