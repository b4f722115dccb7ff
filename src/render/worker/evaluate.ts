import type { Kernel } from "../../kernel/kernel.ts";
import { planeInput, type RegionPlan } from "../../plan/index.ts";
import type { Canvas } from "./canvas.ts";
import { gatherPlanes } from "./gather.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";

/** Run a kernel over a planned region: for each strip, fetch and decode what is not yet there, gather the planes, evaluate. */
export async function evaluate(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  plan: RegionPlan,
  canvas: Canvas,
): Promise<void> {
  assertInputs(image, kernel, plan);
  const { arena, kernels } = job.bench;
  for (const strip of plan.strips) {
    job.checkCancelled();
    using scope = arena.scope();
    const inputs = await gatherPlanes(job, image, plan.served, strip, kernel.inputs, scope);
    kernels.run(kernel, inputs, canvas.outputs, strip.width * strip.height);
    canvas.keep(strip);
  }
}

/** A kernel is compiled for one way in which samples lie in memory; run on another it would read garbage. */
function assertInputs({ info }: OpenImage, kernel: Kernel, { served }: RegionPlan): void {
  for (const { channel, z, t, type, nodata } of kernel.inputs) {
    const expected = planeInput(info, served, channel, z, t);
    if (type !== expected.type || !Object.is(nodata, expected.nodata))
      throw new TypeError(
        `The kernel reads channel ${channel} as ${type}, level ${served.level} has it as ${expected.type}.`,
      );
  }
}
