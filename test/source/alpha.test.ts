import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { planeTypeOf, valueRange } from "../../src/core/dtype.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../fixtures/decode-image.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { openLocal } from "../fixtures/open-local.ts";
import { buildTiff, type DirectorySpec, long, short, TAG } from "../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const folder = mkdtempSync(join(tmpdir(), "bandloom-alpha-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (...directories: readonly DirectorySpec[]) => openTiff(new MemoryStore(buildTiff({ directories })));

interface Layered {
  readonly photometric: number;
  readonly extra: readonly number[];
  readonly type?: NonNullable<DirectorySpec["type"]>;
  readonly more?: Partial<DirectorySpec>;
}

const FULL = { uint8: 255, uint16: 65_535, int16: 32_767, uint32: 4_294_967_295, float32: 1, float64: 1 } as const;
type Opaque = keyof typeof FULL;

/** An image of color samples and extra ones; those that are alpha are 0, full or half in a pattern of stripes. */
function layered(base: number, { photometric, extra, type = "uint8", more = {} }: Layered): DirectorySpec {
  const full = FULL[type as Opaque];
  const spec: DirectorySpec = { width: 50, height: 40, tile: [16, 32], codec: "deflate", type, ...more };
  const plain: DirectorySpec = { ...spec, samples: base + extra.length };
  return {
    ...plain,
    value: (x, y, sample) => {
      const isAlpha = (extra[sample - base] ?? 0) > 0;
      if (isAlpha) return [0, full, type.startsWith("float") ? 0.5 : Math.floor(full / 2)][(x + y) % 3] ?? 0;
      return type.startsWith("float") ? (x * 7 + y * 3 + sample) / 5 : (x * 7 + y * 3 + sample * 11) % 251;
    },
    tags: { [TAG.photometric]: short(photometric), [TAG.extraSamples]: short(...extra), ...more.tags },
  };
}

/** What is to be read: float32, NaN where the alpha is 0. */
function shown(spec: DirectorySpec, sample: number, alpha: number): Float32Array {
  return Float32Array.from(expectedPlane(spec, sample), (value, at) => {
    const opacity = pixel(spec, at % spec.width, Math.floor(at / spec.width), alpha);
    return opacity === 0 && sample !== alpha ? Number.NaN : value;
  });
}

async function assertShown(spec: DirectorySpec, alpha: number): Promise<void> {
  const source = await open(spec);
  for (let channel = 0; channel < (spec.samples ?? 1); channel++)
    expect(planeDifference(await decoder.plane(source, { channel }), shown(spec, channel, alpha))).toBeNull();
}

