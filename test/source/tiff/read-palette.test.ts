import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const IMAGE: DirectorySpec = { width: 40, height: 30, tile: [16, 16], codec: "lzw" };

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
    expect(source.info.channels.map(({ name, dataType }) => [name, dataType])).toEqual([
      ["red", "uint8"],
      ["green", "uint8"],
      ["blue", "uint8"],
    ]);
    expect(source.info.warnings).toEqual([]);
    for (const channel of [0, 1, 2]) {
      const expected = Uint8Array.from(expectedPlane(IMAGE, 0), (index) => component(index, channel));
      expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    }
  });

  it("of finer steps gives 16 bits", async () => {
    const scale = (value: number) => value * 200 + 13;
    const source = await open(paletted({ ...IMAGE, type: "uint16" }, 65_536, scale));
    const indices = expectedPlane({ ...IMAGE, type: "uint16" }, 0);
    for (const channel of [0, 1, 2]) {
      const expected = Uint16Array.from(indices, (index) => scale(component(index, channel)));
      expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    }
  });

  it("of two colours is applied to bits", async () => {
    const image: DirectorySpec = { ...IMAGE, type: "bit" };
    const source = await open(paletted(image, 2, (value) => value * 257));
    const expected = Uint8Array.from(expectedPlane(image, 0), (index) => component(index, 2));
    expect(planeDifference(await decoder.plane(source, { channel: 2 }), expected)).toBeNull();
  });

  it("has no data where the index is the nodata value", async () => {
    const source = await open(paletted({ ...IMAGE, nodata: "20" }, 256, (value) => value * 257));
    expect(source.info.channels[1]).toMatchObject({ masked: true, nodata: null, dataType: "uint8" });
    const expected = Float32Array.from(expectedPlane(IMAGE, 0), (index) =>
      index === 20 ? Number.NaN : component(index, 1),
    );
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), expected)).toBeNull();
  });

  it("serves every level and every plane", async () => {
    const half: DirectorySpec = { ...IMAGE, width: 20, height: 15, reduced: true, seed: 3 };
    const second: DirectorySpec = { ...IMAGE, seed: 4 };
    const source = await open(...[IMAGE, half, second, half].map((one) => paletted(one, 256, (value) => value * 257)));
    expect(source.info.channels.map(({ name }) => name)).toEqual(
      ["b1", "b2"].flatMap((plane) => ["red", "green", "blue"].map((colour) => `${plane} ${colour}`)),
    );
    const reduced = Uint8Array.from(expectedPlane(half, 0), (index) => component(index, 0));
    expect(planeDifference(await decoder.plane(source, { channel: 0, level: 1 }), reduced)).toBeNull();
    const last = Uint8Array.from(expectedPlane(second, 0), (index) => component(index, 2));
    expect(planeDifference(await decoder.plane(source, { channel: 5 }), last)).toBeNull();
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
