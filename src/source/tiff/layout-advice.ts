import type { Page } from "./page.ts";

/** A side from which on an image without pyramid, or in strips, is slow to show. */
const LARGE_SIDE = 4096;
/** Sides of a tile: below, bookkeeping costs more than pixels; above, a picture decodes much that it does not show. */
const SMALL_TILE = 128;
const LARGE_TILE = 1024;
/** Tiles of which an image has so few are no matter. */
const FEW_TILES = 16;
/** Interleaved channels of which a picture shows three or four. */
const MANY_CHANNELS = 8;

/** What would make the pixels faster to read, in a sentence each. */
export function layoutAdvice(levels: readonly Page[]): readonly string[] {
  const [full, reduced] = levels;
  if (!full) return [];
  const { blocks, samples, separate, codec } = full;
  const isLarge = Math.max(full.width, full.height) >= LARGE_SIDE;
  const isMany = blocks.columns * blocks.rows > FEW_TILES;
  return [
    ...(isLarge && !reduced
      ? ["It has no pyramid: coarse levels are computed from full resolution, which is slow."]
      : []),
    ...(isLarge && !blocks.tiled
      ? ["It is stored in strips: tiles of 256 or 512 pixels would be faster to read."]
      : []),
    ...(blocks.tiled && isMany && Math.max(blocks.width, blocks.height) < SMALL_TILE
      ? [
          `Its tiles are small (${blocks.width} × ${blocks.height}): tiles of 256 or 512 pixels would be faster to read.`,
        ]
      : []),
    ...(blocks.tiled && isLarge && Math.min(blocks.width, blocks.height) > LARGE_TILE
      ? [
          `Its tiles are large (${blocks.width} × ${blocks.height}): tiles of 256 or 512 pixels would be faster to read.`,
        ]
      : []),
    ...(codec === "lerc" || codec === "webp"
      ? [`Its tiles are compressed as ${codec === "lerc" ? "LERC" : "WebP"}: deflate or Zstd would be faster to read.`]
      : []),
    ...(samples >= MANY_CHANNELS && !separate
      ? [`Its ${samples} channels are interleaved: each picture reads them all. Planes of their own would be faster.`]
      : []),
  ];
}
