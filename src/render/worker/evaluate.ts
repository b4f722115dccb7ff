import { planeBytes } from "../../core/dtype.ts";
import type { Region } from "../../core/geometry.ts";
import { type Kernel, OUTPUT_BYTES } from "../../kernel/kernel.ts";
import { planeInput, type RegionPlan, type ServedLevel } from "../../plan/index.ts";
import type { Scope } from "./arena.ts";
import type { Canvas } from "./canvas.ts";
import { gatherPlanes } from "./gather.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { placedPlane } from "./placed.ts";
import { stagePlane } from "./stages.ts";

const FLOAT_BYTES = 4;

/** Run a kernel over a planned region: for each strip, fetch and decode what is not yet there, gather the planes, evaluate. */
export async function evaluate(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  plan: RegionPlan,
  canvas: Canvas,
): Promise<void> {
  for (const strip of plan.strips) {
    job.checkCancelled();
    using scope = job.bench.arena.scope();
    const inputs = await gatherInputs(job, image, kernel, plan.served, strip, scope);
    await runInParts(job, kernel, inputs, canvas.outputs, strip.width * strip.height);
    canvas.keep(strip);
  }
}

/** Pixels of a short kernel that are evaluated at a time: a tile, in less than a slice. */
const PART_PIXELS = 1 << 16;
/** A kernel of so many bytes of code does some 10 million pixels a second; a longer one fewer, in proportion. */
const SHORT_KERNEL_BYTES = 16 * 1024;
/** Kernels take pixels in groups, whose planes begin on 16-byte borders. */
const GROUP = 16;

/** A kernel over planes at the given addresses, which stay where they are. Gives way to other jobs between parts of a few milliseconds. */
export async function runInParts(
  job: JobContext,
  kernel: Kernel,
  inputs: readonly number[],
  outputs: readonly number[],
  pixels: number,
): Promise<void> {
  const { kernels } = job.bench;
  const share = Math.min(1, SHORT_KERNEL_BYTES / kernel.bytes.length);
  const part = Math.max(GROUP, Math.floor((PART_PIXELS * share) / GROUP) * GROUP);
  if (pixels <= part) {
    kernels.run(kernel, inputs, outputs, pixels);
    return;
  }
  const inputBytes = [...kernel.inputs.map(({ type }) => planeBytes(type)), ...kernel.stages.map(() => FLOAT_BYTES)];
  for (let from = 0; from < pixels; from += part) {
    if (job.isDue) await job.breathe();
    kernels.run(
      kernel,
      inputs.map((address, index) => address + from * (inputBytes[index] as number)),
      outputs.map((address) => address + from * OUTPUT_BYTES[kernel.output]),
      Math.min(part, pixels - from),
    );
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
