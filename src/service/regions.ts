import { BandloomError } from "../core/errors.ts";
import { levelSize, type Size } from "../core/geometry.ts";
import type { PictureFormat, PictureTask } from "../render/index.ts";
import type { RegionRequest } from "./types/tile.ts";

/** Pixels of a picture whose encoder takes seconds for a few million, in one piece that nothing can come between. */
const MAX_SLOW_PIXELS = 2 ** 20;

/** Scaled to fit `maxSize` and never up; no side vanishes. LIMIT_EXCEEDED for more pixels than the format is encoded of. */
export function regionSize({ region, maxSize, encoding }: RegionRequest): Size {
  const longest = Math.max(region.width, region.height);
  const scale = Math.min(1, maxSize / longest);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const size = { width: side(region.width), height: side(region.height) };
  if (encoding.lossless && isSlowLossless(encoding.format) && size.width * size.height > MAX_SLOW_PIXELS)
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Lossless ${encoding.format} pictures have up to ${MAX_SLOW_PIXELS} pixels, and this one would have ${size.width} × ${size.height}. Ask for png, for less than lossless, or for a smaller picture.`,
    );
  return size;
}

function isSlowLossless(format: PictureFormat): boolean {
  return format === "webp" || format === "avif";
}

/** From the coarsest level that is still as fine as the result. */
export function regionTask(request: RegionRequest): PictureTask {
  const { formula, region, encoding } = request;
  const { info, levels } = formula.image;
  const resize = regionSize(request);
  const scale = Math.min(region.width / resize.width, region.height / resize.height);
  const level = Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(scale))));
  const size = levelSize(info, level);
  const downsample = 2 ** level;
  const x = Math.min(size.width - 1, Math.floor(region.x / downsample));
  const y = Math.min(size.height - 1, Math.floor(region.y / downsample));
  const right = Math.min(size.width, Math.ceil((region.x + region.width) / downsample));
  const bottom = Math.min(size.height, Math.ceil((region.y + region.height) / downsample));
  const { sampled } = formula.formula;
  return { level, region: { x, y, width: right - x, height: bottom - y }, pad: null, resize, sampled, encoding };
}
