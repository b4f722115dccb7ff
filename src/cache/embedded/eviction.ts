import type { Tables } from "./tables.ts";

/** Most entries that one transaction evicts: reading them is synchronous, so this bounds a stall to a few ms. */
const MAX_VICTIMS = 2_048;
/** Evict this share more than must be, so that not every batch has to. */
const HEADROOM = 0.02;
/** Values lie in whole pages of 4 KiB, behind a header of 16 bytes; each has about this much in the other tables. */
const PAGE_BYTES = 4096;
const PAGE_HEADER_BYTES = 16;
const INDEX_BYTES = 150;

/** Bytes that a value of this length takes in the store. */
export function storedBytes(length: number): number {
  return Math.ceil((length + PAGE_HEADER_BYTES) / PAGE_BYTES) * PAGE_BYTES + INDEX_BYTES;
}

export interface Eviction {
  readonly key: Buffer;
  readonly touchedAt: number;
  /** The index entry is left over from an older age of the tile: only it goes. */
  readonly stale: boolean;
}

export interface EvictionPlan {
  readonly victims: readonly Eviction[];
  /** Bytes that may be written in the same transaction. */
  readonly room: number;
}

/** Chooses the least recently touched tiles to go, so that `incoming` more bytes fit below `maxBytes`. */
export function planEviction(tables: Tables, incoming: number, maxBytes: number): EvictionPlan {
  const free = maxBytes - tables.usage().bytes;
  if (free >= incoming) return { victims: [], room: free };
  const wanted = incoming - free + maxBytes * HEADROOM;
  const victims: Eviction[] = [];
  let freed = 0;
  for (const { key, touchedAt } of tables.oldest(MAX_VICTIMS)) {
    if (freed >= wanted) break;
    const entry = tables.entry(key);
    const stale = entry?.touchedAt !== touchedAt;
    if (entry && !stale) freed += storedBytes(entry.bytes);
    victims.push({ key, touchedAt, stale });
  }
  return { victims, room: free + freed };
}
