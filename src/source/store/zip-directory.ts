import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";

/** Entries of an archive: an image of 100,000² pixels and 15 channels in chunks of 512² has some 800,000. */
const MAX_ENTRIES = 1_000_000;
/** The directory is kept as it is, and found in by a table of 16 to 32 bytes an entry: no object is made for any. */
const MAX_DIRECTORY_BYTES = 2 ** 27;
/** Entries of the table that are passed over while it is made, for each entry; a good hash passes over one or two. */
const MAX_PASSED = 16;

const END = { signature: 0x06054b50, bytes: 22, commentBytes: 0xffff } as const;
const LOCATOR = { signature: 0x07064b50, bytes: 20 } as const;
const END64 = { signature: 0x06064b50, bytes: 56 } as const;
const ENTRY = { signature: 0x02014b50, bytes: 46 } as const;
/** Extra field of what needs 64 bits, and what stands in the place of it. */
const ZIP64_FIELD = 1;
const IN_ZIP64 = 0xffffffff;
const SLASH = 0x2f;

/** A file of an archive, as its directory tells. */
export interface ZipEntry {
  /** Where its local header begins. */
  readonly offset: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly method: number;
  readonly encrypted: boolean;
}

/**
 * Read the directory of an archive (APPNOTE 6.3, Zip64 included), its size and its entries bounded by the record at its end before it is
 * read. Rejects with SOURCE_UNREADABLE for what is no archive, or a damaged one.
 */
export async function readZipDirectory(store: Store): Promise<ZipDirectory> {
  const { count, size, offset } = await readEnd(store);
  if (count > MAX_ENTRIES) throw tooMany(count);
  if (size > MAX_DIRECTORY_BYTES)
    throw unreadable(`the directory of its zip archive has ${size} bytes, where ${MAX_DIRECTORY_BYTES} are the most`);
  if (!(offset + size <= store.size)) throw damaged();
  return new ZipDirectory(await store.read(offset, size), count);
}

/** Files by their names. Where all of them lie in one top folder, names are without it. */
export class ZipDirectory {
  readonly #bytes: Buffer;
  /** Length of the top folder that all names begin with. */
  readonly #prefix: number;
  /** Open addressing, two numbers a slot: where an entry begins, plus one (0: free), and the hash of its name. Half of it is free at least. */
  readonly #table: Int32Array;

  /** `count` is what the archive claims: one that does not agree with the directory is damage. */
  constructor(bytes: Uint8Array, count: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const files = this.#files(count);
    this.#prefix = this.#commonFolder(files);
    this.#table = new Int32Array(2 * 2 ** Math.ceil(Math.log2(2 * files.length + 1)));
    this.#fill(files);
  }

  find(path: string): ZipEntry | null {
    const name = Buffer.from(path);
    const at = this.#table[this.#slotOf(name, 0, name.length, nameHash(name, 0, name.length))] ?? 0;
    return at === 0 ? null : this.#entry(at - 1);
  }

