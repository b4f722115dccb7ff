import { existsSync, realpathSync, statSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { type Absent, fileIdentity, folderTime, type Identity, sourceChanged } from "../identity.ts";
import type { Folder, Store, WholeBlob } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { type ChunkFiles, chunkFiles } from "./chunk-files.ts";
import { type LocalFile, openFile } from "./file.ts";
import { isPlainPath } from "./paths.ts";

/** Ticks of file systems: within one a folder may get another file and keep its time. */
const TICK_MS = 20;

/**
 * A folder of this machine. What lies outside `root` (null: outside the folder), also by symbolic links, is not found, and neither is what is no
 * regular file. NOT_FOUND where there is no such folder.
 */
export function localFolder(path: string, root: string | null): Folder {
  try {
    return new LocalFolder(realpathSync.native(path), realpathSync.native(root ?? path));
  } catch (error) {
    throw new BandloomError("NOT_FOUND", "There is no such folder.", { cause: error });
  }
}

class LocalFolder implements Folder {
  readonly remote = false;
  readonly #path: string;
  /** With a separator at its end. */
  readonly #root: string;
  /** What is younger was written after its chunks were looked at, milliseconds; null: nobody has looked. */
  #seenMs: number | null = null;

  constructor(path: string, root: string) {
    this.#path = path;
    this.#root = root.endsWith(sep) ? root : root + sep;
  }

  get(path: string, limit: number): WholeBlob | null {
    const file = this.#openFile(path);
    if (!file) return null;
    const { stamp, size } = file;
    try {
      if (size > limit) throw unreadable(`a file of it has ${size} bytes, where ${limit} are the most`);
      const bytes = this.#readSeen(file, 0, size);
      const ends = (offset: number, length: number) => bytes.subarray(offset, offset + length);
      // Hashed where it is asked for: chunks are many, and nobody asks for theirs.
      let identity: Identity | null = null;
      return {
        bytes,
        get identity() {
          identity ??= fileIdentity(stamp, ends);
          return identity;
        },
      };
    } finally {
      void file.close();
    }
  }

  open(path: string): Store | null {
    const file = this.#openFile(path);
    if (!file || this.#seenMs === null) return file;
    const read = (offset: number, length: number) => this.#readSeen(file, offset, length);
    return {
      size: file.size,
      get identity() {
        return file.identity;
      },
      read,
      close: () => file.close(),
    };
  }

  async chunks(paths: readonly string[]): Promise<ChunkFiles | null> {
    const roots = paths.map((path) => this.#inside(path, "folder")).filter((path) => path !== null);
    const found = await chunkFiles(roots);
    this.#seenMs = found?.newestMs ?? null;
    return found;
  }

  has(path: string): boolean {
    return this.#inside(path, "file") !== null;
  }

  absent(paths: readonly string[]): Absent {
    const time = folderTime(this.#path);
    const age = time === null ? 0 : Date.now() - time;
    if (paths.some((path) => this.has(path))) throw sourceChanged();
    // A name that is taken by something that may not be read stays taken.
    const names = paths.filter((path) => isPlainPath(path) && !existsSync(join(this.#path, path)));
    const isSettled = age < 0 || age > TICK_MS;
    return { absent: [{ folder: this.#path, mtimeMs: isSettled ? time : null, names }] };
  }

  async list(path: string, limit: number): Promise<readonly string[]> {
    const names: string[] = [];
    const folder = path === "" ? this.#path : this.#inside(path, "folder");
    const entries = folder === null ? null : await opendir(folder).catch(() => null);
    if (!entries) return names;
    for await (const { name } of entries) {
      if (names.length === limit) break;
      names.push(name);
    }
    return names;
  }

  close(): void {}

  /** Bytes of a file that is none other than when its folder was looked at: it may be written while it is read. */
  #readSeen(file: LocalFile, offset: number, length: number): Uint8Array {
    try {
      return file.read(offset, length);
    } finally {
      this.#assertSeen(() => file.modifiedMs());
    }
  }

  #assertSeen(modifiedMs: () => number): void {
    if (this.#seenMs !== null && modifiedMs() > this.#seenMs) throw sourceChanged();
  }

  #openFile(path: string): LocalFile | null {
    const file = this.#inside(path, "file");
    if (file === null) {
      this.#assertSeen(() => this.#folderMs(path));
      return null;
    }
    try {
      return openFile(file);
    } catch (error) {
      if (error instanceof BandloomError && error.code === "NOT_FOUND") return null;
      throw error;
    }
  }

  /** When a file last came to the folder of a path, or left it; 0: there is none. */
  #folderMs(path: string): number {
    const folder = isPlainPath(path) ? join(this.#path, dirname(path)) : null;
    const stats = folder === null ? undefined : statSync(folder, { throwIfNoEntry: false });
    return Math.floor(stats?.mtimeMs ?? 0);
  }

  /** Where a path really leads, if that is such a thing below the root. */
  #inside(path: string, kind: "file" | "folder"): string | null {
    if (!isPlainPath(path)) return null;
    const named = join(this.#path, path);
    try {
      // What is not there is asked for often, and an exception costs more than a look.
      const stats = statSync(named, { throwIfNoEntry: false });
      if (!(kind === "file" ? stats?.isFile() : stats?.isDirectory())) return null;
      const real = realpathSync.native(named);
      return real.startsWith(this.#root) ? real : null;
    } catch {
      return null;
    }
  }
}
