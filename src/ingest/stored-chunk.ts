import type { ChunkRef, ImageSource } from "../source/index.ts";

/** Where a chunk is as it is stored, beneath all that is applied to it. */
export function storedChunk(
  source: ImageSource,
  ref: ChunkRef,
): { readonly source: ImageSource; readonly ref: ChunkRef } {
  const below = source.beneath?.(ref);
  return below ? storedChunk(below.source, below.ref) : { source, ref };
}
