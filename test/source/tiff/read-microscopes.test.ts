import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultText } from "../../../src/service/default-text.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ImageInfo } from "../../../src/source/types.ts";
import { type Blocks, BlockWriter, lookupTable, ramp } from "../../fixtures/image-j-blocks.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { NEEDS_REPORTED_FILES, reportedFiles } from "../../fixtures/needs.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { ascii, buildTiff, type DirectorySpec, long, rational, short, TAG } from "../../fixtures/tiff-builder.ts";

type Order = "II" | "MM";

const PLANE: DirectorySpec = { width: 12, height: 8, type: "uint16" };

async function infoOf(directories: readonly DirectorySpec[], order: Order = "II", series = 0): Promise<ImageInfo> {
  return (await openTiff(new MemoryStore(buildTiff({ directories, order })), { series })).info;
}

const names = ({ channels }: ImageInfo) => channels.map(({ name }) => name);
const colors = ({ channels }: ImageInfo) => channels.map(({ color }) => color);
const windows = ({ channels }: ImageInfo) => channels.map(({ window }) => window);
const codes = ({ warnings }: ImageInfo) => warnings.map(({ code, channel }) => [code, channel]);
/** What is shown when nobody says. */
const shown = (info: ImageInfo) =>
  // Of an image that is served, these two decide.
  defaultText({ info, defaultFormula: null } as Parameters<typeof defaultText>[0]);
const resolution = (perUnit: bigint) => ({
  [TAG.xResolution]: rational((1n << 32n) | perUnit),
  [TAG.yResolution]: rational((1n << 32n) | perUnit),
});

