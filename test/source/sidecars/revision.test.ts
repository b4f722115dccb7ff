import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { filesUnchanged, isSourceChanged } from "../../../src/source/identity.ts";
import { openFile } from "../../../src/source/store/file.ts";
import { localFolder } from "../../../src/source/store/local-folder.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import type { DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { folderOf, pam, tiff } from "./support.ts";

const IMAGE: DirectorySpec = { width: 40, height: 30 };
const SIDECARS: Readonly<Record<string, readonly [before: Uint8Array | string, after: Uint8Array | string]>> = {
  "scan.tif.msk": [tiff(IMAGE), tiff({ ...IMAGE, seed: 2 })],
  "scan.tif.ovr": [tiff({ width: 20, height: 15 }), tiff({ width: 20, height: 15, seed: 2 })],
  "scan.tif.aux.xml": [pam(["<NoDataValue>1</NoDataValue>"]), pam(["<NoDataValue>2</NoDataValue>"])],
  "scan.tfw": ["1 0 0 -1 5 5", "1 0 0 -1 5 6"],
};
const NAMES = Object.keys(SIDECARS);

async function identityOf(folder: string) {
  const source = await openLocal(join(folder, "scan.tif"));
  await source.close();
  return source.identity;
}

/** Long ago, so that all that comes later has another time. */
function settle(folder: string): void {
  utimesSync(folder, 1_700_000_000, 1_700_000_000);
}

describe("the revision of an image", () => {
  it.each(NAMES)("is another one when %s comes, changes and goes", async (name) => {
    const folder = folderOf({ "scan.tif": tiff(IMAGE) });
    settle(folder);
    const none = await identityOf(folder);
    expect(filesUnchanged(none)).toBe(true);
    const [before = "", after = ""] = SIDECARS[name] ?? [];
    writeFileSync(join(folder, name), before);
    expect(filesUnchanged(none)).toBe(false);
    const first = await identityOf(folder);
    expect(filesUnchanged(first)).toBe(true);
    writeFileSync(join(folder, name), after);
    utimesSync(join(folder, name), 1_700_000_001, 1_700_000_001);
    expect(filesUnchanged(first)).toBe(false);
    const second = await identityOf(folder);
    rmSync(join(folder, name));
    expect(filesUnchanged(second)).toBe(false);
    expect(new Set([none, first, second].map(({ revision }) => revision)).size).toBe(3);
    expect((await identityOf(folder)).revision).toBe(none.revision);
  });

  it("is that of the file where nothing lies beside it", async () => {
    const folder = folderOf({ "scan.tif": tiff(IMAGE), "other.tif.msk": tiff(IMAGE), "scan.tif.vat.dbf": "x" });
    const store = openFile(join(folder, "scan.tif"));
    onTestFinished(() => void store.close());
    expect((await identityOf(folder)).revision).toBe(store.identity.revision);
  });

  it("tells apart which file has the bytes", async () => {
    const [mask, overviews] = ["scan.tif.msk", "scan.tif.ovr"].map((name) => {
      const folder = folderOf({ "scan.tif": tiff(IMAGE), [name]: tiff(IMAGE) });
      for (const one of ["scan.tif", name]) utimesSync(join(folder, one), 1_700_000_000, 1_700_000_000);
      return identityOf(folder);
    });
    expect((await mask)?.revision).not.toBe((await overviews)?.revision);
  });

  it("is the same when other files come and go", async () => {
    const folder = folderOf({ "scan.tif": tiff(IMAGE) });
    settle(folder);
    const identity = await identityOf(folder);
    writeFileSync(join(folder, "other.tif.msk"), "x");
    expect(filesUnchanged(identity)).toBe(true);
    rmSync(join(folder, "other.tif.msk"));
    expect(filesUnchanged(identity)).toBe(true);
    writeFileSync(join(folder, "scan.tif.msk"), "x");
    expect(filesUnchanged(identity)).toBe(false);
  });

  it("of a set is another one when a mask comes to one of its files", async () => {
    const files = { "one.tif": tiff(IMAGE), "two.tif": tiff(IMAGE), "set.channels.yaml": "files: [one.tif, two.tif]" };
    const folder = folderOf(files);
    settle(folder);
    const look = async () => {
      const source = await openLocal(join(folder, "set.channels.yaml"));
      await source.close();
      return source;
    };
    const before = await look();
    expect(filesUnchanged(before.identity)).toBe(true);
    writeFileSync(join(folder, "two.tif.msk"), tiff(IMAGE));
    expect(filesUnchanged(before.identity)).toBe(false);
    const after = await look();
    expect(after.identity.revision).not.toBe(before.identity.revision);
    expect(after.info.channels.map(({ masked }) => masked)).toEqual([false, true]);
  });

  it("costs one look at the folder, as long as nothing comes to it", async () => {
    const folder = folderOf({ "scan.tif": tiff(IMAGE) });
    settle(folder);
    const [absence] = (await identityOf(folder)).absent ?? [];
    expect(absence).toMatchObject({ mtimeMs: 1_700_000_000_000 });
    // With the folder's time as it was nobody looks at the names.
    writeFileSync(join(folder, "scan.tif.msk"), "x");
    settle(folder);
    const watched = { revision: "", files: [], remote: [], absent: absence ? [absence] : [] };
    expect(filesUnchanged(watched)).toBe(true);
    expect(filesUnchanged({ ...watched, absent: absence ? [{ ...absence, mtimeMs: null }] : [] })).toBe(false);
  });

  it("is watched by names where the folder has just changed: its time may stay the same", () => {
    const folder = folderOf({ "scan.tif": tiff(IMAGE) });
    settle(folder);
    const now = vi.spyOn(Date, "now");
    onTestFinished(() => now.mockRestore());
    for (const [age, mtimeMs] of [
      [5, null],
      [5000, 1_700_000_000_000],
    ] as const) {
      now.mockReturnValue(1_700_000_000_000 + age);
      expect(localFolder(folder, null).absent?.(["a"]).absent).toMatchObject([{ mtimeMs, names: ["a"] }]);
    }
  });

  it("does not count what lies outside of the root, nor a folder", async () => {
    const outside = mkdtempSync(join(tmpdir(), "bandloom-outside-"));
    onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, "mask"), tiff(IMAGE));
    const folder = folderOf({ "scan.tif": tiff(IMAGE) });
    symlinkSync(join(outside, "mask"), join(folder, "scan.tif.msk"));
    mkdirSync(join(folder, "scan.tif.ovr"));
    const source = await openLocal(join(folder, "scan.tif"));
    onTestFinished(() => source.close());
    expect(source.info).toMatchObject({ warnings: [], channels: [{ masked: false }] });
    expect(filesUnchanged(source.identity)).toBe(true);
  });

  it("is refused where a file comes while it is looked for", () => {
    const folder = folderOf({ "scan.tif.msk": "x" });
    try {
      localFolder(folder, null).absent?.(["scan.tif.msk"]);
      expect.unreachable();
    } catch (error) {
      expect(isSourceChanged(error)).toBe(true);
    }
  });
});
