import { constants, realpathSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { type FileStamp, fileIdentity, isSidecarOf, openFile, stampOf } from "../source/index.ts";
import { isPartOfImage, kindWithin } from "./catalogue/folders.ts";
import { isKey, stemOf } from "./catalogue/kinds.ts";
import type { ImageFiles } from "./catalogue/types.ts";
import type { Original, OriginalEntry, Originals } from "./types/original.ts";

/** Revisions that are kept, by file and stamp: finding one reads both ends of the file. */
const MAX_REVISIONS = 10_000;
/** Of one read: what a stream of a large file holds. */
const PART_BYTES = 2 ** 20;
/** The only hidden names that are parts of images. */
const ZARR_DOCUMENT = /^\.z(?:array|attrs|group|metadata)$/;
const NONBLOCKING_READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** The files of a data folder that belong to images, as they are. */
export class FolderOriginals implements Originals {
  readonly #root: string;
  readonly #files: ImageFiles;
  readonly #scan: () => Promise<ReadonlyMap<string, string>>;
  readonly #revisions = new LRUCache<string, string>({ max: MAX_REVISIONS });

  /** `scan` gives the paths of all images in `root` by their keys. */
  constructor(root: string, files: ImageFiles, scan: () => Promise<ReadonlyMap<string, string>>) {
    this.#root = realpathSync(root);
    this.#files = files;
    this.#scan = scan;
  }

  async list(): Promise<readonly OriginalEntry[]> {
    const images = await this.#scan();
    return [...images].flatMap(([key, path]) => {
      const kind = kindWithin(this.#root, join(this.#root, path));
      return kind === null ? [] : [{ key, path, folder: kind === "folder" }];
    });
  }

  async owners(name: string): Promise<readonly string[]> {
    const images = await this.#scan();
    return [...images].flatMap(([key, path]) =>
      key === name || path === name || name.startsWith(`${path}/`) || isSidecarOf(name, path) ? [key] : [],
    );
  }

  async open(name: string): Promise<Original> {
    const path = this.#ofPath(name) ?? (await this.#ofKey(name)) ?? (await this.#ofSidecar(name));
    if (path === null) throw notFound();
    const handle = await open(path, NONBLOCKING_READ).catch(() => null);
    if (handle === null) throw notFound();
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw notFound();
      const stamp = stampOf(path, stats);
      return new OpenOriginal(handle, stamp, this.#revision(stamp));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A file below the data folder, if it is an image by its name or lies in a folder that is one. */
  #ofPath(name: string): string | null {
    const path = join(this.#root, name);
    const parts = name.split("/");
    if (!isKey(parts.filter((part) => !ZARR_DOCUMENT.test(part)).join("/"))) return null;
    if (kindWithin(this.#root, path) !== "file") return null;
    const folders = parts.slice(0, -1).map((_, index) => join(this.#root, ...parts.slice(0, index + 1)));
    return stemOf(name, "file") !== null || folders.some(isPartOfImage) ? path : null;
  }

  /** What lies beside an image and belongs to it: its mask, its overviews … */
  async #ofSidecar(name: string): Promise<string | null> {
    const path = join(this.#root, name);
    if (!isKey(name) || kindWithin(this.#root, path) !== "file") return null;
    return (await this.owners(name)).length > 0 ? path : null;
  }

  async #ofKey(key: string): Promise<string | null> {
    const entry = await this.#files.find(key);
    if (entry === null || entry.problem !== null || entry.location.kind !== "path") return null;
    const { path } = entry.location;
    return kindWithin(this.#root, path) === "file" ? path : null;
  }

  #revision(stamp: FileStamp): string {
    const name = JSON.stringify(stamp);
    const known = this.#revisions.get(name);
    if (known !== undefined) return known;
    const file = openFile(stamp.path);
    try {
      if (JSON.stringify(file.stamp) !== name) throw changed();
      const { revision } = fileIdentity(stamp, (offset, length) => file.read(offset, length));
      this.#revisions.set(name, revision);
      return revision;
    } finally {
      void file.close();
    }
  }
}

class OpenOriginal implements Original {
  readonly #handle: FileHandle;
  readonly #stamp: FileStamp;
  readonly revision: string;

  constructor(handle: FileHandle, stamp: FileStamp, revision: string) {
    this.#handle = handle;
    this.#stamp = stamp;
    this.revision = revision;
  }

  get size(): number {
    return this.#stamp.size;
  }

  async *read(offset: number, length: number): AsyncGenerator<Uint8Array> {
    let done = 0;
    while (done < length) {
      const part = Buffer.allocUnsafeSlow(Math.min(PART_BYTES, length - done));
      const { bytesRead } = await this.#handle.read(part, 0, part.length, offset + done);
      done += bytesRead;
      // Before the last bytes go out: whoever has fewer than were promised knows that they are of two versions.
      if (bytesRead === 0 || done === length) await this.#assertUnchanged();
      if (bytesRead === 0) throw changed();
      yield part.subarray(0, bytesRead);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #assertUnchanged(): Promise<void> {
    const { size, mtimeMs } = stampOf(this.#stamp.path, await this.#handle.stat());
    if (size !== this.#stamp.size || mtimeMs !== this.#stamp.mtimeMs) throw changed();
  }
}

function changed(): BandloomError {
  return new BandloomError("SOURCE_FAILED", "The file changed while it was being read. Try again.");
}

function notFound(): BandloomError {
  return new BandloomError("NOT_FOUND", "There is no such file of an image.");
}
