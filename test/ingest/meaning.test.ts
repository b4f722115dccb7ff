import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { OutputFormat } from "../../src/ingest/index.ts";
import { defaultText } from "../../src/service/default-text.ts";
import { localPath, openSource } from "../../src/source/index.ts";
import type { ImageSource } from "../../src/source/types.ts";
import { ChunkDecoder, planeDifference } from "../fixtures/decode-image.ts";
import { PRIMARIES, rgbProfile } from "../fixtures/icc-profile.ts";
import { type DirectorySpec, long, short, TAG } from "../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../fixtures/tiff-pixels.ts";
import { picture as pattern, writeTileFolder } from "../fixtures/tile-folders.ts";
import { convertFiles, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const decoder = new ChunkDecoder();
/** Two levels, chunks cut at the edges. */
const SIZE = { width: 301, height: 259 };
type Output = readonly [format: OutputFormat, ending: string];
const ZARR: Output = ["ome-zarr", "zarr"];
const COG: Output = ["cog", "tif"];
const OME_TIFF: Output = ["ome-tiff", "ome.tif"];
const OUTPUTS: readonly Output[] = [COG, OME_TIFF, ZARR];
const TIFFS: readonly Output[] = [COG, OME_TIFF];
const ICC = 34675;
const KEEPING: readonly Output[] = [COG, ZARR];

let files = 0;

function fileOf(...directories: readonly DirectorySpec[]): string {
  return writeTiff(join(folder, `source${files++}.tif`), { directories });
}

async function converted(source: string | readonly string[], [format, ending]: Output) {
  const path = join(folder, `out${files++}.${ending}`);
  const { warnings } = await convertFiles([source].flat(), path, { format });
  return { path, warnings };
}

function open(path: string): Promise<ImageSource> {
  return openSource(localPath(path), { remote: null });
}

/** What a channel means. */
function meaning({ info }: ImageSource) {
  return info.channels.map(({ name, dataType, nodata, masked, alpha, derived, kind, classes }) => {
    return { name, dataType, nodata, masked, alpha, derived, kind, classes };
  });
}

const shownBy = ({ info }: ImageSource) => defaultText({ info } as Parameters<typeof defaultText>[0]);

/** Opens as the source does: the same channels, samples and default picture. */
async function expectSame(source: string, output: string): Promise<ImageSource> {
  const [before, after] = [await open(source), await open(output)];
  expect(meaning(after)).toEqual(meaning(before));
  expect(shownBy(after)).toBe(shownBy(before));
  for (const channel of before.info.channels.keys()) {
    const due = await decoder.plane(before, { channel });
    expect(planeDifference(await decoder.plane(after, { channel }), due)).toBeNull();
  }
  return after;
}

function paletteTags(size: number, color: (code: number, component: number) => number) {
  const values = [0, 1, 2].flatMap((which) => Array.from({ length: size }, (_, code) => color(code, which)));
  return { [TAG.photometric]: short(3), [TAG.colorMap]: { type: 3, values } };
}

const codes = (x: number, y: number) => ((x >> 2) + (y >> 2)) % 7;
const someColor = (code: number, component: number) => (code < 7 ? (code * 31 + component * 5) * 257 : 0);

describe("a palette", () => {
  const spec: DirectorySpec = {
    ...SIZE,
    tile: [128, 128],
    value: codes,
    nodata: "3",
    tags: paletteTags(256, someColor),
  };

  it.each(KEEPING)("stays one channel of codes with its colors and its no-data value: %s", async (...output) => {
    const source = fileOf(spec);
    const { path, warnings } = await converted(source, output);
    expect(warnings).toEqual([]);
    const after = await expectSame(source, path);
    const coarse = await decoder.plane(after, { channel: 0, level: 1 });
    expect(coarse[1]).toBe(codes(2, 0));
    expect(new Set(coarse)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    const red = await decoder.plane(after, { channel: 1, level: 1 });
    expect(red[0]).toBe(0);
    expect(red[2]).toBe(31);
  });

  it.each(KEEPING)("of codes of 16 bits stays so, its colors rounded aloud: %s", async (...output) => {
    const tags = paletteTags(65_536, (code, component) => (code <= 300 ? code * 217 + component : 0));
    const source = fileOf({ ...SIZE, type: "uint16", value: (x) => x, tags });
    const { path, warnings } = await converted(source, output);
    expect(warnings).toEqual([expect.stringContaining("colors of 16 bits, which are cut to 8")]);
    const [before, after] = [await open(source), await open(path)];
    expect(meaning(after)[0]).toEqual(meaning(before)[0]);
    const due = await decoder.plane(before, { channel: 0 });
    expect(planeDifference(await decoder.plane(after, { channel: 0 }), due)).toBeNull();
  });

  it("is lost aloud where OME-TIFF is written, and where codes of several files are joined", async () => {
    const source = fileOf(spec);
    const { path, warnings } = await converted(source, OME_TIFF);
    expect(warnings).toEqual([expect.stringContaining("OME-TIFF has no palettes. Write .tif or .zarr")]);
    expect(meaning(await open(path))).toMatchObject([{ dataType: "uint8", kind: "categorical", nodata: 3 }]);
    const joined = await converted([source, fileOf(spec)], COG);
    expect(joined.warnings).toEqual([expect.stringContaining("a TIFF has a palette for one channel")]);
    expect(meaning(await open(joined.path))).toHaveLength(2);
  });

  it("keeps its profile with its colors", async () => {
    const profile = rgbProfile("Adobe-like", PRIMARIES.adobe, 2.2);
    const source = fileOf({ ...spec, tags: { ...spec.tags, [ICC]: { type: 7, values: [...profile] } } });
    const { path, warnings } = await converted(source, COG);
    expect(warnings).toEqual([]);
    const after = await expectSame(source, path);
    expect((await after.colors?.())?.profile).toEqual(profile);
    const bare = await converted(source, OME_TIFF);
    expect(bare.warnings).toEqual([
      expect.stringContaining("color profile"),
      expect.stringContaining("The colors of the codes"),
    ]);
    expect((await (await open(bare.path)).colors?.())?.profile).toBeNull();
  });

  it("whose codes have names keeps them in OME-Zarr, and says that TIFF does not", async () => {
    const { path } = await converted(fileOf(spec), ZARR);
    const file = join(path, "zarr.json");
    const document = JSON.parse(readFileSync(file, "utf8"));
    document.attributes.bandloom.channels[0].classes[4].name = "water";
    writeFileSync(file, JSON.stringify(document));
    const named = await converted(path, ZARR);
    const after = await expectSame(path, named.path);
    expect(after.info.channels[0]?.classes?.[4]).toEqual({ value: 4, name: "water", color: "#7c8186" });
    expect((await converted(path, COG)).warnings).toEqual([expect.stringContaining("TIFF has no place for them")]);
  });
});

/** An image with its alpha last: nothing, little, half or all of it is seen, in squares of three pixels. */
function layered(more: Partial<DirectorySpec>, extra: number, photometric: number, base: number): DirectorySpec {
  const opacity = (x: number, y: number) => [0, 1, 30_000, 65_535][(Math.floor(x / 3) + Math.floor(y / 3)) % 4] ?? 0;
  return {
    ...{ ...SIZE, type: "uint16", samples: base + 1, tile: [64, 64], codec: "deflate" },
    value: (x, y, sample) => (sample === base ? opacity(x, y) : 1 + ((x * 7 + y * 3 + sample * 11) % 251)),
    ...more,
    tags: { [TAG.photometric]: short(photometric), [TAG.extraSamples]: short(extra) },
  };
}

describe.each(OUTPUTS)("alpha in %s", (...output) => {
  it.each<[string, DirectorySpec]>([
    ["of colors", layered({}, 2, 2, 3)],
    ["of colors that lie apart", layered({ planar: true }, 2, 2, 3)],
    ["of gray", layered({ nodata: "17" }, 2, 1, 1)],
    ["by which colors were multiplied", layered({}, 1, 2, 3)],
  ])("stays alpha over samples of the stored type: %s", async (_, spec) => {
    const source = fileOf(spec);
    const { path, warnings } = await converted(source, output);
    expect(warnings).toEqual([]);
    await expectSame(source, path);
  });

  it.each([3, 6])("stays alpha where the picture is turned by its Orientation: %i", async (orientation) => {
    const spec = layered({}, 2, 2, 3);
    const source = fileOf({ ...spec, tags: { ...spec.tags, [TAG.orientation]: short(orientation) } });
    const { path, warnings } = await converted(source, output);
    expect(warnings).toEqual([]);
    const after = await expectSame(source, path);
    const ref = { level: 0, group: after.locate(1).group, z: 0, t: 0, x: 0, y: 0 };
    const stored = after.beneath?.(ref);
    const found = stored && (await decoder.plane(stored.source, { channel: 1 }));
    // The last stored row comes first: upside down from its end, turned right from its beginning.
    expect(found?.[0]).toBe(pixel(spec, orientation === 3 ? SIZE.width - 1 : 0, SIZE.height - 1, 1));
  });

  it("leaves what lies beneath it as it is stored", async () => {
    const spec = layered({}, 2, 2, 3);
    const after = await open((await converted(fileOf(spec), output)).path);
    const ref = { level: 0, group: after.locate(1).group, z: 0, t: 0, x: 0, y: 0 };
    const stored = after.beneath?.(ref);
    expect(stored?.source.layout(stored.ref).type).toBe("uint16");
    const found = stored && (await decoder.plane(stored.source, { channel: 1 }));
    expect(found && planeDifference(found, expectedPlane(spec, 1))).toBeNull();
  });

  it("is a mean itself, and means beneath it are of what is seen", async () => {
    const spec = layered({}, 2, 2, 3);
    const after = await open((await converted(fileOf(spec), output)).path);
    const [green, alpha] = [
      await decoder.plane(after, { channel: 1, level: 1 }),
      await decoder.plane(after, { channel: 3, level: 1 }),
    ];
    const width = Math.ceil(SIZE.width / 2);
    const seen = (x: number, y: number) => {
      const places = [0, 1].flatMap((down) => [0, 1].map((right) => [2 * x + right, 2 * y + down] as const));
      const opaque = places.filter(([column, row]) => pixel(spec, column, row, 3) > 0);
      const sum = opaque.reduce((total, [column, row]) => total + pixel(spec, column, row, 1), 0);
      return opaque.length === 0 ? Number.NaN : Math.floor(sum / opaque.length + 0.5);
    };
    for (const [x, y] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 2],
      [4, 1],
      [7, 3],
      [100, 90],
    ] as const) {
      expect(green[y * width + x], `${x}, ${y}`).toBe(seen(x, y));
    }
    // Of a pixel alone that is seen a little something stays.
    expect(pixel(spec, 2, 0, 3)).toBe(0);
    expect(alpha[1]).toBe(1);
    expect([2, 3].flatMap((y) => [2, 3].map((x) => pixel(spec, x, y, 3)))).toEqual([0, 1, 1, 30_000]);
    expect(alpha[width + 1]).toBe(7501);
  });
});

