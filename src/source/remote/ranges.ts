import type { ByteRange } from "./types.ts";

/** What is read and kept at a time: a tile's index and its neighbours, or half a compressed tile. */
export const BLOCK_BYTES = 16 * 1024;
/** Blocks that are read although nobody asked for them, because one request costs more than they do. */
const MAX_GAP = 4;
/** Longest run of one request: longer ones travel side by side. */
const MAX_RUN = 512;

/** Blocks from `first` to `last`, both included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** Numbers of the blocks that ranges touch, each once, rising. */
export function blocksOf(ranges: readonly ByteRange[]): number[] {
  const blocks = new Set<number>();
  for (const { offset, length } of ranges)
    for (let block = Math.floor(offset / BLOCK_BYTES); block * BLOCK_BYTES < offset + length; block++)
      blocks.add(block);
  return [...blocks].sort((a, b) => a - b);
}

/** Runs that cover the blocks with as few requests as pays. */
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