describe("alpha in a TIFF file", () => {
  it.each<[string, DirectorySpec, number, readonly string[]]>([
    ["behind red, green and blue", layered(3, { photometric: 2, extra: [2] }), 3, ["red", "green", "blue", "alpha"]],
    ["behind a fourth band", layered(3, { photometric: 2, extra: [0, 2] }), 4, ["red", "green", "blue", "b4", "alpha"]],
    ["before a fifth band", layered(3, { photometric: 2, extra: [2, 0] }), 3, ["red", "green", "blue", "alpha", "b5"]],
    ["behind grey", layered(1, { photometric: 1, extra: [2] }), 1, ["gray", "alpha"]],
    ["behind inverted grey", layered(1, { photometric: 0, extra: [2] }), 1, ["gray", "alpha"]],
    ["behind many bands", layered(1, { photometric: 1, extra: [0, 0, 0, 0, 0, 2] }), 6, ["gray", "b2", "b3"]],
    ["behind inks", layered(4, { photometric: 5, extra: [2] }), 4, ["cyan", "magenta", "yellow", "black", "alpha"]],
    ["of 16 bits", layered(3, { photometric: 2, extra: [2], type: "uint16" }), 3, ["red"]],
    ["of 32 bits", layered(1, { photometric: 1, extra: [2], type: "uint32" }), 1, ["gray"]],
    ["of signed numbers", layered(1, { photometric: 1, extra: [2], type: "int16" }), 1, ["gray"]],
    ["of floats", layered(3, { photometric: 2, extra: [2], type: "float32" }), 3, ["red"]],
    ["of doubles", layered(1, { photometric: 1, extra: [2], type: "float64" }), 1, ["gray"]],
    ["in planes of its own", layered(3, { photometric: 2, extra: [0, 2], more: { planar: true } }), 4, ["red"]],
    [
      "in strips",
      layered(3, {
        photometric: 2,
        extra: [2],
        more: { tile: undefined, rowsPerStrip: 7 } as unknown as Partial<DirectorySpec>,
      }),
      3,
      ["red"],
    ],
  ])("makes no data of what it leaves out, and stays to be read: %s", async (_, spec, alpha, names) => {
    const { info } = await open(spec);
    expect(info.channels.map(({ name }) => name).slice(0, names.length)).toEqual(names);
    expect(info.channels.map((one) => one.alpha)).toEqual(info.channels.map((_, index) => index === alpha));
    expect(info.channels.every(({ masked, dataType }) => masked && dataType === (spec.type ?? "uint8"))).toBe(true);
    expect(info.channels[alpha]?.name).toBe("alpha");
    await assertShown(spec, alpha);
  });

  const interpretations = (...names: readonly string[]) =>
    `<GDALMetadata>${names.map((name, at) => `<Item name="COLORINTERP" sample="${at}" role="colorinterp">${name}</Item>`).join("")}</GDALMetadata>`;

  it("may lie where TIFF has no word for it: GDAL says so beside the tags, and is believed", async () => {
    const spec = layered(0, { photometric: 1, extra: [2, 0, 0, 0] });
    const tags = { ...spec.tags, [TAG.extraSamples]: short(0, 0, 2) };
    const first = { ...spec, tags, gdalMetadata: interpretations("Alpha", "Red", "Green", "Blue") };
    const { info } = await open(first);
    expect(info.channels.map(({ name, alpha }) => [name, alpha])).toEqual([
      ["alpha", true],
      ["red", false],
      ["green", false],
      ["blue", false],
    ]);
    await assertShown(first, 0);
  });

  it("is none where GDAL says that it is something else, and the tag stays where GDAL says nothing of it", async () => {
    const spec = layered(3, { photometric: 2, extra: [2] });
    const none = await open({ ...spec, gdalMetadata: interpretations("Blue", "Green", "Red", "Undefined") });
    expect(none.info.channels.map(({ name, masked }) => [name, masked])).toEqual(
      ["blue", "green", "red", "b4"].map((name) => [name, false]),
    );
    const same = { ...spec, gdalMetadata: interpretations("Blue", "Green", "Red") };
    expect((await open(same)).info.channels.map(({ name }) => name)).toEqual(["blue", "green", "red", "alpha"]);
    await assertShown(same, 3);
  });

  it("is what the tag calls so: a fourth sample of no kind is a channel, and nothing is masked", async () => {
    const spec = layered(3, { photometric: 2, extra: [0] });
    const { info } = await open(spec);
    expect(info.channels.map(({ name, masked, alpha }) => [name, masked, alpha])).toEqual(
      ["red", "green", "blue", "b4"].map((name) => [name, false, false]),
    );
    expect(info.warnings).toEqual([]);
  });

  it.each([
    ["no tag", { [TAG.extraSamples]: null }, "ALPHA_NOT_DECLARED"],
    ["a tag of too many", { [TAG.extraSamples]: short(2, 2, 2, 2, 2, 2) }, "METADATA_NOT_USED"],
  ] as const)("is not guessed: a fourth sample with %s is a channel, which is told", async (_, tags, code) => {
    const spec = layered(3, { photometric: 2, extra: [0], more: { tags } });
    const { info } = await open(spec);
    expect(info.channels.map(({ name, masked }) => [name, masked])).toContainEqual(["b4", false]);
    expect(info.warnings).toEqual([expect.objectContaining({ code })]);
  });

  it("counts once: a second one is a channel, which is told", async () => {
    const spec = layered(3, { photometric: 2, extra: [2, 2] });
    const { info } = await open(spec);
    expect(info.channels.map(({ name }) => name)).toEqual(["red", "green", "blue", "alpha", "b5"]);
    expect(info.warnings).toEqual([expect.objectContaining({ code: "ALPHA_NOT_APPLIED" })]);
  });

  it.each<Opaque>(["uint8", "uint16", "float32"])("that %s colors were multiplied by is divided out", async (type) => {
    const full = FULL[type];
    const spec: DirectorySpec = {
      ...layered(3, { photometric: 2, extra: [0, 1], type }),
      value: (x, _, sample) => (sample === 4 ? [0, full, full / 2][x % 3] : [0, full, full / 4][x % 3]) ?? 0,
    };
    const half = { ...spec, value: (x: number, y: number, sample: number) => Math.floor(pixel(spec, x, y, sample)) };
    const stored = type === "float32" ? spec : half;
    const source = await open(stored);
    expect(source.info.warnings).toEqual([expect.objectContaining({ code: "ALPHA_DIVIDED" })]);
    const color = await decoder.plane(source, { channel: 1 });
    const band = await decoder.plane(source, { channel: 3 });
    const [quarter, opacity] = [pixel(stored, 2, 0, 1), pixel(stored, 2, 0, 4)];
    expect([...color.slice(0, 3)]).toEqual([Number.NaN, full, Math.fround((quarter * full) / opacity)]);
    // A band beside the colors was never multiplied.
    expect([...band.slice(0, 3)]).toEqual([Number.NaN, full, quarter]);
  });

  it("never makes a color of more than its type holds", async () => {
    const spec: DirectorySpec = {
      ...layered(3, { photometric: 2, extra: [1] }),
      value: (_, __, sample) => (sample === 3 ? 10 : 200),
    };
    const plane = await decoder.plane(await open(spec), { channel: 0 });
    expect(plane[0]).toBe(valueRange("uint8")[1]);
  });

  it("goes with the no-data value, which is none of its own", async () => {
    const spec = layered(1, { photometric: 1, extra: [2], more: { nodata: "0" } });
    const source = await open(spec);
    const expected = shown(spec, 0, 1).map((value) => (value === 0 ? Number.NaN : value));
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), expected)).toBeNull();
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), shown(spec, 1, 1))).toBeNull();
  });

  it("goes with a mask and an orientation", async () => {
    const spec = layered(1, { photometric: 1, extra: [2], more: { tags: { [TAG.orientation]: short(3) } } });
    const mask: DirectorySpec = {
      ...{ width: 50, height: 40, type: "uint8", value: (x) => (x === 49 ? 0 : 255) },
      tags: { [TAG.newSubfileType]: long(4), [TAG.photometric]: short(4) },
    };
    const plane = await decoder.plane(await open(spec, mask), { channel: 0 });
    const stored = shown(spec, 0, 1).map((value, at) => (at % 50 === 49 ? Number.NaN : value));
    expect(planeDifference(plane, stored.toReversed())).toBeNull();
  });

  it("is applied on every level and in every directory", async () => {
    const half: DirectorySpec = { ...layered(3, { photometric: 2, extra: [2] }), width: 25, height: 20, seed: 2 };
    const spec: DirectorySpec = {
      ...layered(3, { photometric: 2, extra: [2] }),
      children: [{ ...half, reduced: true }],
    };
    const source = await open(spec, { ...spec, seed: 5 });
    expect(source.info.channels.map(({ alpha }) => alpha)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
    const level = await decoder.plane(source, { channel: 5, level: 1 });
    expect(planeDifference(level, shown(half, 1, 3))).toBeNull();
  });

  it("tells what a chunk takes", async () => {
    const levelOf = async (more: Partial<DirectorySpec>) =>
      (await open(layered(3, { photometric: 2, extra: [2], more }))).info.levels[0];
    expect(await levelOf({})).toMatchObject({ chunkBytes: 16 * 32 * 4 * 4 });
    expect(await levelOf({ planar: true })).toMatchObject({ chunkReads: 2 });
  });

  it("reads each tile once where it lies with the colors, and one more where it does not", async () => {
    const source = await open(layered(3, { photometric: 2, extra: [2] }));
    const ref = { level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 };
    expect(source.layout(ref)).toEqual({ width: 16, height: 32, samples: 4, type: "float32" });
    const apart = await open(layered(3, { photometric: 2, extra: [2], more: { planar: true } }));
    const [own, withAlpha] = [await source.fetch(ref), await apart.fetch(ref)];
    expect((withAlpha?.length ?? 0) > 0 && (own?.length ?? 0) > 0).toBe(true);
    expect(apart.layout(ref).samples).toBe(1);
  });
});

