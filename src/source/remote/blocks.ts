import { LRUCache } from "lru-cache";
import { BLOCK_BYTES } from "./ranges.ts";
import type { BlobBytes } from "./transport.ts";
import type { RemoteStamp } from "./types.ts";

/** What an entry costs besides its bytes: its key, its place in the list. */
const ENTRY_BYTES = 256;

/** Blocks of blobs, by address, version and number; the oldest leave where they become too many. Blocks of another version are never found. */
export class BlockCache {
  readonly #blocks: LRUCache<string, Uint8Array>;

  /** `maxBytes` 0: nothing is kept. */
  constructor(maxBytes: number) {
    this.#blocks = new LRUCache({
      maxSize: Math.max(1, Math.floor(maxBytes)),
      sizeCalculation: (bytes) => ENTRY_BYTES + bytes.length,
    });
  }

  get(stamp: RemoteStamp, block: number): Uint8Array | undefined {
    return this.#blocks.get(blockKey(stamp, block));
  }

  /** Keeps the whole blocks of what has arrived, and returns them by number. They are copies: a view would hold all that arrived with it. */
  keep(stamp: RemoteStamp, { bytes, offset }: Pick<BlobBytes, "bytes" | "offset">): ReadonlyMap<number, Uint8Array> {
    const blocks = new Map<number, Uint8Array>();
    const first = Math.ceil(offset / BLOCK_BYTES) * BLOCK_BYTES - offset;
    for (let at = first; at < bytes.length; at += BLOCK_BYTES) {
      const part = bytes.slice(at, at + BLOCK_BYTES);
      const isWhole = part.length === BLOCK_BYTES || offset + bytes.length === stamp.size;
      const block = (offset + at) / BLOCK_BYTES;
      if (!isWhole) break;
      blocks.set(block, part);
      this.#blocks.set(blockKey(stamp, block), part);
    }
    return blocks;
  }
}

/** Equal for the same block of the same version. */
export function blockKey({ url, size, validator }: RemoteStamp, block: number | "all"): string {
  return `${url}\0${size}\0${validator ?? ""}\0${block}`;
}
