import { BandloomError } from "../core/errors.ts";
import type { Region, Size } from "../core/geometry.ts";
import type { ImageInfo } from "../source/types.ts";
import { type ServedLevel, servedLevel } from "./levels.ts";
import { pixelsUnder } from "./spans.ts";

const MEGAPIXEL = 1 << 20;

/** Stored pixels of one channel that one answer may decode: about a second of work a channel. */
export const MAX_STORED_PIXELS = 64 * MEGAPIXEL;

/** Pixels that one picture may hold before it is scaled: 256 MiB as RGBA. */
export const MAX_PICTURE_PIXELS = 64 * MEGAPIXEL;

/** Pixels that one set of statistics may look at with all their values held and ordered in memory. */
export const MAX_STATISTICS_PIXELS = 4 * MEGAPIXEL;

/** Pixels that statistics may look at at all: beyond the former they are counted in parts (a second or two on two cores). */
export const MAX_COUNTED_PIXELS = 256 * MEGAPIXEL;

/** Stored pixels of one channel that are decoded for a region of a level: all of every chunk that it touches. */
export function storedPixels(info: ImageInfo, served: ServedLevel, region: Region): number {
  if (served.kind === "stored") return pixelsUnder(served.grid, region);
  const finer = servedLevel(info, served.level - 1);
  return storedPixels(info, finer, finerRegion(wholeChunks(served, region), finer.size));
}

/** The pixels of the next finer level of which `region` holds the 2×2 means. */
export function finerRegion(region: Region, finer: Size): Region {
  const x = region.x * 2;
  const y = region.y * 2;
  return {
    x,
    y,
    width: Math.min(region.width * 2, finer.width - x),
    height: Math.min(region.height * 2, finer.height - y),
  };
}

/** `region` grown to whole chunks of its level: virtual chunks are always computed whole. */
function wholeChunks({ grid }: ServedLevel, region: Region): Region {
  const x = Math.floor(region.x / grid.chunkWidth) * grid.chunkWidth;
  const y = Math.floor(region.y / grid.chunkHeight) * grid.chunkHeight;
  const right = Math.ceil((region.x + region.width) / grid.chunkWidth) * grid.chunkWidth;
  const bottom = Math.ceil((region.y + region.height) / grid.chunkHeight) * grid.chunkHeight;
  return { x, y, width: Math.min(right, grid.width) - x, height: Math.min(bottom, grid.height) - y };
}

/** LIMIT_EXCEEDED when an answer would have to decode more than MAX_STORED_PIXELS of a channel. */
export function assertStoredPixels(pixels: number): void {
  if (pixels <= MAX_STORED_PIXELS) return;
  const megapixels = (count: number) => Math.ceil(count / MEGAPIXEL);
  throw new BandloomError(
    "LIMIT_EXCEEDED",
    `This needs ${megapixels(pixels)} megapixels of the file for each channel, and the limit is ${megapixels(MAX_STORED_PIXELS)}: ` +
      "the image lacks reduced-resolution levels, or is cut in very wide strips. Convert it to a tiled pyramid " +
      "(`bandloom ingest`), or ask for a finer level.",
  );
}

/** NOT_FOUND when a region does not lie wholly inside its level, BAD_REQUEST when it is none. */
export function assertRegion({ level, size }: ServedLevel, region: Region): void {
  const { x, y, width, height } = region;
  if (![x, y, width, height].every(Number.isSafeInteger) || width < 1 || height < 1)
    throw new BandloomError("BAD_REQUEST", "A region is four whole numbers, its width and height at least 1.");
  if (x < 0 || y < 0 || x + width > size.width || y + height > size.height)
    throw new BandloomError(
      "NOT_FOUND",
      `Level ${level} measures ${size.width} × ${size.height} pixels; the region lies outside of it.`,
    );
}
