import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fileStamp, isSourceChanged, sameStamp } from "../../src/source/identity.ts";
import { openFile } from "../../src/source/store/file.ts";

const folder = mkdtempSync(join(tmpdir(), "bandloom-revision-"));
const file = join(folder, "image.tif");
const bytes = Buffer.alloc(300_000, 1);
const TIME = new Date(1_700_000_000_123);

function write(content: Uint8Array, time = TIME): string {
  writeFileSync(file, content);
  utimesSync(file, time, time);
  const store = openFile(file);
  const { revision } = store.identity;
  void store.close();
  return revision;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the revision of a file", () => {
  it("is the same for the same bytes, size and time, and changes with each of them", () => {
    const revision = write(bytes);
    expect(revision).toMatch(/^[0-9a-f]{32}$/);
    expect(write(bytes)).toBe(revision);
    const first = Buffer.from(bytes);
    first[0] = 2;
    const last = Buffer.from(bytes);
    last[last.length - 1] = 2;
    const others = [write(first), write(last), write(bytes.subarray(1)), write(bytes, new Date(TIME.getTime() + 1))];
    expect(new Set([revision, ...others]).size).toBe(5);
  });

  it("exists for empty and for short files", () => {
    expect(new Set([write(Buffer.alloc(0)), write(Buffer.alloc(1)), write(Buffer.alloc(70_000))]).size).toBe(3);
  });

  it("is accompanied by a stamp that tells a replaced file, even of the same size and time", () => {
    write(bytes);
    const stamp = fileStamp(file);
    expect(sameStamp(stamp, fileStamp(file))).toBe(true);
    const other = join(folder, "other.tif");
    writeFileSync(other, bytes);
    utimesSync(other, TIME, TIME);
    renameSync(other, file);
    expect(statSync(file).size).toBe(stamp.size);
    expect(sameStamp(stamp, fileStamp(file))).toBe(false);
  });

  it("is a changed source where the file is gone", () => {
    try {
      fileStamp(join(folder, "none.tif"));
      expect.unreachable();
    } catch (error) {
      expect(isSourceChanged(error)).toBe(true);
    }
    expect(isSourceChanged(new Error("other"))).toBe(false);
  });
});
