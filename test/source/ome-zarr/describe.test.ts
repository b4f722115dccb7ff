import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openOmeZarr } from "../../../src/source/ome-zarr/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { MemoryFolder } from "../../fixtures/memory-folder.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { type ArraySpec, buildImage, json } from "../../fixtures/zarr-builder.ts";
import { buildZip } from "../../fixtures/zip-builder.ts";
import { openFiles, planeOf } from "./support.ts";

const LEVEL: ArraySpec = { shape: [2, 20, 30], chunk: [1, 16, 16] };
const SMALL: ArraySpec = { shape: [2, 10, 15], chunk: [1, 16, 16] };

async function infoOf(spec: Partial<Parameters<typeof buildImage>[0]>) {
  return (await openFiles(await buildImage({ axes: "cyx", levels: [LEVEL, SMALL], ...spec }))).info;
}

describe("what an image's omero metadata say", () => {
  const full = { label: "DAPI", color: "0000FF", active: true, window: { min: 0, max: 65_535, start: 10, end: 900 } };

  it.each([2, 3] as const)("is name, colour, window and whether a channel is shown, in Zarr %i", async (version) => {
    const omero = { channels: [full, { ...full, label: "GFP", color: "00ff00ff", active: false }] };
    const { channels, warnings } = await infoOf({ version, omero });
    expect(channels[0]).toMatchObject({ name: "DAPI", color: "#0000ff", window: [10, 900], active: true });
    expect(channels[1]).toMatchObject({ name: "GFP", color: "#00ff00", window: [10, 900], active: false });
    expect(warnings).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ["no window", { ...full, window: undefined }, /no window/],
    ["half a window", { ...full, window: { start: 1 } }, /no window/],
    ["a window that ends before it begins", { ...full, window: { start: 9, end: 1 } }, /no window/],
    ["no colour", { ...full, color: undefined }, /no color/],
    ["a colour of five digits", { ...full, color: "12345" }, /no color/],
    ["black", { ...full, color: "000000" }, /black, in which nothing is seen/],
    ["a window that is a text", { ...full, window: "0-1" }, /no window/],
    ["a window of texts", { ...full, window: { start: "0", end: "9" } }, /no window/],
    ["a label that is a list", { ...full, label: ["a"] }, /neither text nor number/],
    ["active as a number", { ...full, active: 1 }, /true or false/],
    ["a channel shown inverted", { ...full, inverted: true }, /inverted, which is not done/],
    ["a channel shown by a logarithm", { ...full, family: "logarithmic" }, /other than linearly/],
    ["a channel shown with a coefficient", { ...full, coefficient: 2 }, /other than linearly/],
    ["a window without bounds", { ...full, window: { start: 10, end: 900 } }, /no min and max/],
    ["a colour that is a number", { ...full, color: 255 }, /no color/],
    ["nothing but null", null, /not what the specification says/],
  ])("may lack or break %s, which is accepted with a warning", async (_, channel, warning) => {
    const { channels, warnings } = await infoOf({ omero: { channels: [channel, full] } });
    expect(warnings).toEqual(
      expect.arrayContaining([expect.objectContaining({ message: expect.stringMatching(warning) })]),
    );
    expect(channels[1]).toMatchObject({ name: "DAPI", color: "#0000ff" });
  });

  it("are read but for what is odd in them", async () => {
    const channel = { ...full, color: 255, active: "yes", window: [0, 9] };
    const { channels } = await infoOf({ omero: { channels: [channel, { ...full, label: [] }] } });
    expect(channels[0]).toMatchObject({ name: "DAPI", color: null, window: null, active: null });
    expect(channels[1]).toMatchObject({ name: "b2", color: "#0000ff", window: [10, 900], active: true });
  });

  it.each([
    [{ model: "greyscale" }, /shades of gray/],
    [{ projection: "intmax" }, /projection along z/],
  ])("may ask for a picture that is not made, with a warning: %o", async (rdefs, message) => {
    const channels = [full, full];
    expect((await infoOf({ omero: { channels, rdefs } })).warnings).toEqual([
      expect.objectContaining({ code: "METADATA_NOT_USED", message: expect.stringMatching(message) }),
    ]);
    const usual = { model: "color", projection: "normal", defaultZ: 0 };
    expect((await infoOf({ omero: { channels, rdefs: usual } })).warnings).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["fewer channels", { channels: [full] }],
    ["more channels", { channels: [full, full, full] }],
    ["no list of channels", { channels: "two" }],
    ["nothing", {}],
  ])("may tell of %s, with a warning", async (_, omero) => {
    const { channels, warnings } = await infoOf({ omero });
    expect([channels.length, warnings.length]).toEqual([2, 1]);
  });

  it("may be missing: channels have numbers then", async () => {
    const { channels, warnings } = await infoOf({});
    expect(channels.map(({ name, active }) => [name, active])).toEqual([
      ["b1", null],
      ["b2", null],
    ]);
    expect(warnings).toEqual([]);
  });
});

