import { unreadable } from "../unreadable.ts";
import { readUint64, type TiffFile } from "./file.ts";
import { FIELD_BYTES } from "./tags.ts";

/** Real files have some thirty; a count of thousands is damage. */
const MAX_ENTRIES = 4096;

/** One field of a directory; its values are read when they are asked for. */
export interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values lie, in the entry itself where they fit. */
  readonly offset: number;
}

/** An image file directory (TIFF 6.0 section 2). */
export class Directory {
  readonly file: TiffFile;
  readonly offset: number;
  /** Offset of the next in its chain; 0: none. */
  readonly next: number;
  /** How many fields it has, those of unknown types included. */
  readonly size: number;
  readonly #entries: ReadonlyMap<number, Entry>;

  constructor(file: TiffFile, offset: number, next: number, size: number, entries: ReadonlyMap<number, Entry>) {
    this.file = file;
    this.offset = offset;
    this.next = next;
    this.size = size;
    this.#entries = entries;
  }

  entry(tag: number): Entry | undefined {
    return this.#entries.get(tag);
  }

  /** All values of a short numeric field; null where it is missing. More than `limit`: SOURCE_UNREADABLE. */
  async numbers(tag: number, limit: number): Promise<readonly number[] | null> {
    const entry = this.#entries.get(tag);
    if (!entry) return null;
    if (entry.count > limit) throw unreadable(`its tag ${tag} has ${entry.count} values, where ${limit} are the most`);
    const size = fieldBytes(entry);
    const view = await this.file.view(entry.offset, entry.count * size);
    return Array.from({ length: entry.count }, (_, index) => numberAt(view, index * size, entry.type, this.file));
  }

  /** The first value; `missing` where the field is not there. */
  async number<T>(tag: number, missing: T): Promise<number | T> {
    const entry = this.#entries.get(tag);
    if (!entry || entry.count < 1) return missing;
    const view = await this.file.view(entry.offset, fieldBytes(entry));
    return numberAt(view, 0, entry.type, this.file);
  }

  /** Bytes of a field of any type; null where it is missing. */
  async bytes(tag: number, limit: number): Promise<Uint8Array | null> {
    const entry = this.#entries.get(tag);
    if (!entry) return null;
    const length = entry.count * fieldBytes(entry);
    if (length > limit) throw unreadable(`its tag ${tag} holds ${length} bytes, where ${limit} are the most`);
    const { buffer, byteOffset } = await this.file.view(entry.offset, length);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  }

  /** The beginning of a field of any type, at most `length` bytes; null where it is missing. */
  async beginning(tag: number, length: number): Promise<Uint8Array | null> {
    const entry = this.#entries.get(tag);
    if (!entry) return null;
    const bytes = Math.min(length, entry.count * fieldBytes(entry));
    const { buffer, byteOffset } = await this.file.view(entry.offset, bytes);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, bytes);
  }

  /** Text up to its first NUL, UTF-8; null where it is missing. */
  async text(tag: number, limit: number): Promise<string | null> {
    const bytes = await this.bytes(tag, limit);
    if (!bytes) return null;
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}

/** Read the directory at `offset`: its entries are bounded before they are read. */
export async function readDirectory(file: TiffFile, offset: number): Promise<Directory> {
  const { littleEndian, big } = file;
  const [countBytes, entryBytes, linkBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const head = await file.view(offset, countBytes);
  const count = big ? readUint64(head, 0, littleEndian) : head.getUint16(0, littleEndian);
  if (count > MAX_ENTRIES) throw unreadable(`a directory claims ${count} entries`);
  const view = await file.view(offset + countBytes, count * entryBytes + linkBytes);
  const entries = new Map<number, Entry>();
  for (let index = 0; index < count; index++) {
    const at = index * entryBytes;
    const type = view.getUint16(at + 2, littleEndian);
    const size = FIELD_BYTES.get(type);
    // Readers skip fields of unknown types (TIFF 6.0 section 2).
    if (size === undefined) continue;
    const values = big ? readUint64(view, at + 4, littleEndian) : view.getUint32(at + 4, littleEndian);
    const inPlace = values * size <= linkBytes;
    const pointer = at + (big ? 12 : 8);
    const target = big ? readUint64(view, pointer, littleEndian) : view.getUint32(pointer, littleEndian);
    const tag = view.getUint16(at, littleEndian);
    if (!entries.has(tag))
      entries.set(tag, { type, count: values, offset: inPlace ? offset + countBytes + pointer : target });
  }
  const link = count * entryBytes;
  const next = big ? readUint64(view, link, littleEndian) : view.getUint32(link, littleEndian);
  return new Directory(file, offset, next, count, entries);
}

export function fieldBytes({ type }: Entry): number {
  return FIELD_BYTES.get(type) ?? 1;
}

/** One value as a number; rationals are divided. */
export function numberAt(view: DataView, at: number, type: number, { littleEndian }: TiffFile): number {
  switch (type) {
    case 2:
      throw unreadable("a field that is a number is written as text");
    case 1:
    case 7:
      return view.getUint8(at);
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian);
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return readUint64(view, at, littleEndian);
  }
}
