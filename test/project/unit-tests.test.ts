import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { RUN_PROGRAMS } from "../setup/projects.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What starts our program as it was built, Redis, nginx or a browser. */
const STARTERS = /^test\/(?:fixtures\/(?:server|redis|redis-cluster|nginx|cluster)|cli\/program)\.ts$/;

/** Whatever a test imports of the tests' own files, directly or not. */
function imported(file: string, found = new Set<string>()): ReadonlySet<string> {
  for (const { fileName } of ts.preProcessFile(readFileSync(join(ROOT, file), "utf8"), true, true).importedFiles) {
    const target = relative(ROOT, resolve(ROOT, dirname(file), fileName));
    if (!fileName.startsWith(".") || !target.startsWith("test/") || found.has(target)) continue;
    found.add(target);
    imported(target, found);
  }
  return found;
}

const starts = (file: string) => [...imported(file)].some((name) => STARTERS.test(name));

describe("unit tests", () => {
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") && !/^(?:cli|e2e|project)\//.test(name))
    .map((name) => `test/${name}`);
  const units = files.filter((file) => !RUN_PROGRAMS.includes(file));

  it("start no other program, so that they run without a build", () => {
    expect(units.length).toBeGreaterThan(100);
    expect(units.filter(starts)).toEqual([]);
  });

  it("are all files that are not named as running programs, and those that are named exist", () => {
    expect(RUN_PROGRAMS.filter((file) => !files.includes(file))).toEqual([]);
  });
});
