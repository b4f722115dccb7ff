import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** What is being written lies beside its place under a hidden name that tells who writes it. */
const SUFFIX = ".partial";

/** Other machines may share the folder: of theirs we cannot tell whether they are still written. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** A name for what will be `path`, another one each time. */
export function partialPath(path: string): string {
  const writer = `${HOST}-${process.pid}-${randomBytes(4).toString("hex")}`;
  return join(dirname(path), `.${basename(path)}.${writer}${SUFFIX}`);
}

/** Removes what processes that have ended left of `path`; gives how many there were. */
export async function removeStalePartials(path: string): Promise<number> {
  const prefix = `.${basename(path)}.${HOST}-`;
  const names = await readdir(dirname(path)).catch(() => []);
  const stale = names.filter((name) => {
    if (!name.startsWith(prefix) || !name.endsWith(SUFFIX)) return false;
    const writer = /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(prefix.length, -SUFFIX.length));
    return writer !== null && !isRunning(Number(writer[1]));
  });
  for (const name of stale) await rm(join(dirname(path), name), { recursive: true, force: true });
  return stale.length;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A file that grows under a hidden name and gets its own when it is whole: nobody ever sees half of it. */
export class PartialFile {
  readonly path: string;
  readonly partial: string;
  readonly #file: FileHandle;
  #end: number;
  #open = true;

  private constructor(path: string, partial: string, file: FileHandle, start: number) {
    this.path = path;
    this.partial = partial;
    this.#file = file;
    this.#end = start;
  }

  /** Bytes before `start` are kept free. Rejects with the file system's error where the folder cannot be written. */
  static async create(path: string, start: number): Promise<PartialFile> {
    const partial = partialPath(path);
    return new PartialFile(path, partial, await open(partial, "wx+"), start);
  }

  get end(): number {
    return this.#end;
  }

  /** Gives the offset that the bytes have. Calls must not overlap. */
  async append(bytes: Uint8Array): Promise<number> {
    const offset = this.#end;
    await this.write(bytes, offset);
    this.#end = offset + bytes.length;
    return offset;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, offset + written);
      written += bytesWritten;
    }
  }

  async read(target: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await this.#file.read(target, done, target.length - done, offset + done);
      if (bytesRead === 0) throw new Error("A partial file ended early.");
      done += bytesRead;
    }
  }

  /** Nothing is written any more; it is on the disk. */
  async seal(): Promise<void> {
    if (!this.#open) return;
    await this.#file.sync();
    await this.#close();
  }

  /** Seals it and gives it its name, replacing what had it. */
  async publish(): Promise<void> {
    await this.seal();
    await rename(this.partial, this.path);
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#close().catch(() => {});
    await rm(this.partial, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#file.close();
  }
}
