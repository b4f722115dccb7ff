import type { Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";

/** Directories lie close together: reading them in windows of this size saves calls. */
const WINDOW = 16_384;
const KEPT_WINDOWS = 64;

/** Byte order and offset size of a file, and its bytes through a few windows. For directories, not for pixels. */
export class TiffFile {
  readonly store: Store;
  readonly littleEndian: boolean;
  /** BigTIFF: 8-byte offsets. */
  readonly big: boolean;
  readonly #windows = new Map<number, Uint8Array>();

  constructor(store: Store, littleEndian: boolean, big: boolean) {
    this.store = store;
    this.littleEndian = littleEndian;
    this.big = big;
  }

  get size(): number {
    return this.store.size;
  }

  /** SOURCE_UNREADABLE where the range passes the end of the file. */
  async view(offset: number, length: number): Promise<DataView> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw unreadable("a directory points past its end");
    const start = Math.floor(offset / WINDOW) * WINDOW;
    const inside = offset + length <= start + WINDOW;
    const bytes = inside ? await this.#window(start) : await this.store.read(offset, length);
    const at = inside ? offset - start : 0;
    return new DataView(bytes.buffer, bytes.byteOffset + at, length);
  }

  async #window(start: number): Promise<Uint8Array> {
    const known = this.#windows.get(start);
    if (known) return known;
    const bytes = await this.store.read(start, Math.min(WINDOW, this.size - start));
    if (this.#windows.size >= KEPT_WINDOWS) this.#windows.clear();
    this.#windows.set(start, bytes);
    return bytes;
  }
}

/** Number that the file gives with 64 bits; what no double holds exactly lies past the end of any file. */
export function readUint64(view: DataView, at: number, littleEndian: boolean): number {
  return Number(view.getBigUint64(at, littleEndian));
}
