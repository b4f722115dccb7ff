import { createHash } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { BandloomError } from "../core/errors.ts";
import type { Remote, RemoteStamp } from "./remote/types.ts";
import type { ChunkFiles } from "./store/chunk-files.ts";

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

/** Names that were not in a folder when an image was opened. Plain data. */
export interface Absence {
  readonly folder: string;
  /** When a file last came to the folder or left it, whole milliseconds: until then nobody looks at the names. Null: they are looked at each time. */
  readonly mtimeMs: number | null;
  readonly names: readonly string[];
}

/** Which bytes an image was opened from, and what tells that they are still there. Plain data. */
export interface Identity {
  /** 32 hex digits; equal for equal bytes on every machine, also where their paths differ. */
  readonly revision: string;
  /** Local files whose stamps must stay as they are. */
  readonly files: readonly FileStamp[];
  /** Remote blobs whose length and validator must. */
  readonly remote: readonly RemoteStamp[];
  /** Chunks that are local files of their own, of each folder that holds some; left out: there are none. */
  readonly chunks?: readonly ChunkFiles[];
  /** It has chunks that may change one by one, and at which nobody looks: behind a network, or too many. Left out: it has none. */
  readonly unseen?: true;
  /** Local files that were looked for beside it and were not there: with one of them it is another image. Left out: none were looked for. */
  readonly absent?: readonly Absence[];
  /** The same by their addresses. */
  readonly absentRemote?: readonly string[];
}

/** The stamp of a file now; SOURCE_CHANGED when there is none any more. */
export function fileStamp(path: string): FileStamp {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw sourceChanged();
  return stampOf(path, stats);
}

export function stampOf(path: string, { size, mtimeMs, ino }: Stats): FileStamp {
  return { path, size, mtimeMs: Math.floor(mtimeMs), inode: ino };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.inode === b.inode;
}

/**
 * Identity of a local file: its revision covers size, modification time, and the first and last 64 KiB. `stamp` and `read` are of one open
 * file, whatever has taken its path since.
 */
export function fileIdentity(stamp: FileStamp, read: (offset: number, length: number) => Uint8Array): Identity {
  const { size, mtimeMs } = stamp;
  const hash = createHash("sha256").update(`${size}/${mtimeMs}/`);
  const length = Math.min(END_BYTES, size);
  for (const offset of [0, size - length]) hash.update(read(offset, length));
  return { revision: hash.digest("hex").slice(0, 32), files: [stamp], remote: [] };
}

/** Strong ETags by which a server of ours tells the revision of a file: who reads it over HTTP and who reads it from the disk agree. */
const TOLD = /^"bandloom\.([0-9a-f]{32})"$/;

export function revisionTag(revision: string): string {
  return `"bandloom.${revision}"`;
}

/** Identity of a remote blob: its length and its validator, or the revision that a server of ours tells. */
export function remoteIdentity(stamp: RemoteStamp): Identity {
  const told = TOLD.exec(stamp.validator ?? "")?.[1];
  const revision = told ?? hashOf(`remote/${stamp.size}/${stamp.validator ?? ""}`);
  return { revision, files: [], remote: [stamp] };
}

/** Identity of bytes that are in memory already: a document that was read whole, a checked manifest. */
export function textIdentity(text: string | Uint8Array): Identity {
  return { revision: hashOf(text), files: [], remote: [] };
}

/** Of an image that several blobs make, in this order. */
export function joinIdentities(parts: readonly Identity[]): Identity {
  const chunks = parts.flatMap((part) => part.chunks ?? []);
  return {
    ...(chunks.length > 0 ? { chunks } : {}),
    ...(parts.some(({ unseen }) => unseen) ? { unseen: true } : {}),
    ...joinAbsent(parts),
    revision: hashOf(parts.map(({ revision }) => revision).join("/")),
    files: parts.flatMap(({ files }) => files),
    remote: parts.flatMap(({ remote }) => remote),
  };
}

export type Absent = Pick<Identity, "absent" | "absentRemote">;

/** The same bytes, of which it also counts that files beside them are not there. The revision stays: what is not there has no bytes. */
export function withAbsent(identity: Identity, others: readonly Absent[]): Identity {
  return { ...identity, ...joinAbsent([identity, ...others]) };
}

function joinAbsent(parts: readonly Absent[]): Absent {
  const absent = parts.flatMap((part) => part.absent ?? []);
  const absentRemote = parts.flatMap((part) => part.absentRemote ?? []);
  return { ...(absent.length > 0 ? { absent } : {}), ...(absentRemote.length > 0 ? { absentRemote } : {}) };
}

/** Of chunks that lie beside the documents of an image; null: nobody looks at them. */
export function chunksIdentity(chunks: ChunkFiles | null): Identity {
  const nothing = { files: [], remote: [] };
  if (chunks === null) return { revision: "", ...nothing, unseen: true };
  return { revision: chunks.digest, ...nothing, chunks: [chunks] };
}

/** All local files are as they were, and none has come that was not there; chunks that are files of their own are another question (see ChunkWatch). */
export function filesUnchanged({ files, absent = [] }: Identity): boolean {
  const unchanged = files.every((stamp) => {
    const stats = statSync(stamp.path, { throwIfNoEntry: false });
    return stats !== undefined && sameStamp(stamp, stampOf(stamp.path, stats));
  });
  return unchanged && absent.every(stillAbsent);
}

/** One look at the folder as a rule; one for each name where any file has come to it or left it. */
function stillAbsent({ folder, mtimeMs, names }: Absence): boolean {
  if (mtimeMs !== null && folderTime(folder) === mtimeMs) return true;
  return names.every((name) => statSync(join(folder, name), { throwIfNoEntry: false }) === undefined);
}

/** When a file last came to a folder or left it, whole milliseconds; null: there is no such folder. */
export function folderTime(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? Math.floor(stats.mtimeMs) : null;
}

/**
 * All remote blobs are as they were, and none has come that was not there: one request each, at once. Rejects with what the other side says
 * where it does not answer; of blobs that were not there no answer is none.
 */
export async function remoteUnchanged(
  { remote, absentRemote = [] }: Identity,
  reader: Remote,
  signal?: AbortSignal,
): Promise<boolean> {
  const [found, come] = await Promise.all([
    Promise.all(remote.map(({ url }) => reader.stat(url, signal))),
    Promise.all(absentRemote.map((url) => reader.stat(url, signal).catch(() => null))),
  ]);
  if (come.some((stamp) => stamp !== null)) return false;
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
