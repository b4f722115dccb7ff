import { LRUCache } from "lru-cache";
import { unreadable } from "../unreadable.ts";
import { type Entry, fieldBytes, numberAt } from "./directory.ts";
import type { TiffFile } from "./file.ts";
import { andThen, type Maybe } from "./maybe.ts";

/** Values that are read at once: a neighbourhood of tiles, 8 KiB of a BigTIFF. */
const PAGE = 1024;
/** Pages that an open image keeps: 2 MiB. */
const KEPT_PAGES = 256;

/** Pages of one file: those that are kept, and those on their way, which several chunks may wait for. */
export interface IndexPages {
  readonly kept: LRUCache<string, Float64Array>;
  readonly coming: Map<string, Promise<Float64Array>>;
}

export function createIndexPages(): IndexPages {
  return { kept: new LRUCache({ max: KEPT_PAGES }), coming: new Map() };
}

/** Offsets or byte counts by the number of the tile or strip. */
export interface BlockIndex {
  at(index: number): Maybe<number>;
  /** Where in the file the values end; left out: nowhere. */
  readonly end?: number;
  /** How many of the first `length` values are 0, read at once and not kept. */
  zeros?(length: number): Promise<number>;
}

const NUMERIC_TYPES = [3, 4, 13, 16, 18];

/** Offsets or byte counts of tiles or strips, read page by page as they are needed: an index can be longer than the pixels. */
export class IndexArray implements BlockIndex {
  readonly length: number;
  readonly #file: TiffFile;
  readonly #entry: Entry;

  /** SOURCE_UNREADABLE where the array is not of whole numbers or passes the end of the file. */
  constructor(file: TiffFile, entry: Entry) {
    if (!NUMERIC_TYPES.includes(entry.type)) throw unreadable("an index of its tiles is of a wrong type");
    if (!(entry.offset + entry.count * fieldBytes(entry) <= file.size))
      throw unreadable("an index of its tiles lies past its end");
    this.#file = file;
    this.#entry = entry;
    this.length = entry.count;
  }

  at(index: number): Maybe<number> {
    const number = Math.floor(index / PAGE);
    return andThen(this.#page(number), (page) => page[index - number * PAGE] ?? 0);
  }

  get end(): number {
    return this.#entry.offset + this.#entry.count * fieldBytes(this.#entry);
  }

  async zeros(length: number): Promise<number> {
    const size = fieldBytes(this.#entry);
    const view = await this.#file.view(this.#entry.offset, length * size);
    let count = 0;
    for (let at = 0; at < length * size; at += size)
      if (numberAt(view, at, this.#entry.type, this.#file) === 0) count++;
    return count;
  }

  #page(number: number): Maybe<Float64Array> {
    const key = `${this.#entry.offset}/${number}`;
    const { kept, coming } = this.#file.indexPages;
    const known = kept.get(key) ?? coming.get(key);
    if (known) return known;
    const size = fieldBytes(this.#entry);
    const first = number * PAGE;
    const count = Math.min(PAGE, this.length - first);
    const page = andThen(this.#file.store.read(this.#entry.offset + first * size, count * size), (bytes) => {
      const values = this.#parse(bytes, count);
      kept.set(key, values);
      return values;
    });
    if (!(page instanceof Promise)) return page;
    const arriving = page.finally(() => coming.delete(key));
    coming.set(key, arriving);
    return arriving;
  }

  #parse(bytes: Uint8Array, count: number): Float64Array {
    const { type } = this.#entry;
    const size = fieldBytes(this.#entry);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float64Array.from({ length: count }, (_, index) => numberAt(view, index * size, type, this.#file));
  }
}
