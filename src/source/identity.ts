import { createHash } from "node:crypto";
import { fstatSync, readSync, statSync } from "node:fs";
import { BandloomError } from "../core/errors.ts";
import type { Remote, RemoteStamp } from "./remote/types.ts";

/** Bytes at either end of a file that count for its revision: headers and directories stand there. */
const END_BYTES = 65536;

/** What a stat tells of a file: cheap to compare, and different after nearly every change. */
export interface FileStamp {
  readonly path: string;
  readonly size: number;
  /** Whole milliseconds: copies made by other tools keep no more. */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** Which bytes an image was opened from, and what tells that they are still there. Plain data. */
export interface Identity {
  /** 32 hex digits (semantics.md 13); equal for equal bytes on every machine, also where their paths differ. */
  readonly revision: string;
  /** Local files whose stamps must stay as they are. */
  readonly files: readonly FileStamp[];
  /** Remote blobs whose length and validator must. */
  readonly remote: readonly RemoteStamp[];
}

/** The stamp of a file now; SOURCE_CHANGED when there is none any more. */
export function fileStamp(path: string): FileStamp {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw sourceChanged();
  return { path, size: stats.size, mtimeMs: Math.floor(stats.mtimeMs), inode: stats.ino };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/** Identity of a local file that is open: its revision covers size, modification time, and the first and last 64 KiB. */
export function fileIdentity(path: string, descriptor: number): Identity {
  const { size, ino: inode, mtimeMs: exact } = fstatSync(descriptor);
  const mtimeMs = Math.floor(exact);
  const hash = createHash("sha256").update(`${size}/${mtimeMs}/`);
  const buffer = new Uint8Array(Math.min(END_BYTES, size));
  for (const position of [0, size - buffer.length]) {
    const length = readSync(descriptor, buffer, 0, buffer.length, position);
    hash.update(buffer.subarray(0, length));
  }
  return { revision: hash.digest("hex").slice(0, 32), files: [{ path, size, mtimeMs, inode }], remote: [] };
}

/** Identity of a remote blob: its length and its validator. */
export function remoteIdentity(stamp: RemoteStamp): Identity {
  return { revision: hashOf(`remote/${stamp.size}/${stamp.validator ?? ""}`), files: [], remote: [stamp] };
}

/** Identity of bytes that are in memory already: a document that was read whole, a checked manifest. */
export function textIdentity(text: string | Uint8Array): Identity {
  return { revision: hashOf(text), files: [], remote: [] };
}

/** Of an image that several blobs make, in this order. */
export function joinIdentities(parts: readonly Identity[]): Identity {
  return {
    revision: hashOf(parts.map(({ revision }) => revision).join("/")),
    files: parts.flatMap(({ files }) => files),
    remote: parts.flatMap(({ remote }) => remote),
  };
}

/** All local files are as they were. */
export function filesUnchanged({ files }: Identity): boolean {
  return files.every((stamp) => {
    const stats = statSync(stamp.path, { throwIfNoEntry: false });
    return stats !== undefined && sameStamp(stamp, fileStamp(stamp.path));
  });
}

/** All remote blobs are as they were: one request each. Rejects with what the other side says where it does not answer. */
export async function remoteUnchanged({ remote }: Identity, reader: Remote, signal?: AbortSignal): Promise<boolean> {
  const found = await Promise.all(remote.map(({ url }) => reader.stat(url, signal)));
  return found.every((stamp, index) => {
    const known = remote[index];
    return stamp?.size === known?.size && stamp?.validator === known?.validator;
  });
}

function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

const CHANGED = "SOURCE_CHANGED";

/** The bytes are not, or no more, the ones that the work was meant for. Whoever opened the image opens it again and repeats the work. */
export function sourceChanged(): BandloomError {
  return new BandloomError("SOURCE_FAILED", "The image file changed while it was being read. Try again.", {
    details: { reason: CHANGED },
  });
}

/** Tells `sourceChanged` from other failures, also after it has crossed a thread. */
export function isSourceChanged(error: unknown): boolean {
  return error instanceof BandloomError && error.details?.reason === CHANGED;
}