describe("a hyperstack of ImageJ", () => {
  const sizes = "images=6\nchannels=3\nslices=2\nhyperstack=true\n";
  const written = new BlockWriter("II");

  function hyperstack(lines: string, blocks: Blocks, order: Order = "II", more: Partial<DirectorySpec> = {}) {
    const tags = { ...(blocks.length > 0 ? new BlockWriter(order).tags(blocks) : {}), ...more.tags };
    const [first = PLANE, ...rest] = Array.from({ length: 6 }, (_, seed) => ({ ...PLANE, seed }));
    return infoOf([{ ...first, description: `ImageJ=1.54f\n${sizes}${lines}`, ...more, tags }, ...rest], order);
  }

  const labels = (writer: BlockWriter, ...texts: readonly string[]) =>
    ["labl", texts.map((text) => writer.text(text))] as const;
  const tables = ["luts", [ramp(255, 0, 255), ramp(255, 255, 0), ramp(0, 128, 255)]] as const;

  it.each(["II", "MM"] as const)("has its names, colors and display ranges: %s", async (order) => {
    const writer = new BlockWriter(order);
    const info = await hyperstack(
      "mode=composite\n",
      [
        ["info", [writer.text("Tonsil, 20×")]],
        labels(writer, "DAPI", "CD3\nof T cells", "Ki-67 µ", "DAPI", "CD3", "Ki-67 µ"),
        ["rang", [writer.doubles(0, 2000, -1.5, 3000, 100, 4095)]],
        tables,
      ],
      order,
    );
    expect(names(info)).toEqual(["DAPI", "CD3", "Ki-67 µ"]);
    expect(colors(info)).toEqual(["#ff00ff", "#ffff00", "#0080ff"]);
    expect(windows(info)).toEqual([
      [0, 2000],
      [-1.5, 3000],
      [100, 4095],
    ]);
    expect([info.description, info.warnings]).toEqual(["Tonsil, 20×", []]);
  });

  it("is shown as ImageJ shows it: merged, or its first channel in its color or gray", async () => {
    const shownIn = async (mode: string) => shown(await hyperstack(mode, [tables]));
    const merge = await shownIn("mode=composite\n");
    for (const [reference, color] of [
      ["@1", "#ff00ff"],
      ["@2", "#ffff00"],
      ["@3", "#0080ff"],
    ])
      expect(merge).toMatch(new RegExp(`${reference}.*${color}`));
    expect(await shownIn("mode=color\n")).toMatch(/^[^@]*@1[^@]*#ff00ff[^@]*$/);
    expect(await shownIn("mode=grayscale\n")).toBe("@1");
  });

  it("without lookup tables has ImageJ's colors where it is shown in color", async () => {
    const usual = ["#ff0000", "#00ff00", "#0000ff"];
    expect(colors(await hyperstack("mode=composite\n", []))).toEqual(usual);
    expect(colors(await hyperstack("mode=color\n", []))).toEqual(usual);
    for (const mode of ["mode=grayscale\n", ""]) expect(colors(await hyperstack(mode, []))).toEqual([null, null, null]);
  });

  it("of more than seven channels is shown by its first, as ImageJ merges no more", async () => {
    const many = async (count: number) => {
      const planes = Array.from({ length: count }, (_, seed) => ({ ...PLANE, seed }));
      const description = `ImageJ=1.54f\nimages=${count}\nchannels=${count}\nmode=composite\n`;
      return infoOf(planes.map((plane, at) => (at === 0 ? { ...plane, description } : plane)));
    };
    const [seven, eight] = [await many(7), await many(8)];
    expect(seven.channels.map(({ active }) => active)).not.toContain(false);
    expect(shown(eight)).toBe('tint(@1, "#ff0000")');
    expect(colors(eight).slice(5)).toEqual(["#ff00ff", "#ffff00", "#ffffff"]);
  });

  it("has no color for a table that is no ramp from black, and says so", async () => {
    const inverted = lookupTable((index) => 255 - index);
    const bent = lookupTable((index) => Math.min(255, index * 2));
    const info = await hyperstack("", [["luts", [ramp(0, 255, 0), inverted, bent]]]);
    expect(colors(info)).toEqual(["#00ff00", null, null]);
    expect(codes(info)).toEqual([["METADATA_NOT_USED", null]]);
    expect(info.warnings[0]?.message).toMatch(/no ramp/);
  });

  it.each([
    ["slices", ["a", "b", "c", "d", "e", "f"]],
    ["all channels alike", ["a", "a", "a", "a", "a", "a"]],
    ["places", ["c:1/3 - x", "c:2/3 - x", "c:3/3 - x"]],
    ["one channel only", ["a"]],
  ])("is named by number where labels name %s, and says so", async (_, texts) => {
    const info = await hyperstack("", [labels(written, ...texts)]);
    expect(names(info)).toEqual(["b1", "b2", "b3"]);
    expect(codes(info)).toEqual([["NAMES_NOT_MATCHED", null]]);
  });

  it("has names where only its first slice is labeled", async () => {
    const info = await hyperstack("", [labels(written, "a", "b", "c", "", "", "")]);
    expect([names(info), info.warnings]).toEqual([["a", "b", "c"], []]);
  });

  it("leaves out ranges that are none, and tables and ranges of another number of channels with a warning", async () => {
    const odd = await hyperstack("", [["rang", [written.doubles(5, 5, 9, 1, Number.NaN, 4)]]]);
    expect(windows(odd)).toEqual([null, null, null]);
    for (const block of [
      ["rang", [written.doubles(0, 10)]],
      ["luts", [ramp(1, 2, 3)]],
    ] as const) {
      const info = await hyperstack("", [block]);
      expect([windows(info), colors(info)]).toEqual(Array(2).fill([null, null, null]));
      expect(info.warnings[0]?.message).toMatch(/of other channels/);
    }
  });

  it("says that an overlay and a calibration of values are not applied", async () => {
    const info = await hyperstack("cf=0\nc0=-32768\nc1=1\n", [["over", [new Uint8Array(64)]]]);
    expect(info.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/overlay/),
      expect.stringMatching(/calibration/),
    ]);
  });

  it("has the range of its description where it has one channel, and no other", async () => {
    const single = { ...PLANE, description: "ImageJ=1.54f\nimages=1\nmin=12.5\nmax=900\n" };
    expect(windows(await infoOf([single]))).toEqual([[12.5, 900]]);
    expect(windows(await hyperstack("min=12.5\nmax=900\n", []))).toEqual([null, null, null]);
  });

  it("has no range of other planes than it counts, nor of the codes of a palette", async () => {
    const stack = { ...PLANE, description: "ImageJ=1.54f\nimages=4\nslices=4\nmin=1\nmax=9\n" };
    expect(windows(await infoOf([stack, PLANE]))).toEqual([null, null]);
    const colorMap = short(...Array.from({ length: 768 }, (_, at) => at));
    const tags = { [TAG.photometric]: short(3), [TAG.colorMap]: colorMap };
    const indexed = await infoOf([
      { ...PLANE, type: "uint8", description: "ImageJ=1.54f\nimages=1\nmin=1\nmax=9\n", tags },
    ]);
    expect(windows(indexed)[0]).toBeNull();
  });

  it.each([
    ["\\u00B5m", "µm"],
    ["\\u03BCm", "µm"],
    ["micrometers", "µm"],
    ["inches", "in"],
    ["cm", "cm"],
    ["pixels", null],
  ])("has the unit of its pixels, escaped as in Java or spelled otherwise: %s", async (written, unit) => {
    const info = await hyperstack(`unit=${written}\n`, [], "II", { tags: resolution(4n) });
    expect(info.pixelSize).toEqual(unit && { x: 0.25, y: 0.25, unit });
  });

  const sound = written.tags([tables, labels(written, "a", "b", "c")]);
  const { [TAG.imageJByteCounts]: lengths = long(), [TAG.imageJMetadata]: bytes = long() } = sound;
  const firstOf = ({ values }: typeof lengths, change: (value: number) => number) =>
    [...values].map((value, at) => (at === 0 ? change(Number(value)) : value));
  it.each<[string, Readonly<Record<number, typeof lengths | null>>]>([
    ["a list past the end", { [TAG.imageJByteCounts]: long(...firstOf(lengths, (value) => value + 5000)) }],
    ["blocks past the end", { [TAG.imageJByteCounts]: long(...[...lengths.values].with(-1, 99)) }],
    ["lengths below 0", { [TAG.imageJByteCounts]: { ...lengths, type: 9, values: firstOf(lengths, () => -20) } }],
    ["fewer blocks than it lists", { [TAG.imageJByteCounts]: long(...lengths.values.slice(0, 3)) }],
    ["no lengths", { [TAG.imageJByteCounts]: null }],
    ["other bytes", { [TAG.imageJMetadata]: { ...bytes, values: firstOf(bytes, () => 0) } }],
    ["bytes past the end of the file", { [TAG.imageJMetadata]: { ...bytes, offset: 2 ** 31 } }],
    ["more bytes than are read", { [TAG.imageJMetadata]: { ...bytes, count: 2 ** 31 } }],
    ["more lengths than are read", { [TAG.imageJByteCounts]: { ...lengths, count: 2 ** 31 } }],
  ])("is read without damaged metadata: %s", async (_, tags) => {
    const info = await hyperstack("unit=um\n", [], "II", { tags: { ...sound, ...resolution(2n), ...tags } });
    expect([names(info), colors(info)]).toEqual([
      ["b1", "b2", "b3"],
      [null, null, null],
    ]);
    expect(info.pixelSize).toEqual({ x: 0.5, y: 0.5, unit: "µm" });
    expect(info.warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/damaged or too large/)]);
  });
});

