import type { Region } from "../../core/geometry.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { planeInput, type RegionPlan, type ServedLevel } from "../../plan/index.ts";
import type { Scope } from "./arena.ts";
import type { Canvas } from "./canvas.ts";
import { gatherPlanes } from "./gather.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { placedPlane } from "./placed.ts";
import { stagePlane } from "./stages.ts";

/** Run a kernel over a planned region: for each strip, fetch and decode what is not yet there, gather the planes, evaluate. */
export async function evaluate(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  plan: RegionPlan,
  canvas: Canvas,
): Promise<void> {
  const { arena, kernels } = job.bench;
  for (const strip of plan.strips) {
    job.checkCancelled();
    using scope = arena.scope();
    const inputs = await gatherInputs(job, image, kernel, plan.served, strip, scope);
    kernels.run(kernel, inputs, canvas.outputs, strip.width * strip.height);
    canvas.keep(strip);
  }
}

/** Addresses of all that a kernel reads over a region, good until `scope` ends: planes of channels, then those of its stages. */
export async function gatherInputs(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  served: ServedLevel,
  region: Region,
  scope: Scope,
): Promise<readonly number[]> {
  assertInputs(image, kernel, served);
  const addresses = await gatherPlanes(job, image, served, region, kernel.inputs, scope);
  for (const stage of kernel.stages)
    addresses.push(
      stage.kind === "placed"
        ? await placedPlane(job, stage, served, region, scope)
        : await stagePlane(job, image, stage, served, region, scope),
    );
  return addresses;
}

/** A kernel is compiled for one way in which samples lie in memory; run on another it would read garbage. */
function assertInputs({ info }: OpenImage, kernel: Kernel, served: ServedLevel): void {
  for (const { channel, z, t, type, nodata } of kernel.inputs) {
    const expected = planeInput(info, served, channel, z, t);
    if (type !== expected.type || !Object.is(nodata, expected.nodata))
      throw new TypeError(
        `The kernel reads channel ${channel} as ${type}, level ${served.level} has it as ${expected.type}.`,
      );
  }
}