  /** Where entries begin that are no folders. All of them lie one after the other, to the end of the directory. */
  #files(claimed: number): Uint32Array {
    const bytes = this.#bytes;
    const places = new Uint32Array(Math.min(MAX_ENTRIES, Math.floor(bytes.length / ENTRY.bytes)));
    let [count, files] = [0, 0];
    for (let at = 0; at < bytes.length; at = this.#end(at)) {
      if (at + ENTRY.bytes > bytes.length || uint32(bytes, at) !== ENTRY.signature) throw damaged();
      if (++count > MAX_ENTRIES) throw tooMany(count);
      if (this.#end(at) > bytes.length) throw damaged();
      if (bytes[this.#nameEnd(at) - 1] !== SLASH) places[files++] = at;
    }
    // Writers without Zip64 count modulo 2¹⁶.
    if (count % 2 ** 16 !== claimed % 2 ** 16) throw damaged();
    return places.subarray(0, files);
  }

  #fill(files: Uint32Array): void {
    let most = MAX_PASSED * files.length + MAX_PASSED;
    const pass = () => most-- > 0;
    for (const at of files) {
      const start = this.#nameStart(at);
      const end = this.#nameEnd(at);
      const hash = nameHash(this.#bytes, start, end);
      const slot = this.#slotOf(this.#bytes, start, end, hash, pass);
      // Of two with one name the last is meant: archives are added to at their end.
      this.#table[slot] = at + 1;
      this.#table[slot + 1] = hash;
    }
  }

  /** The slot of a name, or the free one where it belongs. `pass` says whether one more that is taken may be passed over. */
  #slotOf(name: Buffer, start: number, end: number, hash: number, pass: () => boolean = () => true): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const at = table[slot] as number;
      if (at === 0) return slot;
      if (table[slot + 1] === hash) {
        const [from, to] = [this.#nameStart(at - 1), this.#nameEnd(at - 1)];
        if (this.#bytes.compare(name, start, end, from, to) === 0) return slot;
      }
      // Names that are chosen to have one hash would take a million steps each.
      if (!pass()) throw unreadable("the names in its zip archive cannot be told apart in bounded time");
    }
  }

  #commonFolder(files: Uint32Array): number {
    const [first] = files;
    if (first === undefined) return 0;
    const bytes = this.#bytes;
    const start = first + ENTRY.bytes;
    const slash = bytes.subarray(start, this.#nameEnd(first)).indexOf(SLASH) + 1;
    for (const at of files) {
      const name = at + ENTRY.bytes;
      if (this.#nameEnd(at) - name < slash) return 0;
      for (let index = 0; index < slash; index++) if (bytes[name + index] !== bytes[start + index]) return 0;
    }
    return slash;
  }

  #entry(at: number): ZipEntry {
    const bytes = this.#bytes;
    const long = this.#longFields(at);
    const field = (position: number) => {
      const value = bytes.readUInt32LE(at + position);
      return value === IN_ZIP64 ? long() : value;
    };
    // In the order in which they stand in the extra field.
    const size = field(24);
    const compressedSize = field(20);
    const offset = field(42);
    const method = bytes.readUInt16LE(at + 10);
    return { offset, size, compressedSize, method, encrypted: (bytes.readUInt16LE(at + 8) & 1) !== 0 };
  }

  /** Values of 64 bits, one after the other. */
  #longFields(at: number): () => number {
    const bytes = this.#bytes;
    const end = this.#nameEnd(at) + bytes.readUInt16LE(at + 30);
    let [next, stop] = [end, end];
    for (let field = this.#nameEnd(at); field + 4 <= end; field += 4 + bytes.readUInt16LE(field + 2)) {
      if (bytes.readUInt16LE(field) !== ZIP64_FIELD) continue;
      next = field + 4;
      stop = Math.min(end, next + bytes.readUInt16LE(field + 2));
      break;
    }
    return () => {
      if (next + 8 > stop) throw damaged();
      next += 8;
      return Number(bytes.readBigUInt64LE(next - 8));
    };
  }

  #nameStart(at: number): number {
    return at + ENTRY.bytes + this.#prefix;
  }

  #nameEnd(at: number): number {
    return at + ENTRY.bytes + uint16(this.#bytes, at + 28);
  }

  #end(at: number): number {
    return this.#nameEnd(at) + uint16(this.#bytes, at + 30) + uint16(this.#bytes, at + 32);
  }
}

interface DirectoryPlace {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

/** The record at the end of an archive, and the longer one of Zip64 where that says more. */
async function readEnd(store: Store): Promise<DirectoryPlace> {
  const length = Math.min(store.size, LOCATOR.bytes + END.bytes + END.commentBytes);
  const tail = Buffer.from(await store.read(store.size - length, length));
  const at = endOf(tail);
  const place = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isWhole = place.count !== 0xffff && place.size !== IN_ZIP64 && place.offset !== IN_ZIP64;
  const locator = at - LOCATOR.bytes;
  if (isWhole || locator < 0 || tail.readUInt32LE(locator) !== LOCATOR.signature) return place;
  const start = Number(tail.readBigUInt64LE(locator + 8));
  if (!(start + END64.bytes <= store.size)) throw damaged();
  const end = Buffer.from(await store.read(start, END64.bytes));
  if (end.readUInt32LE(0) !== END64.signature) throw damaged();
  const [count = 0, size = 0, offset = 0] = [32, 40, 48].map((field) => Number(end.readBigUInt64LE(field)));
  return { count, size, offset };
}

/** The last place where an end record and its comment reach to the end of the archive. */
function endOf(tail: Buffer): number {
  for (let at = tail.length - END.bytes; at >= 0; at--)
    if (tail.readUInt32LE(at) === END.signature && at + END.bytes + tail.readUInt16LE(at + 20) === tail.length)
      return at;
  throw damaged();
}

/** FNV-1a, 32 bits, two bytes at a time, with the final mixing of MurmurHash3: low bits of the former alone are alike for names in order. */
export function nameHash(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let at = start;
  for (; at + 1 < end; at += 2) hash = Math.imul(hash ^ uint16(bytes, at), 0x01000193);
  if (at < end) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Without the checks of Buffer's own, which cost as much as all else: bounds are known where these are called. */
function uint16(bytes: Buffer, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function uint32(bytes: Buffer, at: number): number {
  return (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0;
}

function damaged() {
  return unreadable("its zip archive is damaged");
}

function tooMany(count: number) {
  return unreadable(
    `its zip archive has ${count} entries or more, where ${MAX_ENTRIES} are the most; write it with shards, or unpack it`,
  );
}
