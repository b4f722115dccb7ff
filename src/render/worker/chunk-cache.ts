import type { PlaneType } from "../../core/dtype.ts";
import type { Arena } from "./arena.ts";

/** A decoded chunk in the arena: `samples` planes of width × height, one after the other. */
export interface CachedChunk {
  readonly key: string;
  /** Which place of the image it covers, whatever the channel: see `want`. */
  readonly place: string;
  readonly address: number;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly type: PlaneType;
}

interface Entry {
  readonly chunk: CachedChunk;
  pins: number;
}

/**
 * Decoded chunks, least recently used first out, bounded in bytes. A pinned chunk is being read and never leaves. A wanted place
 * (work at hand will come back to it) leaves only when the arena itself is full.
 */
export class ChunkCache {
  readonly #arena: Arena;
  readonly #maxBytes: number;
  /** In the order of last use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #wanted = new Map<string, number>();
  #bytes = 0;

  constructor(arena: Arena, maxBytes: number) {
    this.#arena = arena;
    this.#maxBytes = maxBytes;
    arena.onPressure((bytes) => this.#evict(bytes, true));
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The chunk, pinned until `unpin`. */
  pin(key: string): CachedChunk | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.pins++;
    return entry.chunk;
  }

  unpin(chunk: CachedChunk): void {
    const entry = this.#entries.get(chunk.key);
    if (!entry || entry.pins === 0) throw new Error(`The chunk ${chunk.key} is not pinned.`);
    entry.pins--;
  }

  /** Take over a block of the arena as a chunk; returned pinned. A chunk that another job brought meanwhile wins. */
  insert(chunk: CachedChunk): CachedChunk {
    const present = this.pin(chunk.key);
    if (present) {
      this.#arena.release(chunk.address);
      return present;
    }
    this.#entries.set(chunk.key, { chunk, pins: 1 });
    this.#bytes += chunk.bytes;
    if (this.#bytes > this.#maxBytes) this.#evict(this.#bytes - this.#maxBytes, false);
    return chunk;
  }

  /** Announce work on a place; each call is paired with `unwant`. */
  want(place: string): void {
    this.#wanted.set(place, (this.#wanted.get(place) ?? 0) + 1);
  }

  unwant(place: string): void {
    const left = (this.#wanted.get(place) ?? 0) - 1;
    if (left > 0) this.#wanted.set(place, left);
    else this.#wanted.delete(place);
  }

  /** Forget all chunks whose key begins so, the pinned ones excepted: they are still being read, and age out later. */
  forget(prefix: string): void {
    for (const [key, { chunk, pins }] of this.#entries)
      if (pins === 0 && key.startsWith(prefix)) this.#remove(key, chunk);
  }

  #evict(bytes: number, evenWanted: boolean): boolean {
    let freed = 0;
    for (const [key, { chunk, pins }] of this.#entries) {
      if (freed >= bytes) break;
      if (pins > 0 || (!evenWanted && this.#wanted.has(chunk.place))) continue;
      this.#remove(key, chunk);
      freed += chunk.bytes;
    }
    return freed > 0;
  }

  #remove(key: string, chunk: CachedChunk): void {
    this.#entries.delete(key);
    this.#bytes -= chunk.bytes;
    this.#arena.release(chunk.address);
  }
}
