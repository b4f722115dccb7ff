import { setMaxListeners } from "node:events";
import { own, ownerOf } from "../core/owner.ts";
import type { PictureTask, Priority, RenderedPicture, Renderer } from "../render/index.ts";
import type { MadePicture, PictureBatch, PictureMaker, WantedPicture } from "./picture-batch.ts";
import type { PictureKernels, WantedKernel } from "./picture-kernels.ts";
import type { ValidFormula } from "./types/formula.ts";

/** Pictures that the workers of this process make. */
export function ownPictures(renderer: Renderer, kernels: PictureKernels): PictureMaker {
  return { here: true, batch: (priority) => new RenderBatch(renderer, kernels, priority) };
}

interface Job {
  readonly wanted: WantedKernel;
  readonly formula: ValidFormula;
  readonly members: Member[];
}

interface Member {
  readonly task: PictureTask;
  readonly signal: AbortSignal;
  readonly resolve: (picture: RenderedPicture) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Pictures that are asked for together. Those of one image and kernel become one job, so that each chunk is read and decoded
 * once for all of them. A job is aborted when nobody waits for any of its pictures any more.
 */
class RenderBatch implements PictureBatch {
  readonly #renderer: Renderer;
  readonly #kernels: PictureKernels;
  readonly #priority: Priority;
  /** By the keys of their kernels. */
  readonly #jobs = new Map<string, Job>();

  constructor(renderer: Renderer, kernels: PictureKernels, priority: Priority) {
    this.#renderer = renderer;
    this.#kernels = kernels;
    this.#priority = priority;
  }

  async add({ formula, task, padded }: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const { format } = task.encoding;
    const wanted = this.#kernels.picture(formula, task.level, format, padded);
    const job = this.#jobs.get(wanted.key) ?? { wanted, formula, members: [] };
    this.#jobs.set(wanted.key, job);
    const { bytes, renderMs } = await new Promise<RenderedPicture>((resolve, reject) => {
      job.members.push({ task, signal, resolve, reject });
    });
    return { bytes, cache: "RENDERED", kept: false, renderMs };
  }

  start(): void {
    for (const job of this.#jobs.values()) void this.#run(job);
  }

  async #run({ wanted, formula, members }: Job): Promise<void> {
    const pictures = members.map(({ task }) => task);
    const signal = whenAllLeft(members);
    try {
      const kernel = await this.#kernels.get(wanted, signal);
      const job = { ...readsOf(formula), kernel, pictures };
      const results = await this.#renderer.pictures(job, signal, this.#priority);
      for (const [index, { resolve, reject }] of members.entries()) {
        const result = results[index];
        if (result instanceof Error || result === undefined) reject(result ?? new Error("A picture has no result."));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }
}

/** The images that a formula reads, as the renderer takes them. */
export function readsOf({ image, others }: Pick<ValidFormula, "image" | "others">) {
  const { source, info } = image;
  return { source, info, others: others.map((one) => one.source) };
}

function whenAllLeft(members: readonly Member[]): AbortSignal {
  const [only] = members;
  if (only && members.length === 1) return only.signal;
  const controller = new AbortController();
  own(controller.signal, ownerOf(only?.signal));
  // Each part of a large job listens.
  setMaxListeners(0, controller.signal);
  let waiting = members.length;
  for (const { signal } of members) {
    const leave = () => {
      waiting--;
      if (waiting === 0) controller.abort(signal.reason);
    };
    // Some may have left before the batch began.
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  }
  return controller.signal;
}
