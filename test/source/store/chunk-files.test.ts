import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isSourceChanged } from "../../../src/source/identity.ts";
import { ChunkWatch, chunkFiles } from "../../../src/source/store/chunk-files.ts";
import { localFolder } from "../../../src/source/store/local-folder.ts";

/** Long ago: no file of it was written within the tick of a look. */
const THEN = 1_700_000_000;
let root: string;
let level: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bandloom-chunks-"));
  level = join(root, "0");
  for (const name of ["c/0/0", "c/0/1", "c/1/0", "c/1/1"]) put(name, "old");
  settle();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true });
});

function put(name: string, text: string, seconds = THEN): void {
  const path = join(level, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, seconds, seconds);
}

/** Folders are as old as their files. */
function settle(): void {
  for (const name of ["c/0", "c/1", "c", ""]) utimesSync(join(level, name), THEN, THEN);
}

async function looked(bounds?: Parameters<typeof chunkFiles>[1]) {
  const found = await chunkFiles([level], bounds);
  if (!found) throw new Error("They are too many.");
  return found;
}

function replace(): void {
  put("tmp", "new", THEN + 9);
  renameSync(join(level, "tmp"), join(level, "c/0/1"));
}

const CHANGES: readonly [string, () => void][] = [
  ["written in place, its length the same", () => put("c/0/1", "new", THEN + 1)],
  ["written in place within the same millisecond, longer", () => put("c/0/1", "longer")],
  ["new", () => put("c/0/2", "new")],
  ["in a new folder", () => put("c/2/0", "new")],
  ["new in the folder of all", () => put("0.0", "new")],
  ["gone", () => rmSync(join(level, "c/0/1"))],
  ["another file by now", replace],
  ["an older file by now", () => put("c/0/1", "old", THEN - 9)],
];

describe("chunk files", () => {
  it.each(CHANGES)("have changed where one is %s, whatever the times of folders", async (_, change) => {
    const watch = new ChunkWatch(await looked());
    expect([watch.isUnchanged(), watch.isUnchanged()]).toEqual([true, true]);
    change();
    settle();
    expect(watch.isUnchanged()).toBe(false);
  });

  it("are the same as those of a copy that keeps their times", async () => {
    const { digest, count } = await looked();
    cpSync(level, join(root, "copy"), { recursive: true, preserveTimestamps: true });
    expect(await chunkFiles([join(root, "copy")])).toMatchObject({ digest, count });
    expect(count).toBe(4);
  });

  it("are told apart by the level that they are of", async () => {
    const other = join(root, "1");
    mkdirSync(other);
    const [first, second] = [await chunkFiles([level, other]), await chunkFiles([other, level])];
    expect(first?.digest).not.toBe(second?.digest);
  });

  it("are not what writers lay beside them for a while: metadata, locks and temporary files", async () => {
    const watch = new ChunkWatch(await looked());
    for (const name of ["zarr.json", ".zarray", "c/0/0.__lock", "c/0/0.4f1c.partial", "labels/0/c/0"]) put(name, "x");
    expect(watch.isUnchanged()).toBe(true);
  });

  it("have names with dots too", async () => {
    const { digest } = await looked();
    for (const name of ["0.0", "c.0.0"]) {
      const before = (await looked()).digest;
      put(name, "old");
      expect((await looked()).digest).not.toBe(before);
    }
    expect((await looked()).digest).not.toBe(digest);
  });

  it("count as others in the next look where they may have been written again within the tick", async () => {
    put("c/0/0", "now", THEN + 100);
    vi.useFakeTimers({ toFake: ["Date"], now: (THEN + 100) * 1000 + 5 });
    const watch = new ChunkWatch(await looked());
    expect(watch.isUnchanged()).toBe(true);
    vi.setSystemTime((THEN + 101) * 1000);
    expect(watch.isUnchanged()).toBe(false);
    const settled = new ChunkWatch(await looked());
    vi.setSystemTime((THEN + 200) * 1000);
    expect(settled.isUnchanged()).toBe(true);
  });
});

describe("more chunk files than one look asks for", () => {
  const bounds = { look: 3, most: 100 };

  it.each(CHANGES)("have changed where one is %s, at the end of a round", async (_, change) => {
    const watch = new ChunkWatch(await looked(bounds), bounds);
    change();
    settle();
    // Up to ten files and folders, three in a look.
    const looks = Array.from({ length: 4 }, () => watch.isUnchanged());
    expect(looks).toContain(false);
    expect(looks[0]).toBe(true);
  });

  it("have changed at the next look where a folder tells it", async () => {
    const watch = new ChunkWatch(await looked(bounds), bounds);
    expect(watch.isUnchanged()).toBe(true);
    put("c/1/2", "new");
    expect(watch.isUnchanged()).toBe(false);
  });

  it("are the same round after round, and told as in one look", async () => {
    expect((await looked(bounds)).digest).toBe((await looked()).digest);
    const watch = new ChunkWatch(await looked(bounds), bounds);
    expect(Array.from({ length: 20 }, () => watch.isUnchanged())).not.toContain(false);
  });

  it("are not looked at where a round would take too long", async () => {
    expect(await chunkFiles([level], { look: 3, most: 3 })).toBeNull();
    expect(await chunkFiles([level], { look: 100, most: 3 })).toBeNull();
    expect(await chunkFiles([level], { look: 3, most: 4 })).not.toBeNull();
  });
});

describe("a local folder whose chunks were looked at", () => {
  const reason = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return isSourceChanged(error) ? "changed" : error;
    }
    return "read";
  };

  it("reads what was there, and nothing that was written later", async () => {
    const folder = localFolder(root, null);
    await folder.chunks?.(["0"]);
    expect(reason(() => folder.get("0/c/0/0", 100))).toBe("read");
    put("c/0/0", "new", THEN + 1);
    expect(reason(() => folder.get("0/c/0/0", 100))).toBe("changed");
    expect(reason(() => folder.get("0/c/0/1", 100))).toBe("read");
  });

  it("finds nothing where nothing was, unless a file has come or gone since", async () => {
    const folder = localFolder(root, null);
    await folder.chunks?.(["0"]);
    expect(reason(() => folder.get("0/c/1/7", 100))).toBe("read");
    rmSync(join(level, "c/1/1"));
    expect(reason(() => folder.get("0/c/1/1", 100))).toBe("changed");
  });

  it("reads no part of a file that is written over while it is open", async () => {
    const folder = localFolder(root, null);
    await folder.chunks?.(["0"]);
    const shard = await folder.open("0/c/0/0");
    expect(reason(() => shard?.read(0, 3))).toBe("read");
    put("c/0/0", "new", THEN + 1);
    expect(reason(() => shard?.read(0, 3))).toBe("changed");
    await shard?.close();
  });
});
