import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Catalogue } from "../../../src/service/catalogue/catalogue.ts";

let parent: string;
let root: string;
let reports: string[];
let catalogue: Catalogue;

beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), "bandloom-named-")));
  root = join(parent, "data");
  mkdirSync(root);
  reports = [];
  catalogue = new Catalogue(root, { report: (message) => reports.push(message) });
});
afterEach(() => {
  catalogue.close();
  rmSync(parent, { recursive: true, force: true });
});

function put(name: string, content = "bytes"): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

function problemOf(key: string): string | null {
  return catalogue.find(key)?.problem?.message ?? null;
}

describe("a YAML catalogue", () => {
  it("names images that lie elsewhere, and says things of those that lie in the folder", async () => {
    put("plates/p1.ome.tif");
    put(
      "catalogue.yaml",
      `
images:
  moon:
    source: https://images.example.org/moon.ome.tif#2
    name: The Moon
    formula: '@1'
    presets:
      - { name: Relief, formula: "colormap(@1, \\"viridis\\")", description: Height }
      - { name: Ask, formula: "@2" }
  bucket/scene: { source: s3://scans/2024/scene.zarr }
  tiles: { source: "https://tile.example.org/{z}/{x}/{y}.png" }
  plates/p1:
    name: Plate 1
    description: Drosophila
    presets: [{ name: Cells, formula: "@3" }]
  second: { source: plates/p1.ome.tif#1 }
`,
    );
    expect(await catalogue.keys()).toEqual(["bucket/scene", "moon", "plates/p1", "second", "tiles"]);
    expect(catalogue.find("moon")).toEqual({
      key: "moon",
      location: { kind: "url", url: "https://images.example.org/moon.ome.tif", series: 2 },
      ...{ name: "The Moon", description: null, formula: "@1", problem: null },
      presets: [
        { name: "Relief", formula: 'colormap(@1, "viridis")', description: "Height" },
        { name: "Ask", formula: "@2", description: null },
      ],
    });
    const path = join(root, "plates/p1.ome.tif");
    expect(catalogue.find("bucket/scene")?.location).toEqual({
      kind: "url",
      url: "s3://scans/2024/scene.zarr",
      series: 0,
    });
    expect(catalogue.find("tiles")?.location).toMatchObject({ url: "https://tile.example.org/{z}/{x}/{y}.png" });
    expect(catalogue.find("plates/p1")).toMatchObject({
      name: "Plate 1",
      location: { kind: "path", path, root, series: 0 },
    });
    expect(catalogue.find("second")).toMatchObject({ location: { path, series: 1 }, problem: null });
    expect(catalogue.find("moon#5")?.location).toMatchObject({ series: 5 });
    expect(catalogue.presets().map(({ imageKey, name }) => [imageKey, name])).toEqual([
      ["moon", "Ask"],
      ["moon", "Relief"],
      ["plates/p1", "Cells"],
    ]);
    expect(await catalogue.keys("the moon")).toEqual(["moon"]);
    expect(await catalogue.keys("PLATE")).toEqual(["plates/p1"]);
    expect(reports).toEqual([]);
  });

  it("holds channel sets, whose files lie in the data folder or where the source says", () => {
    put("scene/B02.tif");
    put(
      "catalogue.yaml",
      `
images:
  here: { channels: { files: [scene/B02.tif] } }
  below: { source: scene, channels: { pattern: "{channel}.tif", channels: [B02] } }
  far: { source: "https://host/a", channels: { files: [b.tif, "s3://c/d.tif"] } }
  gone: { source: nowhere, channels: { files: [b.tif] } }
`,
    );
    expect(catalogue.find("here")?.location).toMatchObject({
      kind: "set",
      base: root,
      root,
      set: { members: [{ file: "scene/B02.tif" }] },
    });
    expect(catalogue.find("below")?.location).toMatchObject({ kind: "set", base: join(root, "scene") });
    expect(catalogue.find("far")?.location).toMatchObject({ kind: "set", base: "https://host/a/" });
    expect(catalogue.find("below#0")?.location).toMatchObject({ kind: "set" });
    expect(catalogue.find("below#1")).toBeNull();
    expect(problemOf("gone")).toMatch(/not there, or not in the data folder/);
  });

  it("tells kinds of channels, of the file that it speaks of and not of its other images", () => {
    put("codes.tif");
    put(
      "catalogue.yaml",
      `
images:
  codes: { kind: categorical, kinds: { 2: continuous } }
  far: { source: "https://host/a.tif", kinds: { QA: categorical } }
  set: { kind: categorical, channels: { files: [codes.tif] } }
  within: { channels: { kind: categorical, files: [codes.tif] } }
  odd: { kind: codes }
`,
    );
    const kinds = { all: "categorical", by: { 2: "continuous" } };
    expect(catalogue.find("codes")?.location).toMatchObject({ kind: "path", kinds });
    expect(catalogue.find("codes#1")?.location).toEqual({
      kind: "path",
      path: join(root, "codes.tif"),
      root,
      series: 1,
    });
    expect(catalogue.find("far")?.location).toMatchObject({ kinds: { all: null, by: { QA: "categorical" } } });
    expect(catalogue.find("within")?.location).toMatchObject({ kind: "set", set: { kind: "categorical" } });
    expect(problemOf("set")).toBe(
      "The catalogue, line 5, images.set.kind: stands beside channels. Write kind below channels.",
    );
    expect(problemOf("odd")).toMatch(/"codes" is no kind of channel. Write continuous or categorical/);
  });

  it("lists what is wrong with an entry in its place, and serves the others", async () => {
    put("good.tif");
    put(
      "catalogue.yaml",
      `
images:
  good: { name: Good }
  nothing: { name: No file has this key }
  typo: { sorce: a.tif }
  list: [a]
  preset:
    source: good.tif
    presets:
      - name: Broken
  twice:
    source: good.tif
    presets: [{ name: a, formula: b1 }, { name: a, formula: b2 }]
  set:
    channels:
      files:
        - file: a.tif
          wavelength: blue
  absolute: { source: /etc/passwd }
  file: { source: "file:///etc/passwd" }
  hostless: { source: "https://" }
  outside: { source: ../secret.tif }
  linked: { source: link.tif }
  missing: { source: missing.tif }
`,
    );
    writeFileSync(join(parent, "secret.tif"), "bytes");
    symlinkSync(join(parent, "secret.tif"), join(root, "link.tif"));
    const keys = await catalogue.keys();
    const problems = Object.fromEntries(keys.map((key) => [key, problemOf(key)]));
    const notThere = "The source that the catalogue names is not there, or not in the data folder.";
    expect(problems).toEqual({
      absolute:
        "The catalogue, line 19, images.absolute.source: is no path from the data folder and no http, https or s3 URL.",
      file: "The catalogue, line 20, images.file.source: is no path from the data folder and no http, https or s3 URL.",
      good: null,
      linked: notThere,
      list: "The catalogue, line 6, images.list: is no entry. Write a map with the keys source, channels, kind, kinds, name, description, formula, presets.",
      missing: notThere,
      nothing: "The catalogue names no source for this image, and no file has its key.",
      outside: notThere,
      hostless: "The catalogue, line 21, images.hostless.source: is a URL that cannot be read.",
      preset:
        'The catalogue, line 10, images.preset.presets[1].formula: is missing. Write a formula in quotes, such as "rgb(nir, red, green)".',
      set: 'The catalogue, line 18, images.set.channels.files[1].wavelength: "blue" is no wavelength. Write nanometres, such as 665.',
      twice:
        "The catalogue, line 13, images.twice.presets[2].name: is another preset's name already. Choose one of its own.",
      typo: 'The catalogue, line 5, images.typo: has no key "sorce". Write source.',
    });
    for (const key of keys)
      if (problemOf(key)) expect(catalogue.find(key)?.problem).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(reports).toHaveLength(8);
    expect(JSON.stringify(problems)).not.toMatch(/passwd|secret@|\/data/);
  });

  it.each([
    ["images: [", /^The catalogue, line 1: it is no YAML/],
    ["images: 3", /^The catalogue, line 1: it holds no map of images; write images:/],
    ["- a", /^The catalogue, line 1: it holds no map of images/],
    ["[".repeat(1e5), /nested too deep/],
    ["images: {}\npictures: {}", /^The catalogue, line 2: it has no key "pictures". Write images.$/],
    ["images:\n  ../secret: { source: a.tif }", /^The catalogue, line 2: the key cannot be one/],
    ["images:\n  .hidden: { source: a.tif }", /^The catalogue, line 2: the key cannot be one/],
    ["#".repeat(5 * 2 ** 20), /bytes, and the limit is/],
  ])("that is wrong as a whole is listed itself, beside the images of the folder: %j", async (text, message) => {
    put("a.tif");
    put("catalogue.yaml", text);
    expect(await catalogue.keys()).toEqual(["a", "catalogue.yaml"]);
    expect(problemOf("catalogue.yaml")).toMatch(message);
    expect(problemOf("a")).toBeNull();
    expect(reports).toHaveLength(1);
  });

  it("is read again when it changes; what it said holds while it cannot be read", async () => {
    put("a.tif");
    put("catalogue.yaml", "images: { a: { name: One } }");
    expect(catalogue.find("a")?.name).toBe("One");
    put("catalogue.yaml", "images: { a: { name: Two }, b: { source: a.tif } }");
    expect(catalogue.find("a")?.name).toBe("Two");
    expect(await catalogue.keys()).toEqual(["a", "b"]);
    put("catalogue.yaml", "images: { a: { name: Three ");
    expect(catalogue.find("a")?.name).toBe("Two");
    expect(problemOf("catalogue.yaml")).toMatch(/no YAML/);
    put("catalogue.yaml", "images:\n");
    expect(catalogue.find("a")?.name).toBeNull();
    expect(catalogue.find("b")).toBeNull();
    rmSync(join(root, "catalogue.yaml"));
    expect(await catalogue.keys()).toEqual(["a"]);
  });

  it("is missed where it was named and is not there", async () => {
    const missing = new Catalogue(root, { file: join(parent, "nope.yaml") });
    expect(await missing.keys()).toEqual(["nope.yaml"]);
    expect(missing.find("nope.yaml")?.problem?.message).toBe("There is no such catalogue file.");
    missing.close();
  });

  it("may lie elsewhere; its paths begin at the data folder all the same", () => {
    writeFileSync(join(parent, "my.yaml"), "images: { x: { source: a.tif } }");
    put("a.tif");
    const elsewhere = new Catalogue(root, { file: join(parent, "my.yaml") });
    expect(elsewhere.find("x")?.location).toMatchObject({ path: join(root, "a.tif") });
    elsewhere.close();
  });
});
