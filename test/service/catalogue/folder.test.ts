import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Catalogue } from "../../../src/service/catalogue/catalogue.ts";

let parent: string;
let root: string;
let catalogue: Catalogue;

beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), "bandloom-folder-")));
  root = join(parent, "data");
  mkdirSync(root);
  catalogue = new Catalogue(root);
});
afterEach(() => {
  catalogue.close();
  rmSync(parent, { recursive: true, force: true });
});

function put(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), "bytes");
  }
}

function pathOf(key: string): string | null {
  const location = catalogue.find(key)?.location;
  return location?.kind === "path" ? location.path.slice(root.length + 1) : null;
}

/** Keys, and the path of each; whatever is listed is found, whether the list is there or not. */
async function listed(): Promise<Record<string, string | null>> {
  const fresh = new Catalogue(root);
  const keys = await catalogue.keys();
  const found = Object.fromEntries(keys.map((key) => [key, pathOf(key)]));
  const looked = Object.fromEntries(
    keys.map((key) => {
      const location = fresh.find(key)?.location;
      return [key, location?.kind === "path" ? location.path.slice(root.length + 1) : null];
    }),
  );
  expect(looked).toEqual(found);
  return found;
}

describe("the images of a data folder", () => {
  it("are files of many kinds, their endings in lower or upper case", async () => {
    const endings = [
      "ome.tif tiff TIF svs NDPI scn bif qptiff ome.btf ome.tf2 ome.tf8 btf zarr.zip ome.zarr.zip ozx dzi",
      "jpg JPEG png webp avif gif jp2 j2k svg czi nd2 lif mrxs vsi fits lsm stk flex heic oib zvi ims dcm fit hdf5 h5 nc channels.yaml channels.yml",
    ];
    const files = endings.flatMap((line) => line.split(" ")).map((ending, index) => `k${index}.${ending}`);
    put(...files, "no.txt", "no.xml", "no.yaml", "catalogue.yaml.bak", "Mixed.Tif", "tif");
    const expected = files.map((file, index): [string, string] => [`k${index}`, file]);
    expect(await listed()).toEqual(Object.fromEntries(expected.sort()));
  });

  it("are folders of many kinds, and nothing within them", async () => {
    put("a.zarr/.zattrs", "a.zarr/0/x.png", "deep/b.ome.zarr/zarr.json", "deep/b.ome.zarr/labels/c.zarr/zarr.json");
    put("bare/zarr.json", "bare/0/c/0", "old/.zgroup", "old/sub/x.tif");
    put("zoomify/ImageProperties.xml", "zoomify/TileGroup0/0-0-0.jpg");
    put("iiif/info.json", "iiif/full/max/0/default.jpg", "tms/tilemapresource.xml", "tms/0/0/0.png");
    put("xyz/0/0/0.png", "xyz/1/0/1.png", "pyramid.dzi", "pyramid_files/0/0_0.jpg", "pyramid_files/notes.png");
    put("plain_files/x.png", "2023/10/5.png", "years/2023/10/5.png");
    expect(await listed()).toEqual({
      "2023/10/5": "2023/10/5.png",
      a: "a.zarr",
      bare: "bare",
      "deep/b": "deep/b.ome.zarr",
      iiif: "iiif",
      old: "old",
      "plain_files/x": "plain_files/x.png",
      pyramid: "pyramid.dzi",
      tms: "tms",
      xyz: "xyz",
      "years/2023/10/5": "years/2023/10/5.png",
      zoomify: "zoomify",
    });
    for (const inside of ["a/0/x", "a.zarr/0/x", "old/sub/x", "zoomify/TileGroup0/0-0-0", "iiif/full/max/0/default"])
      expect(pathOf(inside), inside).toBeNull();
    for (const inside of [
      "xyz/0/0/0",
      "tms/0/0/0",
      "pyramid_files/0/0_0",
      "pyramid_files/notes",
      "deep/b.ome.zarr/labels/c",
    ])
      expect(pathOf(inside), inside).toBeNull();
  });

  it("keep their endings where several have one key", async () => {
    put("x.tif", "x.png", "y.tif", "y/info.json", "z.zarr/zarr.json", "z.channels.yaml", "sub/x.tif");
    expect(await listed()).toEqual({
      "sub/x": "sub/x.tif",
      "x.png": "x.png",
      "x.tif": "x.tif",
      y: "y",
      "y.tif": "y.tif",
      "z.channels.yaml": "z.channels.yaml",
      "z.zarr": "z.zarr",
    });
    expect(pathOf("x")).toBeNull();
    expect(pathOf("z")).toBeNull();
    rmSync(join(root, "x.png"));
    expect(pathOf("x.tif")).toBeNull();
    expect(pathOf("x")).toBe("x.tif");
  });

  it("never lie outside, whichever way links lead", async () => {
    const outside = (...names: readonly string[]) => {
      for (const name of names) {
        mkdirSync(dirname(join(parent, name)), { recursive: true });
        writeFileSync(join(parent, name), "bytes");
      }
    };
    outside("secret.tif", "other/x.tif", "other.zarr/zarr.json", "tiles/0/0/0.png", "data2/y.tif");
    put("real/x.tif", "in.zarr/zarr.json");
    const links: readonly [target: string, name: string][] = [
      ["secret.tif", "stolen.tif"],
      ["other", "door"],
      ["other.zarr", "stolen.zarr"],
      ["tiles", "t"],
      ["data2", "near"],
      ["data/real/x.tif", "alias.tif"],
      ["data/in.zarr", "copy.zarr"],
      ["data/real", "real2"],
      ["data", "loop"],
    ];
    for (const [target, name] of links) symlinkSync(join(parent, target), join(root, name));
    expect(await listed()).toEqual({ alias: "alias.tif", copy: "copy.zarr", in: "in.zarr", "real/x": "real/x.tif" });
    for (const key of [
      "stolen",
      "door/x",
      "t",
      "t/0/0/0",
      "near/y",
      "real2/x",
      "loop/real/x",
      "../secret",
      "../data2/y",
    ])
      expect(catalogue.find(key), key).toBeNull();
  });

  it("are found by number in a file that holds several", async () => {
    put("many.ome.tif", "odd#1.tif", "a#2.tif", "a#2#1.png");
    expect(catalogue.find("many#3")).toMatchObject({ key: "many#3", location: { kind: "path", series: 3 } });
    expect(catalogue.find("many")).toMatchObject({ location: { series: 0 } });
    // A file of that very name comes first.
    expect(catalogue.find("odd#1")?.location).toMatchObject({ path: join(root, "odd#1.tif"), series: 0 });
    expect(catalogue.find("a#2#1")?.location).toMatchObject({ path: join(root, "a#2#1.png"), series: 0 });
    expect(catalogue.find("a#2#7")?.location).toMatchObject({ path: join(root, "a#2.tif"), series: 7 });
    for (const key of ["many#", "many#01", "many#-1", "many#1.0", "many#1000000", "#1", "many#1#1", "none#1"])
      expect(catalogue.find(key), key).toBeNull();
    expect(await catalogue.keys()).not.toContain("many#1");
  });
});

