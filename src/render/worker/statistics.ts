import { BandloomError } from "../../core/errors.ts";
import type { Region } from "../../core/geometry.ts";
import { assertGranted, MAX_STATISTICS_PIXELS, planRegion, storedNeed, sumOfNeeds } from "../../plan/index.ts";
import { floatValues } from "../encode/pixels.ts";
import type { TaskOf } from "../protocol.ts";
import { type Sketch, Sketcher } from "../sketch.ts";
import { summarize } from "../summary.ts";
import type { StatisticsResult } from "../types.ts";
import { Canvas } from "./canvas.ts";
import { evaluate } from "./evaluate.ts";
import type { JobContext } from "./job-context.ts";
import { assertKernelReads } from "./plane-reads.ts";
import { announceChunks } from "./read-ahead.ts";

/** Exact statistics of a formula's number over regions of one level, MAX_STATISTICS_PIXELS in all. */
export async function computeStatistics(job: JobContext, task: TaskOf<"statistics">): Promise<StatisticsResult> {
  const count = task.regions.reduce((sum, region) => sum + pixelCount(region), 0);
  if (!(count <= MAX_STATISTICS_PIXELS))
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Statistics hold up to ${MAX_STATISTICS_PIXELS} pixels; these are ${count}. Ask for a coarser level or a smaller region.`,
    );
  const values = new Float32Array(count);
  let filled = 0;
  await readRegions(job, task, (part) => {
    values.set(part, filled);
    filled += part.length;
  });
  return summarize(values, task.percentiles, task.bins);
}

/** What can be said of a formula's number over regions without holding all of it; a strip at a time. */
export async function sketchRegions(job: JobContext, task: TaskOf<"sketch">): Promise<Sketch> {
  const { arena, pixels } = job.bench;
  using scope = arena.scope();
  const sketcher = new Sketcher(pixels, (bytes) => scope.allocate(bytes));
  await readRegions(job, task, (_, address, count) => sketcher.add(address, count));
  return sketcher.result();
}

/** `use` is given the values of a strip, in the memory of the worker, before the next one is written over them. */
function readRegions(
  job: JobContext,
  task: TaskOf<"statistics"> | TaskOf<"sketch">,
  use: (values: Float32Array, address: number, count: number) => void,
): Promise<void> {
  const { kernel, level, regions } = task;
  if (kernel.output !== "float32" || kernel.planes !== 1)
    throw new TypeError("Statistics are made of one float32 plane.");
  return job.bench.images.withAll(job, task, async (image) => {
    const plans = regions.map((region) => planRegion(image.info, level, region));
    assertGranted(sumOfNeeds(plans.map((plan) => storedNeed(image.info, plan.served, plan.region))));
    for (const plan of plans) assertKernelReads(job, image, kernel, plan);
    announceChunks(job, image, [kernel], () => plans);
    for (const { served, strips } of plans)
      for (const region of strips) {
        const strip = { served, region, strips: [region] };
        using canvas = new Canvas(job.bench.arena, kernel, strip);
        await evaluate(job, image, kernel, strip, canvas);
        use(floatValues(canvas.pixels()), canvas.outputs[0] ?? 0, pixelCount(region));
      }
  });
}

function pixelCount({ width, height }: Region): number {
  return width * height;
}