describe("a mask", () => {
  const image: DirectorySpec = {
    ...SIZE,
    samples: 3,
    tile: [64, 64],
    tags: { [TAG.photometric]: short(2), [TAG.extraSamples]: null },
  };
  const mask: DirectorySpec = {
    ...{ ...SIZE, type: "bit", tile: [64, 64] },
    value: (x, y) => ((x + y) % 3) & 1,
    tags: { [TAG.newSubfileType]: long(4), [TAG.photometric]: short(4) },
  };

  it.each(OUTPUTS)("becomes alpha, and samples keep their type: %s", async (...output) => {
    const source = fileOf(image, mask);
    const { path, warnings } = await converted(source, output);
    expect(warnings).toEqual([expect.stringContaining("Its mask is written as a channel more, alpha")]);
    const [before, after] = [await open(source), await open(path)];
    expect(meaning(after).slice(0, 3)).toEqual(meaning(before));
    expect(meaning(after)[3]).toMatchObject({ name: "alpha", alpha: true, dataType: "uint8" });
    expect(shownBy(after)).toBe(shownBy(before));
    for (const channel of [0, 1, 2]) {
      const due = await decoder.plane(before, { channel });
      expect(planeDifference(await decoder.plane(after, { channel }), due)).toBeNull();
    }
    expect([...(await decoder.plane(after, { channel: 3 })).subarray(0, 3)]).toEqual(
      [Number.NaN, 255, Number.NaN].map((one) => one || 0),
    );
  });

  it("becomes alpha of a picture that is turned by its Orientation", async () => {
    const source = fileOf({ ...image, tags: { ...image.tags, [TAG.orientation]: short(8) } }, mask);
    const { path, warnings } = await converted(source, COG);
    expect(warnings).toEqual([expect.stringContaining("Its mask is written as a channel more, alpha")]);
    const [before, after] = [await open(source), await open(path)];
    expect(meaning(after).map(({ name, dataType }) => `${name} ${dataType}`)).toContain("alpha uint8");
    const due = await decoder.plane(before, { channel: 1 });
    expect(planeDifference(await decoder.plane(after, { channel: 1 }), due)).toBeNull();
  });

  it("of each channel becomes NaN in floats, which is said", async () => {
    const source = fileOf(image);
    const apart: DirectorySpec = { ...image, value: (x, y, sample) => ((x + y) % 3 === sample ? 0 : 255) };
    writeTiff(`${source}.msk`, { directories: [{ ...apart, gdalMetadata: "<GDALMetadata/>" }] });
    const { path, warnings } = await converted(source, COG);
    expect(warnings).toEqual([expect.stringContaining("are written as NaN, in float32 samples")]);
    const [before, after] = [await open(source), await open(path)];
    for (const channel of [0, 1, 2]) {
      const due = await decoder.plane(before, { channel });
      expect(due[channel]).toBeNaN();
      expect(planeDifference(await decoder.plane(after, { channel }), due)).toBeNull();
    }
  });

  it("of channels that lie apart, and alpha of one file of several, become NaN in floats, which is said", async () => {
    const apart = await converted(fileOf({ ...image, planar: true }, mask), COG);
    expect(apart.warnings).toEqual([expect.stringContaining("are written as NaN, in float32 samples")]);
    const joined = await converted([fileOf(layered({}, 2, 2, 3)), fileOf({ ...SIZE, type: "uint16" })], COG);
    expect(joined.warnings).toEqual([expect.stringContaining("are written as NaN, in float32 samples")]);
    const after = await open(joined.path);
    expect(meaning(after).map(({ dataType, alpha }) => [dataType, alpha])).toEqual(Array(5).fill(["float32", false]));
    expect((await decoder.plane(after, { channel: 0 }))[0]).toBeNaN();
  });
});

