import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { deepZoomOf, hasMarker, isNumber, isTile, isZoom, type Kind, stemOf } from "./kinds.ts";

/** What a path is where it lies in the data folder, also when symbolic links are followed; null for anything else. */
export function kindWithin(root: string, path: string): Kind | null {
  try {
    // Most paths that are asked for are not there, and this is the fastest way to know.
    if (!existsSync(path)) return null;
    const stats = statSync(path, { throwIfNoEntry: false });
    const kind = stats?.isFile() ? "file" : stats?.isDirectory() ? "folder" : null;
    return kind && isWithin(root, realpathSync.native(path)) ? kind : null;
  } catch {
    return null;
  }
}

/** Both are real paths. */
export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** A folder that is an image by what lies in it. */
export function isImageFolder(path: string): boolean {
  return hasMarker({ has: (name) => existsSync(join(path, name)) }) || holdsTiles(path);
}

/** A folder whose insides belong to an image: nothing in it is an image of its own. */
export function isPartOfImage(path: string): boolean {
  const deepZoom = deepZoomOf(path);
  return stemOf(path, "folder") !== null || (deepZoom !== null && existsSync(deepZoom)) || isImageFolder(path);
}

/** `zoom/x/y.png`, and nothing else beside the zooms. */
function holdsTiles(path: string): boolean {
  const zooms = namesIn(path);
  const [zoom] = zooms;
  if (zoom === undefined || !zooms.every(isZoom)) return false;
  const column = namesIn(join(path, zoom)).find(isNumber);
  return column !== undefined && namesIn(join(path, zoom, column)).some(isTile);
}

/** Visible names in a folder; none where it cannot be read. */
function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}

/** None of the folders between the data folder and a path is a link, or belongs to an image. */
export function isReachable(root: string, parts: readonly string[]): boolean {
  const parent = join(root, ...parts.slice(0, -1));
  try {
    if (realpathSync.native(parent) !== parent) return false;
  } catch {
    return false;
  }
  return parts.slice(0, -1).every((_, index) => {
    const path = join(root, ...parts.slice(0, index + 1));
    const deepZoom = deepZoomOf(path);
    if (stemOf(path, "folder") !== null || (deepZoom !== null && existsSync(deepZoom))) return false;
    if (hasMarker({ has: (name) => existsSync(join(path, name)) })) return false;
    // Looking for tiles lists the folder: only where the rest of the path could be one.
    const below = parts.slice(index + 1, index + 4);
    return !(below.length === 3 && below.every(isNumber) && holdsTiles(path));
  });
}
