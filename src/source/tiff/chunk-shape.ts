import { assertChunkBytes } from "../chunk-limit.ts";
import type { CodecName } from "./compression.ts";
import type { BlockGrid } from "./page.ts";

/**
 * How stored blocks make chunks. `blocks`: so many strips are one chunk (1: each block is). `rows`: a single uncompressed
 * strip is cut into chunks of so many rows.
 */
export interface ChunkShape {
  readonly width: number;
  readonly height: number;
  readonly kind: "blocks" | "rows";
  /** Strips in a chunk, at least 1. */
  readonly strips: number;
}

/** Strips below this many bytes are joined: a chunk a row would cost more in bookkeeping than in pixels. */
const SMALL_STRIP_BYTES = 65_536;
/** About the bytes of a chunk that is cut from, or joined of, strips. */
const CHUNK_BYTES = 2 ** 18;
/** Strips of a chunk at most: each costs a read. */
const MAX_STRIPS = 1024;

/** `mostMiB`: decoded, of one block. */
export function chunkShape(blocks: BlockGrid, height: number, codec: CodecName, mostMiB: number): ChunkShape {
  const { tiled, width, rowBytes } = blocks;
  const blockBytes = rowBytes * blocks.height;
  if (!tiled && codec === "none" && blocks.rows === 1 && blockBytes > CHUNK_BYTES) {
    assertChunkBytes(rowBytes, "strip", mostMiB);
    const rows = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
    return { width, height: Math.min(rows, height), kind: "rows", strips: 1 };
  }
  assertChunkBytes(blockBytes, tiled ? "tile" : "strip", mostMiB);
  const joined = !tiled && blockBytes < SMALL_STRIP_BYTES ? Math.floor(CHUNK_BYTES / Math.max(1, blockBytes)) : 1;
  const strips = Math.max(1, Math.min(joined, blocks.rows, MAX_STRIPS));
  return { width, height: tiled ? blocks.height : Math.min(blocks.height * strips, height), kind: "blocks", strips };
}
