import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ConvertedColorSource } from "../../../src/source/color/converted.ts";
import { openPlain } from "../../../src/source/plain/open.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ChunkRef, ImageSource } from "../../../src/source/types.ts";
import { grayProfile, PRIMARIES, rgbProfile } from "../../fixtures/icc-profile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, type PlaneArray } from "../../fixtures/tiff-pixels.ts";
import {
  ADOBE,
  codes,
  colored,
  decoder,
  farthest,
  IMAGE,
  open,
  photo,
  planes,
  printed,
  SRGB,
  shownBySharp,
  srgbOf,
  tiff,
} from "./support.ts";

describe("colors that are not sRGB", () => {
  it.each<[string, DirectorySpec, number, Uint8Array]>([
    ["RGB of a wide space", IMAGE, 2, ADOBE],
    ["RGB of one that is wider than what can be seen", IMAGE, 2, rgbProfile("ProPhoto-like", PRIMARIES.proPhoto, 1.8)],
    ["linear RGB", IMAGE, 2, rgbProfile("sRGB linear", PRIMARIES.adobe, 1)],
    ["JPEG in YCbCr", { ...IMAGE, codec: "jpeg" }, 6, ADOBE],
    ["gray", { ...IMAGE, samples: 1 }, 1, grayProfile("Gray gamma 1.8", 1.8)],
    ["gray of which 0 is white", { ...IMAGE, samples: 1 }, 0, grayProfile("Gray gamma 1.8", 1.8)],
  ])("are what libvips makes of them, within one level: %s", async (_, spec, photometric, profile) => {
    const bytes = tiff(colored(spec, photometric, profile));
    const source = await openTiff(new MemoryStore(bytes));
    const [found, expected] = [await srgbOf(source), await shownBySharp(bytes)];
    expect(farthest(found, expected)).toBeLessThanOrEqual(1);
    expect(codes(source)).toContain("COLORS_CONVERTED");
  });

  it("of a print are what libvips makes of them, within one level", async () => {
    const bytes = await printed("tiff");
    const source = await openTiff(new MemoryStore(bytes));
    expect(source.info.channels.map(({ name }) => name)).toEqual(["cyan", "magenta", "yellow", "black", ...SRGB]);
    expect(farthest(await srgbOf(source), await shownBySharp(bytes))).toBeLessThanOrEqual(1);
  });

  it("of full inks are what libvips makes of them, within one level", async () => {
    const { icc = null } = await sharp(await printed("tiff")).metadata();
    const full: DirectorySpec = { width: 16, height: 1, samples: 4, value: (x, _, ink) => ((x >> ink) & 1) * 255 };
    const file = tiff(colored({ ...full, tags: { [TAG.extraSamples]: null } }, 5, icc && new Uint8Array(icc)));
    const source = await openTiff(new MemoryStore(file));
    expect(farthest(await srgbOf(source), await shownBySharp(file))).toBeLessThanOrEqual(1);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["JPEG", () => photo().jpeg({ quality: 95 }).withIccProfile("p3").toBuffer()],
    ["PNG", () => photo().png().withIccProfile("p3").toBuffer()],
    ["PNG with alpha", () => photo().ensureAlpha(1).png().withIccProfile("p3").toBuffer()],
    ["WebP", () => photo().webp({ lossless: true }).withIccProfile("p3").toBuffer()],
    ["CMYK in JPEG", () => printed("jpeg")],
  ])("of a plain image are what libvips makes of them: %s", async (_, make) => {
    const bytes = await make();
    const source = await openPlain(new MemoryStore(new Uint8Array(bytes)));
    expect(farthest(await srgbOf(source), await shownBySharp(bytes))).toBeLessThanOrEqual(1);
    expect(codes(source)).toEqual(["COLORS_CONVERTED"]);
  });

  it.each<[string, Partial<DirectorySpec>, number]>([
    ["planes of their own", { planar: true }, 0],
    ["16 bits", { type: "uint16", value: (x, y, sample) => 257 * Number(planes[sample]?.[y * IMAGE.width + x]) }, 1],
  ])("are the same of %s", async (_, other, within) => {
    const [found, expected] = [
      await open(colored({ ...IMAGE, ...other }, 2, ADOBE)),
      await open(colored(IMAGE, 2, ADOBE)),
    ];
    expect(farthest(await srgbOf(found), await srgbOf(expected))).toBeLessThanOrEqual(within);
  });

  it("are read with as few requests as the stored ones", async () => {
    const inner = await open(colored(IMAGE, 2, ADOBE));
    const [group, own] = [inner.locate(0).group, inner.locate(3).group];
    const refs = [0, 1].map((x) => ({ level: 0, group: own, z: 0, t: 0, x, y: 0 }));
    expect(inner.fetchAll).toBeUndefined();
    const asked: (readonly ChunkRef[])[] = [];
    const remote: ImageSource = {
      ...{ info: { ...inner.info, channels: inner.info.channels.slice(0, 3) }, identity: inner.identity },
      locate: (channel) => inner.locate(channel),
      layout: (ref) => inner.layout(ref),
      fetch: (ref) => inner.fetch(ref),
      fetchAll: async (some) => {
        asked.push(some);
        return await Promise.all(some.map((ref) => inner.fetch(ref)));
      },
      scratchBytes: (ref, length) => inner.scratchBytes(ref, length),
      decode: (bytes, ref, target) => inner.decode(bytes, ref, target),
      close: () => inner.close(),
    };
    const source = new ConvertedColorSource(remote, { channels: [0, 1, 2], convert: () => {} });
    await source.fetchAll?.(refs);
    expect(asked).toEqual([refs.map((ref) => ({ ...ref, group }))]);
  });

  it("leave the stored numbers as they are, in chunks of their own", async () => {
    const source = await open(colored(IMAGE, 2, ADOBE));
    const names = source.info.channels.map(({ name, derived, dataType }) => [name, derived, dataType]);
    const stored = ["red", "green", "blue"].map((name) => [name, false, "uint8"]);
    expect(names).toEqual([...stored, ...SRGB.map((name) => [name, true, "uint8"])]);
    for (const channel of [0, 1, 2])
      expect(await decoder.plane(source, { channel })).toEqual(expectedPlane(IMAGE, channel));
    const ref = { level: 0, z: 0, t: 0, x: 0, y: 0 };
    const layouts = [0, 3].map((channel) => source.layout({ ...ref, group: source.locate(channel).group }));
    expect(layouts.map(({ samples, type }) => [samples, type])).toEqual([
      [3, "uint8"],
      [3, "uint8"],
    ]);
    expect(source.locate(3).group).not.toBe(source.locate(0).group);
  });

  it("count as three planes of bytes, though one is stored", async () => {
    const source = await open(colored({ ...IMAGE, samples: 1 }, 1, grayProfile("Gray", 1)));
    expect(source.info.levels[0]).toMatchObject({ chunkBytes: 3 * 32 * 16 });
    const apart = await open(colored({ ...IMAGE, planar: true }, 2, ADOBE));
    expect(apart.info.levels[0]).toMatchObject({ chunkReads: 3 });
  });

  it("are made of the colors alone where there are other samples", async () => {
    const bytes = tiff(colored({ ...IMAGE, samples: 5, tags: { [TAG.extraSamples]: short(0, 0) } }, 2, ADOBE));
    const source = await openTiff(new MemoryStore(bytes));
    const alone = await open(colored({ ...IMAGE, samples: 5, tags: { [TAG.extraSamples]: short(0, 0) } }, 2, null));
    expect(alone.info.channels).toHaveLength(5);
    const planes = [0, 1, 2].map((sample) => expectedPlane({ ...IMAGE, samples: 5 }, sample));
    const value: DirectorySpec["value"] = (x, y, sample) => Number(planes[sample]?.[y * IMAGE.width + x]);
    const three = await open(colored({ ...IMAGE, value }, 2, ADOBE));
    expect(await srgbOf(source)).toEqual(await srgbOf(three));
  });
});

