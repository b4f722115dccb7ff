import { appendFile } from "node:fs/promises";
import { levelSize, tileGrid } from "../../core/geometry.ts";
import { crc32c } from "../../source/ome-zarr/crc32c.ts";
import type { EncodedChunk, Target } from "../protocol.ts";
import { allDone } from "./all-done.ts";

/** An entry of a chunk that is left out: both numbers have all bits set. */
const ABSENT = 2n ** 64n - 1n;

interface Shard {
  /** Offset and length of each chunk, row by row. */
  readonly index: BigUint64Array;
  bytes: number;
  missing: number;
}

/** Gives the path of a shard's file, whose folder is there. */
export type ShardPath = (plane: number, level: number, x: number, y: number) => Promise<string>;

/**
 * Files that hold many chunks (Zarr 3, sharding codec 1.0): chunks one after the other as they come, and an index at the end as soon as
 * every chunk of the level in it has come. A shard without chunks is left out.
 */
export class Shards {
  readonly #target: Target;
  /** Chunks along a side. */
  readonly #side: number;
  readonly #path: ShardPath;
  readonly #open = new Map<string, Shard>();

  constructor(target: Target, side: number, path: ShardPath) {
    this.#target = target;
    this.#side = side / target.chunk;
    this.#path = path;
  }

  /** Gives the bytes that were written. */
  async add(chunks: readonly EncodedChunk[], bytes: Uint8Array): Promise<number> {
    const groups = new Map<string, EncodedChunk[]>();
    for (const chunk of chunks) {
      const { plane, level, x, y } = chunk;
      const key = `${plane}/${level}/${Math.floor(x / this.#side)}/${Math.floor(y / this.#side)}`;
      const group = groups.get(key);
      if (group) group.push(chunk);
      else groups.set(key, [chunk]);
    }
    const written = [...groups].map(([key, group]) => this.#append(key, group, bytes));
    return (await allDone(written)).reduce((sum, length) => sum + length, 0);
  }

  async #append(key: string, chunks: readonly EncodedChunk[], bytes: Uint8Array): Promise<number> {
    const [plane = 0, level = 0, x = 0, y = 0] = key.split("/").map(Number);
    const shard = this.#open.get(key) ?? this.#begin(level, x, y);
    this.#open.set(key, shard);
    const parts = chunks.filter(({ length }) => length > 0).map((chunk) => this.#place(shard, chunk, bytes));
    shard.missing -= chunks.length;
    if (shard.missing === 0) {
      this.#open.delete(key);
      if (shard.bytes > 0) parts.push(encodeIndex(shard.index));
    }
    const joined = Buffer.concat(parts);
    if (joined.length > 0) await appendFile(await this.#path(plane, level, x, y), joined);
    return joined.length;
  }

  #begin(level: number, x: number, y: number): Shard {
    const { columns, rows } = tileGrid(levelSize(this.#target, level), this.#target.chunk);
    const within = (chunks: number, position: number) => Math.min(this.#side, chunks - position * this.#side);
    const index = new BigUint64Array(2 * this.#side ** 2).fill(ABSENT);
    return { index, bytes: 0, missing: within(columns, x) * within(rows, y) };
  }

  #place(shard: Shard, { x, y, offset, length }: EncodedChunk, bytes: Uint8Array): Uint8Array {
    const at = 2 * ((y % this.#side) * this.#side + (x % this.#side));
    shard.index[at] = BigInt(shard.bytes);
    shard.index[at + 1] = BigInt(length);
    shard.bytes += length;
    return bytes.subarray(offset, offset + length);
  }
}

function encodeIndex(index: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(index.byteLength + 4);
  const view = new DataView(bytes.buffer);
  index.forEach((value, at) => {
    view.setBigUint64(8 * at, value, true);
  });
  view.setUint32(index.byteLength, crc32c(bytes.subarray(0, index.byteLength)), true);
  return bytes;
}
