import { LRUCache } from "lru-cache";
import { batched } from "../store/batched.ts";
import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { createIndexPages, type IndexPages } from "./index-array.ts";

/** Directories lie close together: reading them in windows saves calls, and more of them where a call is a round trip. */
const LOCAL_WINDOW = 16_384;
const REMOTE_WINDOW = 65_536;
/** Of windows, for one file. */
const KEPT_BYTES = 2 ** 20;

/** Byte order and offset size of a file, and its bytes through a few windows. */
export class TiffFile {
  /** Reads that are parallel travel together where they travel. */
  readonly store: Store;
  readonly chunks: ChunkReader;
  readonly indexPages: IndexPages = createIndexPages();
  readonly littleEndian: boolean;
  /** BigTIFF: 8-byte offsets. */
  readonly big: boolean;
  /** Decoded, of one tile or strip. */
  readonly mostChunkMiB: number;
  readonly #windowBytes: number;
  readonly #windows: LRUCache<number, Promise<Uint8Array>>;

  constructor(store: Store, littleEndian: boolean, big: boolean, mostChunkMiB: number) {
    this.store = batched(store);
    this.chunks = new ChunkReader(this.store);
    this.littleEndian = littleEndian;
    this.big = big;
    this.mostChunkMiB = mostChunkMiB;
    this.#windowBytes = store.readMany ? REMOTE_WINDOW : LOCAL_WINDOW;
    this.#windows = new LRUCache({ max: KEPT_BYTES / this.#windowBytes });
  }

  get size(): number {
    return this.store.size;
  }

  /** SOURCE_UNREADABLE where the range passes the end of the file. For directories, not for pixels. */
  async view(offset: number, length: number): Promise<DataView> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw unreadable("a directory points past its end");
    if (length > this.#windowBytes) return viewOf(await this.store.read(offset, length), 0, length);
    const first = Math.floor(offset / this.#windowBytes);
    const at = offset - first * this.#windowBytes;
    if (at + length <= this.#windowBytes) return viewOf(await this.#window(first), at, length);
    const both = Buffer.concat(await Promise.all([this.#window(first), this.#window(first + 1)]));
    return viewOf(both, at, length);
  }

  #window(index: number): Promise<Uint8Array> {
    const known = this.#windows.get(index);
    if (known) return known;
    const start = index * this.#windowBytes;
    const bytes = this.#read(start, Math.min(this.#windowBytes, this.size - start));
    this.#windows.set(index, bytes);
    bytes.catch(() => this.#windows.delete(index));
    return bytes;
  }

  async #read(start: number, length: number): Promise<Uint8Array> {
    return await this.store.read(start, length);
  }
}

function viewOf(bytes: Uint8Array, at: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, length);
}

/** Number that the file gives with 64 bits; what no double holds exactly lies past the end of any file. */
export function readUint64(view: DataView, at: number, littleEndian: boolean): number {
  return Number(view.getBigUint64(at, littleEndian));
}
