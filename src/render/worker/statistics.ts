import { BandloomError } from "../../core/errors.ts";
import type { Region } from "../../core/geometry.ts";
import { assertStoredPixels, MAX_STATISTICS_PIXELS, planRegion, storedPixels } from "../../plan/index.ts";
import { floatValues } from "../encode/pixels.ts";
import type { TaskOf } from "../protocol.ts";
import { summarize } from "../summary.ts";
import type { StatisticsResult } from "../types.ts";
import { Canvas } from "./canvas.ts";
import { evaluate } from "./evaluate.ts";
import type { JobContext } from "./job-context.ts";
import { announceChunks } from "./read-ahead.ts";

/** Exact statistics of a formula's number over regions of one level, MAX_STATISTICS_PIXELS in all. */
export function computeStatistics(job: JobContext, task: TaskOf<"statistics">): Promise<StatisticsResult> {
  const { kernel, level, regions } = task;
  if (kernel.output !== "float32" || kernel.planes !== 1)
    throw new TypeError("Statistics are made of one float32 plane.");
  const count = regions.reduce((sum, { width, height }) => sum + width * height, 0);
  if (!(count <= MAX_STATISTICS_PIXELS))
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Statistics look at up to ${MAX_STATISTICS_PIXELS} pixels; these are ${count}. Ask for a coarser level or a smaller region.`,
    );
  return job.bench.images.withAll(job, task, async (image) => {
    const plans = regions.map((region) => planRegion(image.info, level, region));
    assertStoredPixels(plans.reduce((sum, plan) => sum + storedPixels(image.info, plan.served, plan.region), 0));
    announceChunks(job, image, [kernel], () => plans);
    const values = new Float32Array(count);
    let filled = 0;
    for (const plan of plans) {
      using canvas = new Canvas(job.bench.arena, kernel, plan);
      await evaluate(job, image, kernel, plan, canvas);
      values.set(floatValues(canvas.pixels()), filled);
      filled += pixelCount(plan.region);
    }
    return summarize(values, task.percentiles, task.bins);
  });
}

function pixelCount({ width, height }: Region): number {
  return width * height;
}
