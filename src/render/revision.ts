import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { BandloomError } from "../core/errors.ts";

/** Bytes at either end of a file that count for its identity: headers and directories stand there. */
const END_BYTES = 65536;

/** What a stat tells of a file: cheap to compare, and different after nearly every change. */
export interface FileStamp {
  readonly size: number;
  /** Whole milliseconds: copies made by other tools keep no more. */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** SOURCE_FAILED when there is no such file any more. */
export function fileStamp(path: string): FileStamp {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw sourceChanged();
  return { size: stats.size, mtimeMs: Math.floor(stats.mtimeMs), inode: stats.ino };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/** Identity of a file's bytes (semantics.md 13), 32 hex digits: over size, modification time, and the first and last 64 KiB. */
export function fileRevision(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size, mtimeMs } = fstatSync(file);
    const hash = createHash("sha256").update(`${size}/${Math.floor(mtimeMs)}/`);
    const buffer = new Uint8Array(Math.min(END_BYTES, size));
    for (const position of [0, size - buffer.length]) {
      const length = readSync(file, buffer, 0, buffer.length, position);
      hash.update(buffer.subarray(0, length));
    }
    return hash.digest("hex").slice(0, 32);
  } finally {
    closeSync(file);
  }
}

const CHANGED = "SOURCE_CHANGED";

/** The file is not, or no more, the one that the work was meant for. Whoever opened it opens it again and repeats the work. */
export function sourceChanged(): BandloomError {
  return new BandloomError("SOURCE_FAILED", "The image file changed while it was being read. Try again.", {
    details: { reason: CHANGED },
  });
}

/** Tells `sourceChanged` from other failures, also after it has crossed a thread. */
export function isSourceChanged(error: unknown): boolean {
  return error instanceof BandloomError && error.details?.reason === CHANGED;
}
