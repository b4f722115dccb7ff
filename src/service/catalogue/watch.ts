import type { Stats } from "node:fs";
import { basename } from "node:path";
import { watch } from "chokidar";
import { isPartOfImage } from "./folders.ts";
import { stemOf } from "./kinds.ts";

/** Changes that no watch reports, as on network drives, are seen after so long, milliseconds. */
const BLIND_MS = 60_000;

export interface FolderWatch {
  /** Something may have changed since the moment (performance.now()). */
  changedSince(moment: number): boolean;
  close(): void;
}

/**
 * Watches the folders below a folder, not their files: a watch for each of a hundred thousand files is more than systems grant. It tells
 * only that there is something to look for. Where watching fails, everything counts as changed at all times.
 */
export function watchFolder(root: string): FolderWatch {
  let failed = false;
  let changed = performance.now();
  const mark = () => {
    changed = performance.now();
  };
  const watcher = watch(root, {
    ...{ persistent: false, ignoreInitial: true, followSymlinks: false },
    ignored: (path, stats) => path !== root && isIgnored(path, stats),
  });
  watcher.on("raw", mark).on("addDir", mark).on("unlinkDir", mark).on("ready", mark);
  watcher.on("error", () => {
    failed = true;
    void watcher.close();
  });
  return {
    changedSince: (moment) => failed || changed >= moment || performance.now() - moment > BLIND_MS,
    close: () => void watcher.close(),
  };
}

/** Files, hidden names, and the insides of folders that are images: thousands of folders of tiles change nothing in a list. */
function isIgnored(path: string, stats: Stats | undefined): boolean {
  // By its name where that is enough: the watch asks twice, the first time before it has looked at the path itself.
  if (basename(path).startsWith(".") || stemOf(path, "file") !== null) return true;
  if (!stats) return false;
  return !stats.isDirectory() || isPartOfImage(path);
}
