import { BandloomError } from "../core/errors.ts";
import { levelSize, type Region } from "../core/geometry.ts";
import {
  MAX_COUNTED_PIXELS,
  MAX_STATISTICS_PIXELS,
  MAX_STORED_PIXELS,
  servedLevel,
  storedPixels,
} from "../plan/index.ts";
import type { Renderer } from "../render/index.ts";
import type { PictureKernels } from "./picture-kernels.ts";
import { readsOf } from "./render-batch.ts";
import type { ServedImage } from "./types/image.ts";
import type { ServedStatistics, StatisticsRequest } from "./types/measure.ts";

/**
 * Statistics of a formula's first number over a region, at the finest level of which all values can be held unless one is named: of that
 * many more are counted, percentiles and bins to one part in 8,192.
 */
export async function statistics(
  renderer: Renderer,
  kernels: PictureKernels,
  { formula, level, region, bins, percentiles }: StatisticsRequest,
  signal: AbortSignal | undefined,
): Promise<ServedStatistics> {
  const { image } = formula;
  const chosen = level ?? finestLevel(image, region);
  const pixels = regionAt(image, chosen, region);
  const count = pixels.width * pixels.height;
  if (count > MAX_COUNTED_PIXELS)
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Statistics look at ${MAX_COUNTED_PIXELS} pixels at most; at level ${chosen} the region has ${count}. Name a coarser level, or none.`,
    );
  const kernel = kernels.values(formula, chosen, 1);
  const job = { ...readsOf(formula), kernel, level: chosen, regions: [pixels], bins, percentiles };
  return {
    ...(await renderer.statistics(job, signal)),
    version: formula.version,
    level: chosen,
    exact: chosen === 0 && count <= MAX_STATISTICS_PIXELS,
  };
}

function finestLevel(image: ServedImage, region: Region | null): number {
  for (let level = 0; level < image.levels - 1; level++) {
    const pixels = regionAt(image, level, region);
    const small = pixels.width * pixels.height <= MAX_STATISTICS_PIXELS;
    if (small && storedPixels(image.info, servedLevel(image.info, level), pixels) <= MAX_STORED_PIXELS) return level;
  }
  return image.levels - 1;
}

/** A region of full-resolution pixels, or the whole image, in pixels of a level. */
function regionAt({ info }: ServedImage, level: number, region: Region | null): Region {
  const size = levelSize(info, level);
  if (!region) return { x: 0, y: 0, ...size };
  const downsample = 2 ** level;
  const x = Math.min(size.width - 1, Math.floor(region.x / downsample));
  const y = Math.min(size.height - 1, Math.floor(region.y / downsample));
  return {
    x,
    y,
    width: Math.min(size.width, Math.ceil((region.x + region.width) / downsample)) - x,
    height: Math.min(size.height, Math.ceil((region.y + region.height) / downsample)) - y,
  };
}
