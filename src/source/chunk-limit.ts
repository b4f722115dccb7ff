import { unreadable } from "./unreadable.ts";

/** Decoded MiB of one tile, strip or chunk: what it may take of the memory of a worker that serves … */
export const SERVED_CHUNK_MIB = 32;
/** … and of a thread that converts, whose addresses hold it and two copies. */
export const CONVERTED_CHUNK_MIB = 1024;

/** What a format calls the unit of its compression. */
export type ChunkWord = "tile" | "strip" | "chunk";

/** SOURCE_UNREADABLE beyond `mostMiB`, with the next step that works. */
export function assertChunkBytes(bytes: number, word: ChunkWord, mostMiB: number): void {
  const mebibytes = Math.ceil(bytes / 2 ** 20);
  if (mebibytes <= mostMiB) return;
  const remedy = mebibytes <= CONVERTED_CHUNK_MIB ? "convert it: bandloom ingest" : REMEDIES[word];
  throw unreadable(`one of its ${word}s has ${mebibytes} MiB, where ${mostMiB} are the most; ${remedy}`);
}

const IN_TILES = "write it anew in tiles: gdal_translate -co TILED=YES";
const REMEDIES: Readonly<Record<ChunkWord, string>> = {
  tile: IN_TILES,
  strip: IN_TILES,
  chunk: "write it anew with chunks of one plane and 512 pixels a side, for example with zarr-python",
};
