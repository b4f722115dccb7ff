import type { Region } from "../../core/geometry.ts";
import type { KernelInput, KernelReads } from "../../kernel/index.ts";
import { assertGranted, type RegionPlan, type ServedLevel, storedNeed } from "../../plan/index.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { placedRead } from "./placed.ts";
import { grownBy } from "./stages.ts";

/** Planes that are read over a region of a level. */
export interface PlaneReads {
  readonly image: OpenImage;
  readonly served: ServedLevel;
  readonly region: Region;
  readonly inputs: readonly KernelInput[];
}

/** All that a kernel reads for a region, what its stages read included. */
export function planeReads(
  job: JobContext,
  image: OpenImage,
  { inputs, stages }: KernelReads,
  served: ServedLevel,
  region: Region,
): readonly PlaneReads[] {
  const below = stages.flatMap((stage) => {
    if (stage.kind === "neighbourhood")
      return planeReads(job, image, stage.kernel, served, grownBy(region, stage.passes, served));
    const placed = placedRead(job, stage.placement, served, region);
    return placed.region ? planeReads(job, placed.image, stage.kernel, placed.served, placed.region) : [];
  });
  return [{ image, served, region, inputs }, ...below];
}

/** LIMIT_EXCEEDED, before anything is read, when a kernel needs too much for a region: what its stages read beyond it included. */
export function assertKernelReads(
  job: JobContext,
  image: OpenImage,
  kernel: KernelReads,
  { served, region }: RegionPlan,
): void {
  // Without stages it reads what the plan has been granted.
  if (kernel.stages.length === 0) return;
  for (const reads of planeReads(job, image, kernel, served, region))
    assertGranted(storedNeed(reads.image.info, reads.served, reads.region));
}