describe("a color profile", () => {
  const picture = (channels: 3 | 4) => {
    const samples = Uint8Array.from({ length: 64 * 48 * channels }, (_, at) => (at * 37) % 256);
    return sharp(samples, { raw: { width: 64, height: 48, channels } });
  };

  it.each(["tiff", "png", "jpeg"] as const)("of a %s stays in TIFF, and is lost aloud in OME-Zarr", async (kind) => {
    const source = join(folder, `p3.${kind}`);
    await picture(3).withIccProfile("p3").toFormat(kind).toFile(source);
    const due = (await (await open(source)).colors?.())?.profile;
    expect(due?.length).toBeGreaterThan(300);
    for (const output of TIFFS) {
      const { path, warnings } = await converted(source, output);
      expect(warnings).toEqual([]);
      const after = await expectSame(source, path);
      expect((await after.colors?.())?.profile).toEqual(due);
    }
    const { warnings } = await converted(source, ZARR);
    expect(warnings).toEqual([expect.stringContaining("is lost: OME-Zarr has no place for it")]);
  });

  it("of tiles that were cut before stays in TIFF", async () => {
    const place = join(folder, "cut");
    mkdirSync(place);
    const { path: source } = await writeTileFolder(place, "deep-zoom", pattern(100, 80));
    for (const name of readdirSync(place, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".png")) continue;
      const tile = await sharp(readFileSync(join(place, name)))
        .withIccProfile("p3")
        .png()
        .toBuffer();
      writeFileSync(join(place, name), tile);
    }
    const { path, warnings } = await converted(source, COG);
    expect(warnings).toEqual([]);
    const after = await expectSame(source, path);
    expect((await after.colors?.())?.profile?.length).toBeGreaterThan(100);
  });

  it("is lost aloud where several files are joined, or names make other samples of them", async () => {
    const source = join(folder, "p3.png");
    const { warnings } = await converted([source, source], COG);
    expect(warnings).toEqual([expect.stringContaining("it is not one of all channels")]);
    const report = await convertFiles([source], join(folder, "named.tif"), { format: "cog", names: ["a", "b", "c"] });
    expect(report.warnings).toEqual([expect.stringContaining("is not one for the samples as they are written")]);
  });
});

