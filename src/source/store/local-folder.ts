import { lstatSync, realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import type { Folder, Store, WholeBlob } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { openFile } from "./file.ts";
import { isPlainPath } from "./paths.ts";

/** A folder of this machine. What lies outside `root` (null: outside the folder), also by symbolic links, is not found. */
export function localFolder(path: string, root: string | null): Folder {
  return new LocalFolder(realpathSync(path), realpathSync(root ?? path));
}

class LocalFolder implements Folder {
  readonly remote = false;
  readonly #path: string;
  readonly #root: string;

  constructor(path: string, root: string) {
    this.#path = path;
    this.#root = root;
  }

  get(path: string, limit: number): WholeBlob | null {
    const store = this.open(path);
    if (!store) return null;
    try {
      if (store.size > limit) throw unreadable(`a file of it has ${store.size} bytes, where ${limit} are the most`);
      const bytes = store.read(0, store.size) as Uint8Array;
      return { bytes, identity: store.identity };
    } finally {
      void store.close();
    }
  }

  open(path: string): Store | null {
    const file = this.#inside(path);
    if (file === null) return null;
    try {
      return openFile(file);
    } catch (error) {
      if (error instanceof BandloomError && error.code === "NOT_FOUND") return null;
      throw error;
    }
  }

  async list(path: string, limit: number): Promise<readonly string[] | null> {
    const folder = path === "" ? this.#path : this.#inside(path);
    if (folder === null) return [];
    const names = await readdir(folder).catch((): string[] => []);
    return names.slice(0, limit);
  }

  close(): void {}

  /** Where a path leads, if that is a place below the root. */
  #inside(path: string): string | null {
    if (!isPlainPath(path)) return null;
    const file = join(this.#path, path);
    try {
      // A file that is no link, in a folder that is none, is where it seems to be; others are followed.
      if (!lstatSync(file, { throwIfNoEntry: false })) return null;
      const real = realpathSync.native(file);
      const root = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
      return real.startsWith(root) ? real : null;
    } catch {
      return null;
    }
  }
}
