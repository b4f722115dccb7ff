import type { ByteRange } from "./types.ts";

/** What is read and kept at a time: a tile's index and its neighbours, or half a compressed tile. */
export const BLOCK_BYTES = 16 * 1024;
/** Blocks that are read although nobody asked for them (64 KiB): one request costs more than they do. */
const MAX_GAP = 4;
/** Longest run of one request (8 MiB): longer ones travel side by side, and none takes too long for its deadline. */
const MAX_RUN = 512;

/** Blocks from `first` to `last`, both included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** Numbers of the blocks that ranges touch, each once, rising. */
export function blocksOf(ranges: readonly ByteRange[]): number[] {
  const blocks = new Set<number>();
  for (const { offset, length } of ranges) {
    if (length === 0) continue;
    const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
    for (let block = Math.floor(offset / BLOCK_BYTES); block <= last; block++) blocks.add(block);
  }
  return [...blocks].sort((a, b) => a - b);
}

/** Runs that cover the blocks, which rise, with as few requests as pays. */
export function runsOf(blocks: readonly number[]): Run[] {
  const runs: { first: number; last: number }[] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run && block - run.last <= MAX_GAP + 1 && block - run.first < MAX_RUN) run.last = block;
    else runs.push({ first: block, last: block });
  }
  return runs;
}

/** The bytes of a run in a blob of `size` bytes. */
export function bytesOfRun({ first, last }: Run, size: number): ByteRange {
  const offset = first * BLOCK_BYTES;
  return { offset, length: Math.min((last + 1) * BLOCK_BYTES, size) - offset };
}

/** The bytes of a range, copied out of its blocks. */
export function cut({ offset, length }: ByteRange, blocks: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const position = offset + at;
    const block = Math.floor(position / BLOCK_BYTES);
    const from = position - block * BLOCK_BYTES;
    const part = blocks.get(block)?.subarray(from, from + length - at);
    if (!part || part.length === 0) throw new Error("A block is shorter than its blob says.");
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
