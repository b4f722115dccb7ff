import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Catalogue } from "../../../src/service/catalogue/catalogue.ts";

const parent = mkdtempSync(join(tmpdir(), "bandloom-catalogue-"));
const root = join(parent, "data");
let catalogue: Catalogue;

function put(name: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), "bytes");
}

beforeAll(() => {
  for (const name of ["a.tif", "b.ome.tif", "plates/p1.tiff", "plates/p2.ome.tiff", "z x+1%.tif", "é.tif", "notes.txt"])
    put(name);
  for (const name of ["twin.tif", "twin.ome.tif", "B.tif"]) put(name);
  for (const name of [".hidden.tif", ".cache/tile.tif", "plates/.draft.tif", ".tif", "sub/.ome.tif"]) put(name);
  writeFileSync(join(parent, "secret.tif"), "bytes");
  mkdirSync(join(parent, "outside"));
  writeFileSync(join(parent, "outside", "x.tif"), "bytes");
  symlinkSync(join(parent, "secret.tif"), join(root, "stolen.tif"));
  symlinkSync(join(parent, "outside"), join(root, "door"));
  symlinkSync(join(root, "a.tif"), join(root, "alias.tif"));
  symlinkSync("/nowhere/at/all.tif", join(root, "dangling.tif"));
  symlinkSync("/dev/zero", join(root, "device.tif"));
  symlinkSync(root, join(root, "loop"));
  mkdirSync(join(root, "folder.tif"));
  execFileSync("mkfifo", [join(root, "pipe.tif")]);
  catalogue = new Catalogue(root);
});
afterAll(() => {
  catalogue.close();
  rmSync(parent, { recursive: true, force: true });
});

function pathOf(key: string): string | null {
  const location = catalogue.find(key)?.location;
  return location?.kind === "path" ? location.path : null;
}

describe("the catalogue of a data folder", () => {
  it("lists images by their path without its extension, sorted by code point", async () => {
    expect(await catalogue.keys()).toEqual([
      "B",
      "a",
      "alias",
      "b",
      "plates/p1",
      "plates/p2",
      "twin.ome.tif",
      "twin.tif",
      "z x+1%",
      "é",
    ]);
  });

  it("finds every image that it lists", async () => {
    for (const key of await catalogue.keys()) expect(pathOf(key), key).toMatch(/\.tiff?$/);
    expect(pathOf("plates/p2")).toBe(join(pathOf("a") ?? "", "../plates/p2.ome.tiff"));
  });

  it("gives a file one key only", () => {
    expect(pathOf("b.ome")).toBeNull();
    expect(pathOf("b.ome.tif")).toBeNull();
    expect(pathOf("a.tif")).toBeNull();
    expect(pathOf("twin")).toBeNull();
    expect(pathOf("twin.tif")).toMatch(/twin\.tif$/);
    expect(pathOf("twin.ome.tif")).toMatch(/twin\.ome\.tif$/);
  });

  it.each([
    ...["", "/", ".", "..", "../secret", "plates/../../secret", "plates/..", "a/", "/a", "//a", "plates//p1", "./a"],
    ...[
      "..\\secret",
      "plates\\p1",
      "C:\\a",
      "\\\\host\\share",
      "a\0",
      "a\0.tif",
      "a\n",
      "/etc/passwd",
      "file:///etc/passwd",
    ],
    ...[".hidden", "plates/.draft", ".cache/tile", "notes", "notes.txt", "stolen", "door/x", "dangling", "device"],
    ...["folder", "pipe", "\ud800", "nope", "a".repeat(5000), `${"a/".repeat(500)}a`, "..%2fsecret", "%2e%2e/secret"],
  ])("has nothing under %j", (key) => {
    expect(pathOf(key)).toBeNull();
  });

  it("never leaves its folder, whatever the key", () => {
    const part = fc.constantFrom("..", ".", "", "a", "plates", "loop", "door", "x", "secret", "\\", "\0", "~", "%2e");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join("/")),
        ),
        (key) => {
          const path = pathOf(key);
          if (path !== null) expect(path).not.toMatch(/secret|outside|x\.tif|\/\.\.?\//);
        },
      ),
    );
  });

  it("finds a new image at once, and lists it within a second", async () => {
    put("late.tif");
    expect(pathOf("late")).toMatch(/late\.tif$/);
    await expect.poll(() => catalogue.keys()).toContain("late");
    rmSync(join(root, "late.tif"));
    expect(pathOf("late")).toBeNull();
  });
});
