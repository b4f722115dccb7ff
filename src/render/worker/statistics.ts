import { BandloomError } from "../../core/errors.ts";
import type { Region } from "../../core/geometry.ts";
import {
  assertGranted,
  chunkSpans,
  MAX_STATISTICS_PIXELS,
  planRegion,
  type ServedLevel,
  storedNeed,
  sumOfNeeds,
} from "../../plan/index.ts";
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

/**
 * Exact statistics of a formula's number over regions of one level, MAX_STATISTICS_PIXELS in all. Where they may be partly, what cannot be decoded is
 * left out, if something can.
 */
export async function computeStatistics(job: JobContext, task: TaskOf<"statistics">): Promise<StatisticsResult> {
  const count = task.regions.reduce((sum, region) => sum + pixelCount(region), 0);
  if (!(count <= MAX_STATISTICS_PIXELS))
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `Statistics hold up to ${MAX_STATISTICS_PIXELS} pixels; these are ${count}. Ask for a coarser level or a smaller region.`,
    );
  const values = new Float32Array(count);
  let filled = 0;
  const damage = await readRegions(job, task, (part) => {
    values.set(part, filled);
    filled += part.length;
  });
  if (damage && filled === 0) throw damage;
  const result = summarize(values.subarray(0, filled), task.percentiles, task.bins);
  return damage ? { ...result, unread: count - filled } : result;
}

/** What can be said of a formula's number over regions without holding all of it; a strip at a time. */
export async function sketchRegions(job: JobContext, task: TaskOf<"sketch">): Promise<Sketch> {
  const { arena, pixels } = job.bench;
  using scope = arena.scope();
  const sketcher = new Sketcher(pixels, (bytes) => scope.allocate(bytes));
  await readRegions(job, task, (_, address, count) => sketcher.add(address, count));
  return sketcher.result();
}

/**
 * `use` is given the values of a strip, in the memory of the worker, before the next one is written over them. Resolves to why something was
 * left out; null: nothing was.
 */
function readRegions(
  job: JobContext,
  task: TaskOf<"statistics"> | TaskOf<"sketch">,
  use: (values: Float32Array, address: number, count: number) => void,
): Promise<BandloomError | null> {
  const { kernel, level, regions } = task;
  if (kernel.output !== "float32" || kernel.planes !== 1)
    throw new TypeError("Statistics are made of one float32 plane.");
  return job.bench.images.withAll(job, task, async (image) => {
    const plans = regions.map((region) => planRegion(image.info, level, region));
    assertGranted(sumOfNeeds(plans.map((plan) => storedNeed(image.info, plan.served, plan.region))));
    for (const plan of plans) assertKernelReads(job, image, kernel, plan);
    announceChunks(job, image, [kernel], () => plans);
    const read = async (served: ServedLevel, region: Region) => {
      const strip = { served, region, strips: [region] };
      using canvas = new Canvas(job.bench.arena, kernel, strip);
      await evaluate(job, image, kernel, strip, canvas);
      use(floatValues(canvas.pixels()), canvas.outputs[0] ?? 0, pixelCount(region));
    };
    const parts = plans.flatMap(({ served, strips }) => strips.map((region) => ({ served, region })));
    const isPartly = task.kind === "statistics" && task.partly === true;
    let damage: BandloomError | null = null;
    for (const { served, region } of parts)
      if (isPartly) damage = (await readSound(served, region, read)) ?? damage;
      else await read(served, region);
    return damage;
  });
}

/** Reads what can be decoded of a region. Resolves to why something cannot; null: all can. */
async function readSound(
  served: ServedLevel,
  region: Region,
  read: (served: ServedLevel, region: Region) => Promise<void>,
): Promise<BandloomError | null> {
  const reason = await damageOf(() => read(served, region));
  if (reason) for (const part of chunksOf(served, region)) await damageOf(() => read(served, part));
  return reason;
}

/** Why work failed, where that is in the file; null where it did not. What fails otherwise is thrown. */
async function damageOf(work: () => Promise<void>): Promise<BandloomError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return error;
    throw error;
  }
}

/** The parts of a region that lie in one chunk each. */
function chunksOf({ grid }: ServedLevel, region: Region): readonly Region[] {
  return chunkSpans(grid, region).map(({ toX, toY, width, height }) => ({
    ...{ x: region.x + toX, y: region.y + toY },
    ...{ width, height },
  }));
}

function pixelCount({ width, height }: Region): number {
  return width * height;
}