describe("alpha in a plain image", () => {
  const width = 30;
  const height = 20;
  const pixels = (channels: 2 | 4) =>
    Uint8Array.from({ length: width * height * channels }, (_, at) => {
      const isAlpha = at % channels === channels - 1;
      return isAlpha ? ([0, 255, 90][Math.floor(at / channels) % 3] ?? 0) : (at * 7) % 256;
    });

  /** pngjs takes four samples and makes two of them. */
  function grayPng(data: Uint8Array): Buffer {
    const png = new PNG({ width, height });
    png.data = Buffer.from(
      Uint8Array.from({ length: width * height * 4 }, (_, at) => {
        return data[(at >> 2) * 2 + ((at & 3) === 3 ? 1 : 0)] ?? 0;
      }),
    );
    return PNG.sync.write(png, { colorType: 4 });
  }

  it.each([
    ["PNG", 4, ["red", "green", "blue", "alpha"]],
    ["PNG", 2, ["gray", "alpha"]],
    ["WebP", 4, ["red", "green", "blue", "alpha"]],
  ] as const)("makes no data of what it leaves out: %s of %i samples", async (kind, channels, names) => {
    const data = pixels(channels);
    const image = () => sharp(data, { raw: { width, height, channels } });
    const path = join(folder, `${kind}${channels}.image`);
    const exact = { lossless: true, exact: true };
    const colored = () => (kind === "PNG" ? image().png() : image().webp(exact)).toBuffer();
    writeFileSync(path, channels === 2 ? grayPng(data) : await colored());
    const source = await openLocal(path);
    expect(source.info.channels.map(({ name }) => name)).toEqual(names);
    for (let channel = 0; channel < channels; channel++) {
      const expected = Float32Array.from({ length: width * height }, (_, at) => {
        const isLeftOut = data[at * channels + channels - 1] === 0 && channel < channels - 1;
        return isLeftOut ? Number.NaN : (data[at * channels + channel] ?? -1);
      });
      expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    }
    await source.close();
  });

  it("that it has none of leaves its samples as they are", async () => {
    const path = join(folder, "opaque.png");
    writeFileSync(
      path,
      await sharp(pixels(4), { raw: { width, height, channels: 4 } })
        .removeAlpha()
        .png()
        .toBuffer(),
    );
    const source = await openLocal(path);
    expect(source.info.channels.map(({ masked, alpha }) => masked || alpha)).toEqual([false, false, false]);
    expect(source.layout({ level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 }).type).toBe(planeTypeOf("uint8"));
    await source.close();
  });
});
