import type { Store } from "../types.ts";
import type { Maybe } from "./maybe.ts";

/** Longer reads are rare and get memory of their own, which is given back. */
const KEPT_BYTES = 2 ** 20;

/** Reads of chunks: one buffer serves them all where the store is local, for a chunk is decoded before the next is read. */
export class ChunkReader {
  readonly #store: Store;
  #buffer = new Uint8Array(0);

  constructor(store: Store) {
    this.#store = store;
  }

  get size(): number {
    return this.#store.size;
  }

  /** Good until the next call. */
  read(offset: number, length: number, signal: AbortSignal | undefined): Maybe<Uint8Array> {
    if (!this.#store.readInto || length > KEPT_BYTES) return this.#store.read(offset, length, signal);
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(Math.min(KEPT_BYTES, 2 * length));
    const bytes = this.#buffer.subarray(0, length);
    this.#store.readInto(bytes, offset);
    return bytes;
  }
}
