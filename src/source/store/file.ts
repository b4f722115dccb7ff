import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { BandloomError } from "../../core/errors.ts";
import { type FileStamp, fileIdentity, type Identity, stampOf } from "../identity.ts";
import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";

const NONBLOCKING_READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A local file. Reads are synchronous: from the page cache they take microseconds, a promise takes longer. Throws NOT_FOUND
 * where there is no such file, SOURCE_UNREADABLE where it is no regular file or may not be read.
 */
export function openFile(path: string): LocalFile {
  const descriptor = openDescriptor(path);
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) {
    closeSync(descriptor);
    throw unreadable("it is no regular file");
  }
  return new FileStore(stampOf(path, stats), descriptor);
}

function openDescriptor(path: string): number {
  try {
    // A FIFO would block until someone writes into it.
    return openSync(path, NONBLOCKING_READ);
  } catch (error) {
    throw fileError(error);
  }
}

/** A file that is open, and what its stat told when it was opened. */
export interface LocalFile extends Store {
  readonly stamp: FileStamp;
  read(offset: number, length: number): Uint8Array;
  /** When it was written last, as of now, whole milliseconds. */
  modifiedMs(): number;
}

class FileStore implements LocalFile {
  readonly stamp: FileStamp;
  #descriptor: number | null;
  #identity: Identity | null = null;

  constructor(stamp: FileStamp, descriptor: number) {
    this.stamp = stamp;
    this.#descriptor = descriptor;
  }

  get size(): number {
    return this.stamp.size;
  }

  get identity(): Identity {
    this.#identity ??= fileIdentity(this.stamp, (offset, length) => this.read(offset, length));
    return this.#identity;
  }

  read(offset: number, length: number): Uint8Array {
    this.#assertInside(offset, length);
    // Not filled with zeros: every byte is read or an error is thrown.
    const bytes = Buffer.allocUnsafeSlow(length);
    this.readInto(bytes, offset);
    return bytes;
  }

  readInto(target: Uint8Array, offset: number): void {
    if (this.#descriptor === null) throw new Error("The file is closed.");
    this.#assertInside(offset, target.length);
    let done = 0;
    while (done < target.length) {
      const count = readBytes(this.#descriptor, target, done, offset + done);
      if (count === 0) throw pastTheEnd();
      done += count;
    }
  }

  modifiedMs(): number {
    if (this.#descriptor === null) throw new Error("The file is closed.");
    return Math.floor(fstatSync(this.#descriptor).mtimeMs);
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #assertInside(offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) throw pastTheEnd();
  }
}

function readBytes(descriptor: number, bytes: Uint8Array, at: number, position: number): number {
  try {
    return readSync(descriptor, bytes, at, bytes.length - at, position);
  } catch (error) {
    throw fileError(error);
  }
}

const pastTheEnd = () => unreadable("it ends before the bytes that it points to");

/** What the file system says, without the path that stands in its message. */
function fileError(error: unknown): BandloomError {
  const code = (error as NodeJS.ErrnoException).code ?? "an unknown error";
  if (code === "ENOENT" || code === "ENOTDIR")
    return new BandloomError("NOT_FOUND", "There is no such file.", { cause: error });
  if (code === "EACCES" || code === "EPERM" || code === "EISDIR")
    return unreadable(`it may not be read (${code})`, error);
  return new BandloomError("SOURCE_FAILED", `The image file cannot be read now (${code}).`, { cause: error });
}
