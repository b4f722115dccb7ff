import { LRUCache } from "lru-cache";
import type { ByteRange } from "../remote/types.ts";
import { batched } from "../store/batched.ts";
import type { Folder, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { Sharding } from "./chain.ts";
import { crc32c } from "./crc32c.ts";

/** Shards whose index is kept: each holds a file … */
const MAX_OPEN = 32;
/** … and 16 bytes a chunk; the largest index has 16 MiB. */
const KEPT_BYTES = 32 * 2 ** 20;
const ENTRY_BYTES = 16;
const CHECKSUM_BYTES = 4;
const MISSING = 2n ** 64n - 1n;

export interface OpenShard {
  readonly store: Store;
  readonly index: DataView;
}

/** Shards of an image, those last used kept open (Zarr 3, sharding codec 1.0). */
export class Shards {
  readonly #folder: Folder;
  readonly #open = new LRUCache<string, Promise<OpenShard | null>>({
    max: MAX_OPEN,
    maxSize: KEPT_BYTES,
    dispose: (shard) => void shard.then((one) => one?.store.close()).catch(() => {}),
  });

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Null: no such shard is stored. */
  open(sharding: Sharding, key: string, signal: AbortSignal | undefined): Promise<OpenShard | null> {
    const known = this.#open.get(key);
    if (known) return known;
    const opening = this.#read(sharding, key, signal);
    this.#open.set(key, opening, { size: indexBytes(sharding) });
    opening.catch(() => this.#open.delete(key));
    return opening;
  }

  close(): void {
    this.#open.clear();
  }

  async #read(
    { counts, indexAt, checked }: Sharding,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<OpenShard | null> {
    const length = indexBytes({ counts, checked });
    const entries = length - (checked ? CHECKSUM_BYTES : 0);
    const found = await this.#folder.open(key, signal, indexAt === "end" ? length : 0);
    if (!found) return null;
    const store = batched(found);
    if (length > store.size) throw unreadable("a shard is shorter than its index");
    const bytes = await store.read(indexAt === "start" ? 0 : store.size - length, length, signal);
    const index = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (checked && index.getUint32(entries, true) !== crc32c(bytes.subarray(0, entries)))
      throw unreadable("the checksum of a shard's index is wrong");
    return { store, index };
  }
}

function indexBytes({ counts, checked }: Pick<Sharding, "counts" | "checked">): number {
  return counts.reduce((product, count) => product * count, ENTRY_BYTES) + (checked ? CHECKSUM_BYTES : 0);
}

/** Bytes of an index for each chunk that is looked up in it, where chunks side by side along one of x and y are read. */
export function indexShare(sharding: Sharding): number {
  const [down = 1, across = 1] = sharding.counts.slice(-2);
  return Math.ceil(indexBytes(sharding) / Math.min(down, across));
}

/** Where chunk `number` of a shard lies; null: it is not stored. Its length is bounded by the shard's, and by `most`. */
export function rangeInShard({ store, index }: OpenShard, number: number, most: number): ByteRange | null {
  const [offset, length] = [0, 8].map((at) => index.getBigUint64(number * ENTRY_BYTES + at, true));
  if (offset === undefined || length === undefined || (offset === MISSING && length === MISSING)) return null;
  if (offset + length > BigInt(store.size)) throw unreadable("a chunk lies past the end of its shard");
  if (length > BigInt(most)) throw unreadable(`a chunk in a shard claims ${length} bytes, where ${most} are the most`);
  return { offset: Number(offset), length: Number(length) };
}

/** Which chunk of its shard a chunk is, and which shard that is, by their places in their grids. */
export function placeInShard(
  { counts }: Sharding,
  place: readonly number[],
): { readonly shard: readonly number[]; readonly number: number } {
  return {
    shard: place.map((at, axis) => Math.floor(at / (counts[axis] ?? 1))),
    number: place.reduce((number, at, axis) => number * (counts[axis] ?? 1) + (at % (counts[axis] ?? 1)), 0),
  };
}