describe("what an image's multiscales say", () => {
  it("is its name, and the size of a pixel where its axes have units", async () => {
    const multiscale = (document: Record<string, unknown>) => ({
      ...document,
      name: "Cells",
      axes: [
        { name: "c", type: "channel" },
        ...["y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" })),
      ],
      datasets: [0, 1].map((level) => ({
        path: `${level}`,
        coordinateTransformations: [
          { type: "scale", scale: [1, 0.25 * 2 ** level, 0.5 * 2 ** level] },
          { type: "translation", translation: [0, 0.125 * level, 0.25 * level] },
        ],
      })),
      coordinateTransformations: [{ type: "scale", scale: [1, 2, 2] }],
    });
    const { name, pixelSize } = await infoOf({ multiscale });
    expect([name, pixelSize]).toEqual(["Cells", { x: 1, y: 0.5, unit: "µm" }]);
    expect((await infoOf({})).pixelSize).toBeNull();
  });

  it("may be of a version that nobody knows, which is read with a warning", async () => {
    const { warnings } = await infoOf({ version: 2, multiscale: (document) => ({ ...document, version: "0.3" }) });
    expect(warnings).toEqual([
      expect.objectContaining({ code: "VERSION_GUESSED", message: expect.stringMatching(/version 0\.3/) }),
    ]);
  });

  it.each<[string, 2 | 3, string | undefined]>([
    ["no version, in Zarr 3", 3, undefined],
    ["0.4, in Zarr 3", 3, "0.4"],
    ["0.7, in Zarr 3", 3, "0.7"],
    ["0.5, in Zarr 2", 2, "0.5"],
  ])("may say a version that does not fit, which is read with a warning: %s", async (_, version, said) => {
    const multiscale = (document: Record<string, unknown>) => ({ ...document, version: said });
    const files = await buildImage({ version, axes: "cyx", levels: [LEVEL], multiscale });
    const name = version === 3 ? "zarr.json" : ".zattrs";
    const group = JSON.parse(new TextDecoder().decode(files.get(name)));
    if (version === 3) group.attributes.ome.version = said;
    files.set(name, json(group));
    const { warnings } = (await openFiles(files)).info;
    const message = new RegExp(
      `${said ? `version ${said}` : "no version"}, and are read as ${version === 3 ? "0.5" : "0.4"}`,
    );
    expect(warnings).toEqual([
      expect.objectContaining({ code: "VERSION_GUESSED", message: expect.stringMatching(message) }),
    ]);
  });

  it.each<[string, readonly object[]]>([
    ["of a type of its own", [{ name: "angle", type: "angle" }]],
    ["of no type", [{ name: "angle" }]],
  ])("may be an axis %s, whose planes are channels", async (_, first) => {
    const space = ["y", "x"].map((name) => ({ name, type: "space" }));
    const multiscale = (document: Record<string, unknown>) => ({ ...document, axes: [...first, ...space] });
    const files = await buildImage({ axes: "cyx", levels: [LEVEL], multiscale });
    const source = await openFiles(files);
    expect(source.info.channels.map(({ name }) => name)).toEqual(["angle1", "angle2"]);
    expect(source.info.warnings).toEqual([]);
    expect(planeDifference(await new ChunkDecoder().plane(source, { channel: 1 }), planeOf(LEVEL, [1]))).toBeNull();
  });

  it("may be axes of space with names of their own: depth, rows and columns from the last one", async () => {
    const axes = ["depth", "lat", "lon"].map((name) => ({ name, type: "space" }));
    const multiscale = (document: Record<string, unknown>) => ({ ...document, axes });
    const { info } = await openFiles(await buildImage({ axes: "zyx", levels: [LEVEL], multiscale }));
    expect(info).toMatchObject({ width: 30, height: 20, depth: 2, warnings: [] });
    expect(info.channels).toHaveLength(1);
  });

  it("may be transformations that change nothing, with a warning", async () => {
    const multiscale = (document: Record<string, unknown>) => ({
      ...document,
      datasets: [{ path: "0", coordinateTransformations: [{ type: "identity" }, { type: "scale", scale: [1, 1, 1] }] }],
    });
    const { warnings, width } = await infoOf({ multiscale });
    expect(width).toBe(30);
    expect(warnings).toEqual([expect.objectContaining({ message: expect.stringMatching(/identity/) })]);
  });

  const scale = (...values: readonly unknown[]) => ({ type: "scale", scale: values });
  const translation = { type: "translation", translation: [0, 0, 0] };
  it.each<[string, readonly unknown[] | undefined, RegExp]>([
    ["none", undefined, /of a dataset are missing/],
    ["an empty list", [], /first of a dataset must be its scale/],
    ["nothing that changes", [{ type: "identity" }], /first of a dataset must be its scale/],
    ["a translation first", [translation, scale(1, 1, 1)], /first of a dataset must be its scale/],
    ["two scales", [scale(1, 1, 1), scale(1, 1, 1)], /followed by one translation/],
    ["three", [scale(1, 1, 1), translation, scale(1, 1, 1)], /followed by one translation/],
    ["a scale of two axes", [scale(1, 1)], /2 numbers for 3 axes/],
    ["a scale of zero", [scale(1, 0, 1)], /not positive/],
    ["a negative scale", [scale(1, -1, 1)], /not positive/],
    ["a scale of words", [scale("1", "1", "1")], /no list of scales and translations/],
    ["a scale in a file of its own", [{ type: "scale", path: "scales" }], /no list of scales and translations/],
    ["an affine transformation", [{ type: "affine", affine: [] }], /no list of scales and translations/],
  ])("has transformations that break a rule: they leave it without a size of pixels: %s", async (_, list, rule) => {
    const axes = ["c", "y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
    axes[0] = { name: "c", type: "channel", unit: "" };
    const datasets = [{ path: "0", ...(list ? { coordinateTransformations: list } : {}) }];
    const { width, pixelSize, warnings } = await infoOf({ multiscale: (one) => ({ ...one, axes, datasets }) });
    expect([width, pixelSize]).toEqual([30, null]);
    expect(warnings).toEqual([
      expect.objectContaining({ code: "METADATA_NOT_USED", message: expect.stringMatching(rule) }),
    ]);
  });

  it.each([
    ["micrometer", "micrometer", { x: 0.5, y: 0.5, unit: "µm" }],
    ["micron", "um", { x: 0.5, y: 0.5, unit: "µm" }],
    ["Micrometers", "\u03BCm", { x: 0.5, y: 0.5, unit: "µm" }],
    ["nanometer", "micrometer", { x: 0.5, y: 0.0005, unit: "µm" }],
    ["pixel", "pixel", { x: 0.5, y: 0.5, unit: "pixel" }],
    ["pixel", "micrometer", null],
    ["", "", null],
    [null, null, null],
  ])("tells the size of pixels in units of any spelling: %s, %s", async (y, x, size) => {
    const axes = [
      { name: "y", type: "space", unit: y },
      { name: "x", type: "space", unit: x },
    ];
    const datasets = [{ path: "0", coordinateTransformations: [scale(0.5, 0.5)] }];
    const levels = [{ shape: [20, 30], chunk: [16, 16] }];
    const multiscale = (one: Record<string, unknown>) => ({ ...one, axes, datasets });
    const { pixelSize } = await infoOf({ axes: "yx", levels, multiscale });
    expect(pixelSize).toEqual(size && { ...size, y: expect.closeTo(size.y, 12) });
  });

  it.each([2, 3] as const)("may stand where the other version has it, with a warning, in Zarr %i", async (version) => {
    const files = await buildImage({ version, axes: "cyx", levels: [LEVEL] });
    const name = version === 3 ? "zarr.json" : ".zattrs";
    const group = JSON.parse(new TextDecoder().decode(files.get(name)));
    if (version === 3) group.attributes = { multiscales: [{ ...group.attributes.ome.multiscales[0], version: "0.4" }] };
    files.set(
      name,
      json(
        version === 3
          ? group
          : { ome: { version: "0.5", multiscales: [{ ...group.multiscales[0], version: undefined }] } },
      ),
    );
    const { width, warnings } = (await openFiles(files)).info;
    expect([width, warnings.map(({ code }) => code)]).toEqual([30, ["VERSION_GUESSED"]]);
  });

  it.each([
    [{ labels: ["nuclei"] }, /list of images of labels.*labels\/nuclei/],
    [{}, /no multiscales.*catalogue the images below it/],
  ])("are refused with a way where there are none: %o", async (attributes, message) => {
    await expect(openFiles(new Map([[".zattrs", json(attributes)]]))).rejects.toThrow(message);
  });

  it("may be several: each is an image", async () => {
    const files = await buildImage({ axes: "cyx", levels: [LEVEL, SMALL] });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    const [first] = group.attributes.ome.multiscales;
    group.attributes.ome.multiscales.push({ ...first, datasets: first.datasets.slice(1) });
    files.set("zarr.json", json(group));
    expect((await openFiles(files, 1)).info).toMatchObject({ width: 15, seriesCount: 2 });
    await expect(openFiles(files, 2)).rejects.toThrow(/no image number 2, for it has 2/);
  });

  it("may lie in numbered groups below, as bioformats2raw writes them", async () => {
    const below = await buildImage({ version: 2, axes: "cyx", levels: [LEVEL] });
    const files = new Map<string, Uint8Array>([[".zattrs", json({ "bioformats2raw.layout": 3 })]]);
    for (const [path, bytes] of below) files.set(`0/${path}`, bytes).set(`one/${path}`, bytes);
    expect((await openFiles(files, 0)).info.width).toBe(30);
    await expect(openFiles(files, 1)).rejects.toThrow(/no image number 1/);
    files.set("OME/.zattrs", json({ series: ["0", "one"] }));
    const source = await openFiles(files, 1);
    expect(source.info).toMatchObject({ width: 30, seriesCount: 2 });
    expect(planeDifference(await new ChunkDecoder().plane(source, { channel: 1 }), planeOf(LEVEL, [1]))).toBeNull();
  });

  it("gives advice where an image is slow to show", async () => {
    const large = { shape: [1, 64, 4096], chunk: [1, 64, 4096], missing: () => true };
    expect((await infoOf({ levels: [large] })).advice).toEqual([expect.stringMatching(/no pyramid/)]);
    const huge = { shape: [1, 2048, 2048], chunk: [1, 2048, 2048], missing: () => true };
    expect((await infoOf({ levels: [huge] })).advice).toEqual([expect.stringMatching(/chunks hold 4194304 samples/)]);
  });
});

