import { BandloomError } from "../core/errors.ts";
import type { Region } from "../core/geometry.ts";
import type { ImageInfo } from "../source/types.ts";
import { type ServedLevel, servedLevel } from "./levels.ts";
import { assertGranted, assertRegion, MAX_PICTURE_PIXELS, storedNeed } from "./limits.ts";

/** Pixels that are evaluated at a time: input planes of a picture stay within a few megabytes. */
const STRIP_PIXELS = 1 << 20;

/** What is to be evaluated for one region: its level, and the strips of rows that are done one after the other. */
export interface RegionPlan {
  readonly served: ServedLevel;
  readonly region: Region;
  readonly strips: readonly Region[];
}

/** Plan the evaluation of a region of a level. All limits are checked here, before any byte is read. */
export function planRegion(info: ImageInfo, level: number, region: Region): RegionPlan {
  const served = servedLevel(info, level);
  assertRegion(served, region);
  if (region.width * region.height > MAX_PICTURE_PIXELS)
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `A picture may cover ${MAX_PICTURE_PIXELS} pixels of its level; this one covers ${region.width * region.height}. Ask for a coarser level or a smaller region.`,
    );
  assertGranted(storedNeed(info, served, region));
  return { served, region, strips: strips(region, served.grid.chunkHeight) };
}

/** Cut a region into strips that end at chunk borders where they can, so that a chunk is seldom met twice. */
function strips(region: Region, chunkHeight: number): Region[] {
  if (region.width * region.height <= STRIP_PIXELS) return [region];
  const rows = Math.max(1, Math.floor(STRIP_PIXELS / region.width));
  const result: Region[] = [];
  const end = region.y + region.height;
  for (let y = region.y; y < end; ) {
    const border = Math.floor((y + rows) / chunkHeight) * chunkHeight;
    const bottom = Math.min(end, border > y ? border : y + rows);
    result.push({ x: region.x, y, width: region.width, height: bottom - y });
    y = bottom;
  }
  return result;
}
