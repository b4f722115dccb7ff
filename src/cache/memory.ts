import { LRUCache } from "lru-cache";
import type { CachedTile, CacheTierStats } from "./types.ts";

/** What an entry costs beside its bytes: the key's text, the objects, the places in the lists. Measured, rounded up. */
const ENTRY_BYTES = 400;
/** No entry takes more than this share: one huge picture must not empty the cache. */
const LARGEST_SHARE = 1 / 16;
/** A view may keep alive a buffer this much larger than itself; beyond that it is copied, or the count would lie. */
const VIEW_SLACK = 1.25;

/** Encoded tiles of this process, least recently used first out, bounded in bytes. Answers without a promise. */
export class MemoryTier {
  readonly #tiles: LRUCache<string, CachedTile> | null;
  readonly #maxBytes: number;
  #hits = 0;
  #misses = 0;

  /** `maxBytes` 0: keeps nothing. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    const maxEntrySize = Math.floor(maxBytes * LARGEST_SHARE);
    this.#tiles =
      maxEntrySize > 0
        ? new LRUCache({ maxSize: maxBytes, maxEntrySize, sizeCalculation: (tile) => tile.bytes.length + ENTRY_BYTES })
        : null;
  }

  /** Counts hits only; `miss` counts the rest once the caller knows that it will not ask again. */
  get(key: string): CachedTile | null {
    const tile = this.#tiles?.get(key);
    if (!tile) return null;
    this.#hits++;
    return tile;
  }

  miss(): void {
    this.#misses++;
  }

  set(key: string, tile: CachedTile): void {
    const { bytes } = tile;
    const owned = bytes.buffer.byteLength <= bytes.length * VIEW_SLACK;
    this.#tiles?.set(key, owned ? tile : { bytes: new Uint8Array(bytes) });
  }

  stats(): CacheTierStats {
    return {
      name: "memory",
      hits: this.#hits,
      misses: this.#misses,
      entries: this.#tiles?.size ?? 0,
      bytes: this.#tiles?.calculatedSize ?? 0,
      maxBytes: this.#maxBytes,
      healthy: true,
      detail: null,
    };
  }

  clear(): void {
    this.#tiles?.clear();
  }
}
