import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { byCodePoint } from "../../core/code-points.ts";
import { isImageFolder, kindWithin } from "./folders.ts";
import { deepZoomOf, hasMarker, isKey, isZoom, type Kind, stemOf } from "./kinds.ts";

/** Folders within folders; a deeper tree is more likely a loop than a catalogue. */
const MAX_DEPTH = 16;
const MAX_ENTRIES = 1_000_000;

/**
 * All images in a folder: their paths in it by their keys, sorted by code point. Names alone are read, no file is opened; a folder that is
 * an image is one entry.
 */
export async function scan(root: string): Promise<ReadonlyMap<string, string>> {
  const stems = new Map<string, string[]>();
  let entries = 0;
  const add = (stem: string, path: string) => {
    if (!isKey(stem)) return;
    const paths = stems.get(stem);
    if (paths) paths.push(path);
    else stems.set(stem, [path]);
  };

  const visit = async (prefix: string, depth: number): Promise<void> => {
    const folder = join(root, prefix);
    const found = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
    const names = new Set(found.map(({ name }) => name));
    if (prefix !== "" && (hasMarker(names) || (couldBeTiles(found) && isImageFolder(folder)))) {
      add(prefix.slice(0, -1), prefix.slice(0, -1));
      return;
    }
    for (const entry of found) {
      if (entry.name.startsWith(".") || ++entries > MAX_ENTRIES) continue;
      const path = prefix + entry.name;
      const kind = kindOf(root, path, entry);
      const stem = kind && stemOf(path, kind);
      if (stem !== null) add(stem, path);
      else if (kind === "folder" && !belongsToDeepZoom(entry.name, names)) {
        if (!entry.isSymbolicLink() && depth < MAX_DEPTH) await visit(`${path}/`, depth + 1);
        else if (entry.isSymbolicLink() && isImageFolder(join(root, path))) add(path, path);
      }
    }
  };

  await visit("", 0);
  const found = [...stems].flatMap(([stem, paths]) =>
    paths.map((path): [key: string, path: string] => [paths.length === 1 ? stem : path, path]),
  );
  return new Map(found.sort(([a], [b]) => byCodePoint(a, b)));
}

/** Only links have to be followed: all else lies where it is found. */
function kindOf(root: string, path: string, entry: Dirent): Kind | null {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? kindWithin(root, join(root, path)) : null;
}

function couldBeTiles(found: readonly Dirent[]): boolean {
  return found.every(({ name }) => name.startsWith(".") || isZoom(name));
}

function belongsToDeepZoom(name: string, names: ReadonlySet<string>): boolean {
  const deepZoom = deepZoomOf(name);
  return deepZoom !== null && names.has(deepZoom);
}