describe("an image of labels", () => {
  const labelled = async (label: unknown, level: ArraySpec = LEVEL) => {
    const files = await buildImage({ axes: "cyx", levels: [level] });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    group.attributes.ome["image-label"] = label;
    files.set("zarr.json", json(group));
    return (await openFiles(files)).info;
  };

  it("counts 0 as a number like the others, with a color where one is given", async () => {
    const colors = [0, 1].map((value) => ({ "label-value": value, rgba: [value, 128, 0, 255] }));
    const [channel] = (await labelled({ colors })).channels;
    expect(channel).toMatchObject({ kind: "categorical", nodata: null });
    expect(channel?.classes?.map(({ value, color }) => [value, color])).toEqual([
      [0, "#008000"],
      [1, "#018000"],
    ]);
  });

  it("has the last of several colors for one value", async () => {
    const colors = [1, 2].map((red) => ({ "label-value": 7, rgba: [red, 0, 0, 255] }));
    const [channel] = (await labelled({ colors })).channels;
    expect(channel?.classes?.map(({ color }) => color)).toEqual(["#020000"]);
  });

  it("says where its colors are odd, and that they are not shown by themselves", async () => {
    const odd = [{ "label-value": 1, rgba: [0.5, 0.5, 0.5, 1] }, { rgba: [1, 2, 3] }];
    const sound = { "label-value": 2, rgba: [1, 2, 3] };
    const messages = async (colors: readonly unknown[]) =>
      (await labelled({ colors })).warnings.map((one) => one.message);
    expect(await messages(odd)).toEqual([expect.stringMatching(/left out/)]);
    expect(await messages([sound])).toEqual([expect.stringMatching(/classes\(\)/)]);
    expect(await messages([...odd, sound])).toHaveLength(2);
  });

  it("is read with a warning where its samples are no whole numbers", async () => {
    expect((await labelled({}, { ...LEVEL, type: "float32" })).warnings).toEqual([
      expect.objectContaining({ code: "METADATA_NOT_USED", message: expect.stringMatching(/float32.*labels/) }),
    ]);
    expect((await labelled({})).warnings).toEqual([]);
  });
});