describe("the list of a data folder", () => {
  const INTERVAL_MS = 20;
  beforeEach(() => {
    catalogue.close();
    catalogue = new Catalogue(root, { scanIntervalMs: INTERVAL_MS });
  });

  /** Polls until the list stays the same for longer than one may be old: its watch has begun, and has nothing to tell. */
  async function kept(): Promise<void> {
    const isKept = async () => {
      const keys = await catalogue.keys();
      await sleep(2 * INTERVAL_MS);
      return (await catalogue.keys()) === keys;
    };
    await expect.poll(isKept).toBe(true);
  }

  it("follows what comes, is renamed and goes, in old folders and new ones", async () => {
    put("a.tif", "sub/b.tif");
    expect(await catalogue.keys()).toEqual(["a", "sub/b"]);
    // From here on it is the watch that tells.
    await kept();
    const before = await catalogue.keys();
    put("sub/new.tif");
    await expect.poll(() => catalogue.keys()).toEqual(["a", "sub/b", "sub/new"]);
    expect(before).toEqual(["a", "sub/b"]);
    renameSync(join(root, "a.tif"), join(root, "z.tif"));
    await expect.poll(() => catalogue.keys()).toEqual(["sub/b", "sub/new", "z"]);
    put("later/deeper/c.zarr/zarr.json");
    await expect.poll(() => catalogue.keys()).toEqual(["later/deeper/c", "sub/b", "sub/new", "z"]);
    put("later/deeper/d.tif");
    await expect.poll(() => catalogue.keys()).toContain("later/deeper/d");
    rmSync(join(root, "later"), { recursive: true });
    rmSync(join(root, "sub", "b.tif"));
    await expect.poll(() => catalogue.keys()).toEqual(["sub/new", "z"]);
  });

  it("is kept as long as nothing changes", async () => {
    put("a.tif");
    await kept();
    put("b.tif");
    await expect.poll(() => catalogue.keys()).toEqual(["a", "b"]);
    await kept();
  });

  it("holds five thousand images within seconds, and opens none of them", async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `plate${i % 50}/well${i}.ome.tif`);
    put(...names);
    const start = performance.now();
    const keys = await catalogue.keys();
    // A hang guard: it takes a tenth of a second.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(keys).toHaveLength(5000);
    expect(catalogue.find("plate7/well7")).toMatchObject({ problem: null });
    // They hold no image at all, so that opening one would have failed.
    expect(await catalogue.keys("WELL4999")).toEqual(["plate49/well4999"]);
  });
});
