import { BandloomError } from "../core/errors.ts";
import { levelSize, type Region } from "../core/geometry.ts";
import { isGranted, MAX_COUNTED_PIXELS, MAX_STATISTICS_PIXELS, servedLevel, storedNeed } from "../plan/index.ts";
import type { Renderer } from "../render/index.ts";
import { measuredWork } from "./measured-work.ts";
import type { PictureKernels } from "./picture-kernels.ts";
import { readsOf } from "./render-batch.ts";
import type { ServedImage } from "./types/image.ts";
import type { MeasuredWork, ServedStatistics, StatisticsRequest } from "./types/measure.ts";

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
  const { chosen, pixels, count } = readBy(formula.image, level, region);
  if (count > MAX_COUNTED_PIXELS)
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Statistics look at ${MAX_COUNTED_PIXELS} pixels at most; at level ${chosen} the region has ${count}. Name a coarser level, or none.`,
    );
  const kernel = await kernels.get(kernels.values(formula, chosen, 1), signal);
  const job = { ...readsOf(formula), kernel, level: chosen, regions: [pixels], bins, percentiles };
  return {
    ...(await renderer.statistics(job, signal)),
    version: formula.version,
    level: chosen,
    exact: chosen === 0 && count <= MAX_STATISTICS_PIXELS,
  };
}

/** What statistics would take, known before a pixel is read. */
export function statisticsWork({
  formula,
  level,
  region,
}: Pick<StatisticsRequest, "formula" | "level" | "region">): MeasuredWork {
  const { count } = readBy(formula.image, level, region);
  return measuredWork(formula.formula.values.slice(0, 1), count);
}

/** The level that is read, and the region in its pixels. */
function readBy(image: ServedImage, level: number | null, region: Region | null) {
  const chosen = level ?? finestLevel(image, region);
  const pixels = regionAt(image, chosen, region);
  return { chosen, pixels, count: pixels.width * pixels.height };
}

function finestLevel(image: ServedImage, region: Region | null): number {
  for (let level = 0; level < image.levels - 1; level++) {
    const pixels = regionAt(image, level, region);
    const small = pixels.width * pixels.height <= MAX_STATISTICS_PIXELS;
    if (small && isGranted(storedNeed(image.info, servedLevel(image.info, level), pixels))) return level;
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