describe("where the file has no data, its colors have none", () => {
  const holes = (plane: PlaneArray | undefined) => [...(plane ?? []).keys()].filter((at) => Number.isNaN(plane?.[at]));

  it("by its alpha", async () => {
    const alpha = (x: number, y: number) => ((x + y) % 7 === 0 ? 0 : 255);
    const value: DirectorySpec["value"] = (x, y, sample) =>
      sample === 3 ? alpha(x, y) : (x * 2 + y + sample * 30) & 255;
    const spec = colored({ ...IMAGE, samples: 4, value, tags: { [TAG.extraSamples]: short(2) } }, 2, ADOBE);
    const source = await open(spec);
    const expected = await open(colored({ ...IMAGE, value }, 2, ADOBE));
    const [found, whole] = [await srgbOf(source), await srgbOf(expected)];
    const red = await decoder.plane(source, { channel: 0 });
    expect(holes(found[2])).toEqual(holes(red));
    expect(holes(red).length).toBeGreaterThan(500);
    found.forEach((plane, at) => {
      plane.forEach((one, pixel) => {
        if (!Number.isNaN(one)) expect(one).toBe(whole[at]?.[pixel]);
      });
    });
    const [stored, made] = [0, 4].map((channel) => {
      return source.beneath?.({ level: 0, group: source.locate(channel).group, z: 0, t: 0, x: 0, y: 0 });
    });
    expect(stored?.source.layout(stored.ref).type).toBe("uint8");
    expect(made).toBeNull();
    expect(source.info.channels.slice(4).map(({ masked }) => masked)).toEqual([true, true, true]);
  });

  it.each([[false], [true]])("by its value of no data, in one of the samples, apart: %s", async (planar) => {
    const value: DirectorySpec["value"] = (x, y, sample) => (x === 5 && sample === 1 ? 9 : 10 + ((x + y) & 127));
    const source = await open(colored({ ...IMAGE, planar, value, nodata: "9" }, 2, ADOBE));
    const expected = Array.from({ length: IMAGE.height }, (_, y) => y * IMAGE.width + 5);
    for (const plane of await srgbOf(source)) expect(holes(plane)).toEqual(expected);
  });
});