describe("a QPTIFF", () => {
  const page = (inner: string, more: Partial<DirectorySpec> = {}): DirectorySpec => ({
    ...PLANE,
    description: `<?xml version="1.0" encoding="utf-16"?>\r\n<PerkinElmer-QPI-ImageDescription>${inner}</PerkinElmer-QPI-ImageDescription>`,
    ...more,
  });
  const tagged = (unit: number) => ({ tags: { ...resolution(20_000n), [TAG.resolutionUnit]: short(unit) } });

  it("has the markers, else the dyes, and the colors of its pages", async () => {
    const info = await infoOf([
      page("<Name>Opal 520</Name><Biomarker>CD8</Biomarker><Color>0,255,0</Color>", tagged(3)),
      page("<Name>DAPI</Name><Biomarker> </Biomarker><Color>0, 0, 255</Color>"),
      page("<Scan><Name>no name of a channel</Name></Scan><Color>256,0,0</Color>"),
    ]);
    expect(names(info)).toEqual(["CD8", "DAPI", "b3"]);
    expect(colors(info)).toEqual(["#00ff00", "#0000ff", null]);
    expect([info.pixelSize, info.description, info.warnings]).toEqual([{ x: 0.5, y: 0.5, unit: "µm" }, null, []]);
  });

  it("has the size of its pixels where resolution is per inch or centimeter", async () => {
    expect((await infoOf([page("", tagged(2))])).pixelSize).toEqual({ x: 1.27, y: 1.27, unit: "µm" });
    expect((await infoOf([page("", tagged(1))])).pixelSize).toBeNull();
    expect((await infoOf([page("")])).pixelSize).toBeNull();
  });

  it("is read without the descriptions of pages that are damaged or missing, and says so", async () => {
    const named = page("<Name>a</Name>");
    const info = await infoOf([
      named,
      page("<Name>b</Name><Open>"),
      { ...PLANE, seed: 2 },
      page("", { tags: { [TAG.imageDescription]: { ...ascii("far away"), offset: 2 ** 31 } } }),
      page("", { description: "<other/>" }),
    ]);
    expect(names(info)).toEqual(["a", "b2", "b3", "b4", "b5"]);
    expect(codes(info)).toEqual([["METADATA_NOT_USED", null]]);
    const other = await infoOf([named, page("", { description: "<other/>" })]);
    expect(codes(other)).toEqual([["METADATA_NOT_USED", 1]]);
  });
});

