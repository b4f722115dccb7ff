import type { Kernel } from "../../kernel/kernel.ts";
import { planRegion, type RegionPlan } from "../../plan/index.ts";
import { encode } from "../encode/encode.ts";
import type { Failure, TaskOf } from "../protocol.ts";
import type { Picture, PictureTask, RenderedPicture } from "../types.ts";
import { Canvas } from "./canvas.ts";
import { evaluate } from "./evaluate.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { assertKernelReads } from "./plane-reads.ts";
import { announceChunks } from "./read-ahead.ts";
import { SharedChunks } from "./shared-chunks.ts";

/** Pictures of one job that may be with an asynchronous encoder at a time: their pixels wait in memory. */
const MAX_ENCODING = 4;

/** A picture whose pixels are evaluated; boxed, so that awaiting the evaluation does not await the encoder. */
interface Evaluated {
  readonly picture: Picture | Promise<Picture>;
}

/**
 * Pictures of one image and one formula, in order. A picture that fails leaves the others alone, but a changed file fails them all. While
 * one is with an asynchronous encoder the next is evaluated.
 */
export function renderPictures(
  job: JobContext,
  task: TaskOf<"pictures">,
): Promise<readonly (RenderedPicture | Failure)[]> {
  const { kernel, pictures } = task;
  return job.bench.images.withAll(job, task, async (image) => {
    const begin = performance.now();
    using shared = new SharedChunks(job, image, pictures);
    announceChunks(job, image, [kernel], () => pictures.flatMap((one) => soundPlan(image, one)));
    const results: Promise<Picture | Failure>[] = [];
    for (const picture of pictures) {
      job.checkCancelled();
      await results.at(-MAX_ENCODING);
      const evaluated = await evaluatePicture(job, image, kernel, picture).catch((error: unknown) => ({
        picture: Promise.reject(error),
      }));
      results.push(outcome(job, evaluated));
      shared.doneWith(picture);
    }
    const done = await Promise.all(results);
    const renderMs = (performance.now() - begin) / pictures.length;
    return done.map((result) => ("error" in result ? result : { ...result, renderMs }));
  });
}

/** None for a picture that cannot be planned: it fails by itself. */
function soundPlan(image: OpenImage, { level, region }: PictureTask): RegionPlan[] {
  try {
    return [planRegion(image.info, level, region)];
  } catch {
    return [];
  }
}

/** The whole way of a picture: plan; then for each strip fetch, decode, gather, evaluate; encode. */
async function evaluatePicture(
  job: JobContext,
  image: OpenImage,
  kernel: Kernel,
  task: PictureTask,
): Promise<Evaluated> {
  const plan = planRegion(image.info, task.level, task.region);
  assertKernelReads(job, image, kernel, plan);
  using canvas = new Canvas(job.bench.arena, kernel, plan);
  await evaluate(job, image, kernel, plan, canvas);
  return { picture: encode(canvas.pixels(), task) };
}

async function outcome(job: JobContext, { picture }: Evaluated): Promise<Picture | Failure> {
  try {
    return await picture;
  } catch (error) {
    return job.failure(error);
  }
}