describe("bits", () => {
  it("are bytes of 0 and 1, shown as they were in OME-Zarr, and TIFF says that they are not", async () => {
    const source = fileOf({ ...SIZE, type: "bit", value: (x, y) => (x >> 3) + (y >> 3) });
    const zarr = await converted(source, ZARR);
    expect(zarr.warnings).toEqual([]);
    const [before, after] = [await open(source), await open(zarr.path)];
    expect(after.info.channels).toMatchObject([{ dataType: "uint8", window: [0, 1] }]);
    const due = await decoder.plane(before, { channel: 0 });
    expect(planeDifference(await decoder.plane(after, { channel: 0 }), due)).toBeNull();
    for (const output of TIFFS)
      expect((await converted(source, output)).warnings).toEqual([expect.stringContaining("bytes of 0 and 1")]);
  });
});

describe("what samples make", () => {
  it.each([
    ["inks", 5, 4],
    ["lightness and two opponents", 8, 3],
    ["darkness", 0, 1],
  ])("stays in TIFF: %s", async (_, photometric, samples) => {
    const tags = { [TAG.photometric]: short(photometric), [TAG.extraSamples]: null };
    const source = fileOf({ ...SIZE, samples, tags });
    for (const output of TIFFS) {
      const { path, warnings } = await converted(source, output);
      expect(warnings).toEqual([]);
      const after: ImageSource = await expectSame(source, path);
      expect((await after.colors?.())?.photometric).toBe(photometric);
    }
    const { warnings } = await converted(source, ZARR);
    expect(warnings).toHaveLength(photometric === 5 ? 0 : 1);
  });
});
