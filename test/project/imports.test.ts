import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** A folder imports only from itself and from folders before it. */
const ORDER = [
  "core",
  "formula",
  "kernel",
  "source",
  "plan",
  "render",
  "cache",
  "state",
  "access",
  "service",
  "graphql",
  "http",
  "ingest",
  "cli",
] as const;

/** Run in browsers: no `node:` module, and nothing of the server. */
const BROWSER_SAFE: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  formula: ["core", "formula"],
  kernel: ["core", "formula", "kernel"],
  client: ["core", "formula", "kernel", "client", "viewer"],
  viewer: ["core", "formula", "kernel", "client", "viewer"],
};

interface Import {
  readonly file: string;
  readonly folder: string;
  /** Folder of src for own files, else the module's name. */
  readonly target: string;
  readonly own: boolean;
}

function readImports(): readonly Import[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  return files.flatMap((name) => {
    const path = join(SRC, name);
    const folder = name.split("/")[0] ?? "";
    return ts.preProcessFile(readFileSync(path, "utf8"), true, true).importedFiles.map(({ fileName }) => {
      const own = fileName.startsWith(".");
      const target = own ? (relative(SRC, resolve(dirname(path), fileName)).split("/")[0] ?? "") : fileName;
      return { file: name, folder, target, own };
    });
  });
}

function violations(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, folder, target, own }) => {
    const allowed = BROWSER_SAFE[folder];
    if (!own) return allowed && target.startsWith("node:") ? [`${file} imports ${target}`] : [];
    if (allowed) return allowed.includes(target) ? [] : [`${file} imports from ${target}/`];
    const order: readonly string[] = ORDER;
    const from = order.indexOf(folder);
    const to = order.indexOf(target);
    return from >= 0 && to >= 0 && to <= from ? [] : [`${file} imports from ${target}/`];
  });
}

describe("import directions", () => {
  it("run one way through the folders, and never from the browser's folders into the server's", () => {
    expect(violations(readImports())).toEqual([]);
  });

  it("are told apart from imports that turn back", () => {
    const back = { file: "plan/x.ts", folder: "plan", target: "render", own: true };
    const nodeInCore = { file: "core/x.ts", folder: "core", target: "node:fs", own: false };
    const serverInViewer = { file: "viewer/x.ts", folder: "viewer", target: "service", own: true };
    expect(violations([back, nodeInCore, serverInViewer])).toHaveLength(3);
  });

  it("keep src to the folders of the architecture", () => {
    const folders = readdirSync(SRC).filter((name) => !name.includes("."));
    const known: readonly string[] = [...ORDER, "client", "viewer"];
    expect(folders.filter((name) => !known.includes(name))).toEqual([]);
  });
});
