import { join } from "node:path";
import { isImageFolder, isReachable, kindWithin } from "./folders.ts";
import { isKey, pathsOf, stemOf } from "./kinds.ts";

/**
 * The file or folder that a key means, as it lies there now; null for none. A key is the path without its ending; where several have the
 * same, each keeps its own. `root` is a real path, and nothing outside of it is ever found.
 */
export function locate(root: string, key: string): string | null {
  if (!isKey(key)) return null;
  const parts = key.split("/");
  if (!isReachable(root, parts)) return null;
  const whole = join(root, ...parts);
  const stem = stemOf(key, "file") ?? stemOf(key, "folder");
  // A key that keeps its ending is one whose stem several share.
  const named = stem === null ? [] : imagesOf(root, stem);
  if (named.length > 1 && named.includes(whole)) return whole;
  const images = imagesOf(root, key);
  return images.length > 1 && images.includes(whole) ? whole : images.length === 1 ? (images[0] ?? null) : null;
}

function imagesOf(root: string, stem: string): readonly string[] {
  const named = pathsOf(stem).flatMap(({ path, kind }) => {
    const full = join(root, path);
    return kindWithin(root, full) === kind ? [full] : [];
  });
  const bare = join(root, stem);
  const isImage = stemOf(stem, "folder") === null && kindWithin(root, bare) === "folder" && isImageFolder(bare);
  return isImage ? [...named, bare] : named;
}
