import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFile } from "../../../src/source/store/file.ts";
import { localFolder } from "../../../src/source/store/local-folder.ts";

const ROOT = mkdtempSync(join(tmpdir(), "bandloom-folder-"));
const DATA = join(ROOT, "data");
const IMAGE = join(DATA, "image.zarr");

beforeAll(() => {
  mkdirSync(join(IMAGE, "0", "c"), { recursive: true });
  writeFileSync(join(IMAGE, "zarr.json"), "{}");
  writeFileSync(join(IMAGE, "0", "c", "größe 1+2.bin"), Buffer.from([1, 2, 3]));
  writeFileSync(join(DATA, "beside.tif"), "beside");
  writeFileSync(join(ROOT, "secret"), "secret");
  symlinkSync(join(ROOT, "secret"), join(IMAGE, "out"));
  symlinkSync(ROOT, join(IMAGE, "out-folder"));
  symlinkSync("../beside.tif", join(IMAGE, "to-beside"));
  symlinkSync("zarr.json", join(IMAGE, "to-inside"));
  symlinkSync("nowhere", join(IMAGE, "to-nowhere"));
  symlinkSync("loop", join(IMAGE, "loop"));
  symlinkSync("/proc/self/environ", join(IMAGE, "environ"));
  execFileSync("mkfifo", [join(IMAGE, "fifo")]);
});
afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

const text = (path: string, root: string | null = null) => {
  const found = localFolder(IMAGE, root).get(path, 100);
  return found === null || found instanceof Promise ? found : Buffer.from(found.bytes).toString("latin1");
};

describe("a local folder", () => {
  it("finds its files by their paths, through links that stay inside too", () => {
    expect(text("zarr.json")).toBe("{}");
    expect(text("0/c/größe 1+2.bin")).toBe("\x01\x02\x03");
    expect(text("to-inside")).toBe("{}");
  });

  it.each([
    ...[
      "",
      ".",
      "..",
      "../beside.tif",
      "../../secret",
      "0/../../beside.tif",
      "/etc/passwd",
      "0//c",
      "zarr.json/",
      "./zarr.json",
    ],
    ...["0\\c", "zarr.json\0", "C:\\x", "\ud800", "a".repeat(5000), "0/c/none", "zarr.json/x"],
    ...["out", "out-folder/secret", "to-beside", "to-nowhere", "loop", "environ", "fifo", "0", "0/c"],
  ])("finds nothing at %j", (path) => {
    expect(localFolder(IMAGE, null).get(path, 100)).toBeNull();
    expect(localFolder(IMAGE, null).open(path)).toBeNull();
  });

  it("finds what lies beside it only where the root reaches so far", () => {
    expect(text("to-beside", DATA)).toBe("beside");
    expect(text("out", DATA)).toBeNull();
    expect(text("out", ROOT)).toBe("secret");
  });

  it("is no prefix of its neighbour's name", () => {
    mkdirSync(`${IMAGE}2`);
    writeFileSync(join(`${IMAGE}2`, "x"), "x");
    symlinkSync(join(`${IMAGE}2`, "x"), join(IMAGE, "to-neighbour"));
    expect(text("to-neighbour")).toBeNull();
  });

  it("reads nothing of a file that is too long", () => {
    expect(() => localFolder(IMAGE, null).get("zarr.json", 1)).toThrow(/has 2 bytes, where 1 are the most/);
  });

  it("gives a blob the identity that the open file has, and another when it has changed", async () => {
    const path = join(IMAGE, "changing");
    const read = () => localFolder(IMAGE, null).get("changing", 1e6);
    writeFileSync(path, Buffer.alloc(200_000, 1));
    const file = openFile(path);
    expect((await read())?.identity).toEqual(file.identity);
    const { revision } = file.identity;
    await file.close();
    utimesSync(path, 1, 1);
    expect((await read())?.identity.revision).not.toBe(revision);
  });

  it("opens a file to be read in parts", async () => {
    const store = await localFolder(IMAGE, null).open("0/c/größe 1+2.bin");
    expect([store?.size, [...((await store?.read(1, 2)) ?? [])]]).toEqual([3, [2, 3]]);
    await store?.close();
  });

  it("lists the names in a folder below, as many as are asked for", async () => {
    const folder = localFolder(join(IMAGE, "0"), IMAGE);
    expect(await folder.list("", 10)).toEqual(["c"]);
    expect(await folder.list("c", 10)).toEqual(["größe 1+2.bin"]);
    expect(await localFolder(IMAGE, null).list("", 3)).toHaveLength(3);
    for (const path of ["none", "..", "out-folder", "zarr.json"])
      expect(await localFolder(IMAGE, null).list(path, 9)).toEqual([]);
  });

  it("that is not there is not found", () => {
    expect(() => localFolder(join(ROOT, "none"), null)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(() => localFolder(IMAGE, join(ROOT, "none"))).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});
