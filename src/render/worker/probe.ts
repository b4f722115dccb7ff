import type { PlaneType } from "../../core/dtype.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { isNodata } from "../../kernel/plane-lanes.ts";
import { channelInputs } from "../../kernel/stages.ts";
import {
  assertGranted,
  MEASURED,
  planRegion,
  type RegionPlan,
  type StoredNeed,
  storedNeed,
  sumOfNeeds,
} from "../../plan/index.ts";
import { detached, floatValues, type Pixels } from "../encode/pixels.ts";
import type { TaskOf } from "../protocol.ts";
import type { ProbeResult } from "../types.ts";
import { Canvas } from "./canvas.ts";
import { evaluate } from "./evaluate.ts";
import { gatherPlanes } from "./gather.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { type PlaneReads, planeReads } from "./plane-reads.ts";
import { announceChunks } from "./read-ahead.ts";

/** Stored values, formula values and colour under single pixels of one level. */
export function probePoints(job: JobContext, task: TaskOf<"probe">): Promise<readonly ProbeResult[]> {
  const { kernel, colorKernel, level, points } = task;
  if (kernel.output !== "float32" || (colorKernel && colorKernel.output !== "rgba8"))
    throw new TypeError("A probe takes a float32 kernel for values and an rgba8 kernel for colours.");
  return job.bench.images.withAll(job, task, async (image) => {
    const plans = points.map(({ x, y }) => planRegion(image.info, level, { x, y, width: 1, height: 1 }));
    const kernels = colorKernel ? [kernel, colorKernel] : [kernel];
    assertGranted(pointNeed(job, image, kernels, plans), MEASURED);
    announceChunks(job, image, kernels, () => plans);
    const results: ProbeResult[] = [];
    for (const plan of plans) {
      const values = floatValues(await evaluatePoint(job, image, kernel, plan));
      const [r = 0, g = 0, b = 0, a = 0] = colorKernel
        ? (await evaluatePoint(job, image, colorKernel, plan)).bytes
        : [];
      const inputs = await readInputs(job, image, kernel, plan);
      results.push({ inputs, values: [...values], rgba: colorKernel && [r, g, b, a] });
    }
    return results;
  });
}

/** What is read of each image for all points, a block of chunks that several points are in counted once. */
function pointNeed(
  job: JobContext,
  image: OpenImage,
  kernels: readonly Kernel[],
  plans: readonly RegionPlan[],
): StoredNeed {
  const needs = new Map<string, StoredNeed>();
  for (const { served, region } of plans)
    for (const kernel of kernels)
      for (const reads of planeReads(job, image, kernel, served, region)) {
        const name = blockName(reads);
        if (!needs.has(name)) needs.set(name, storedNeed(reads.image.info, reads.served, reads.region));
      }
  return sumOfNeeds([...needs.values()]);
}

/** Names the chunks under a region: where it is a pixel, the chunk. */
function blockName({ image, served, region }: PlaneReads): string {
  const { chunkWidth, chunkHeight } = served.grid;
  const [left, top] = [Math.floor(region.x / chunkWidth), Math.floor(region.y / chunkHeight)];
  const right = Math.floor((region.x + region.width - 1) / chunkWidth);
  const bottom = Math.floor((region.y + region.height - 1) / chunkHeight);
  return [image.id, served.level, left, top, right, bottom].join("/");
}

async function evaluatePoint(job: JobContext, image: OpenImage, kernel: Kernel, plan: RegionPlan): Promise<Pixels> {
  using canvas = new Canvas(job.bench.arena, kernel, plan);
  await evaluate(job, image, kernel, plan, canvas);
  return detached(canvas.pixels());
}

async function readInputs(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  { served, region }: RegionPlan,
): Promise<ProbeResult["inputs"]> {
  const inputs = channelInputs(kernel);
  using scope = job.bench.arena.scope();
  const addresses = await gatherPlanes(job, image, served, region, inputs, scope);
  const memory = new DataView(job.bench.arena.memory.buffer);
  return inputs.map(({ type, nodata }, index) => {
    const value = readSample(memory, addresses[index] ?? 0, type);
    return { value, nodata: Number.isNaN(value) || isNodata(type, value, nodata) };
  });
}

function readSample(memory: DataView, address: number, type: PlaneType): number {
  switch (type) {
    case "uint8":
      return memory.getUint8(address);
    case "int8":
      return memory.getInt8(address);
    case "uint16":
      return memory.getUint16(address, true);
    case "int16":
      return memory.getInt16(address, true);
    case "uint32":
      return memory.getUint32(address, true);
    case "int32":
      return memory.getInt32(address, true);
    case "float32":
      return memory.getFloat32(address, true);
    case "float64":
      return memory.getFloat64(address, true);
  }
}