describe("consolidated metadata", () => {
  it.each([2, 3] as const)("spare the question for each array, in Zarr %i", async (version) => {
    const levels = [LEVEL, SMALL];
    const plain = new MemoryFolder(await buildImage({ version, axes: "cyx", levels }));
    const one = new MemoryFolder(await buildImage({ version, axes: "cyx", levels, consolidated: true }));
    expect((await openOmeZarr(one)).info).toEqual((await openOmeZarr(plain)).info);
    const ofArrays = ({ asked }: typeof one) => asked.filter((path) => path.includes("/"));
    expect(ofArrays(plain)).toHaveLength(2);
    expect(ofArrays(one)).toEqual([]);
  });

  it("that tell of some arrays only leave the others to their own", async () => {
    const files = await buildImage({ axes: "cyx", levels: [LEVEL, SMALL], consolidated: true });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    group.consolidated_metadata.metadata = { "0": group.consolidated_metadata.metadata["0"], "1": null };
    files.set("zarr.json", json(group));
    expect((await openFiles(files)).info.levels).toHaveLength(2);
  });

  it("that break a rule are refused as an array's own are", async () => {
    const files = await buildImage({ axes: "cyx", levels: [LEVEL], consolidated: true });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    group.consolidated_metadata.metadata["0"].shape = [2, 0, 30];
    files.set("zarr.json", json(group));
    await expect(openFiles(files)).rejects.toThrow(/breaks a rule of Zarr: shape\.1/);
  });
});

describe("a zip of an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-zarr-zip-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ["stored", "", {}],
    ["deflated", "", {}],
    ["stored", "image.zarr/", {}],
    ["stored", "", { shard: [1, 2, 2] }],
    ["deflated", "deep/", { shard: [1, 2, 2] }],
  ] as const)("is read like its folder: %s, below “%s”, %o", async (method, prefix, more) => {
    const level: ArraySpec = { ...LEVEL, ...more, packing: "zstd" };
    const files = await buildImage({ axes: "cyx", levels: [level] });
    const path = join(folder, `${method}-${prefix.length}-${Object.keys(more).length}.ozx`);
    writeFileSync(
      path,
      buildZip(
        [...files].map(([name, bytes]) => ({ name: prefix + name, bytes })),
        method,
      ),
    );
    const source = await openLocal(path);
    expect(planeDifference(await new ChunkDecoder().plane(source, { channel: 1 }), planeOf(level, [1]))).toBeNull();
    expect(source.info.format).toBe("OME-Zarr 0.5");
    await source.close();
  });
});