describe("names of pages", () => {
  const page = (name: string | null): DirectorySpec => ({
    ...PLANE,
    ...(name === null ? {} : { tags: { [TAG.pageName]: ascii(name) } }),
  });

  it("are those of channels where each page has one of its own", async () => {
    const info = await infoOf([page("80ArAr(ArAr80Di)"), page(" CD3(Er170Di)\r\n")]);
    expect([names(info), info.warnings]).toEqual([["80ArAr(ArAr80Di)", "CD3(Er170Di)"], []]);
  });

  it.each([
    ["two are the same", ["a", "a", "b"]],
    ["one is missing", ["a", null, "b"]],
    ["one is longer than any name", ["a", "b", "c".repeat(5000)]],
  ])("are left out with a warning where %s", async (_, given) => {
    const info = await infoOf(given.map(page));
    expect([names(info), codes(info)]).toEqual([["b1", "b2", "b3"], [["NAMES_NOT_MATCHED", null]]]);
  });

  it("say nothing of an image of one page, or of pages of several channels", async () => {
    const single = await infoOf([page("Background")]);
    expect([names(single), single.warnings]).toEqual([["b1"], []]);
    const double = ["a", "b"].map((name) => ({ ...page(name), samples: 2 }));
    expect(names(await infoOf(double))).toEqual(["b1", "b2", "b3", "b4"]);
  });
});

describe("a slide of Aperio", () => {
  const slide = (description: string) => infoOf([{ ...PLANE, description }]);

  it("has the size of its pixels", async () => {
    const text = "Aperio Image Library v10.0.51\r\n12x8 JPEG/RGB Q=80|AppMag = 20|MPP = 0.4990|Left = 1";
    expect((await slide(text)).pixelSize).toEqual({ x: 0.499, y: 0.499, unit: "µm" });
  });

  it.each(["Aperio v1|MPP = 0", "Aperio v1|MPP = none", "Aperio v1|AppMag = 20", "Other v1|MPP = 0.5"])(
    "has none where it tells none: %s",
    async (text) => {
      expect((await slide(text)).pixelSize).toBeNull();
    },
  );
});

describe("files of microscopes that were read wrongly", NEEDS_REPORTED_FILES, () => {
  const opened = async (file: string) => (await openLocal(join(reportedFiles("bio"), file))).info;

  it("are read as ImageJ, the scanner's software and the cytometer's show them", async () => {
    const fiji = await opened("fiji-composite.tif");
    expect([names(fiji), colors(fiji)]).toEqual([
      ["DAPI", "CD3", "Ki-67"],
      ["#ff00ff", "#ffff00", "#00ffff"],
    ]);
    expect(windows(fiji)).toEqual([
      [0, 2000],
      [0, 3000],
      [100, 4095],
    ]);
    expect(fiji.channels.map(({ active }) => active)).toEqual([true, true, true]);
    expect([fiji.pixelSize?.unit, fiji.warnings]).toEqual(["µm", []]);
    expect(fiji.pixelSize?.x).toBeCloseTo(0.325, 6);
    const vectra = await opened("vectra.qptiff");
    expect([names(vectra), colors(vectra), vectra.pixelSize]).toEqual([
      ["DAPI", "CD8", "PD-L1", "PanCK"],
      ["#0000ff", "#00ff00", "#ffff00", "#ff0000"],
      { x: 0.5, y: 0.5, unit: "µm" },
    ]);
    const cytometer = ["80ArAr(ArAr80Di)", "Histone H3(In113Di)", "CD3(Er170Di)", "DNA1(Ir191Di)"];
    expect(names(await opened("pagename.tiff"))).toEqual(cytometer);
    expect((await opened("slide.svs")).pixelSize).toEqual({ x: 0.499, y: 0.499, unit: "µm" });
  });
});
