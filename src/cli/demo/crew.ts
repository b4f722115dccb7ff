import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { endThread } from "../../render/end-thread.ts";
import type { PaintedUnit, UnitJob } from "./unit.ts";

/** Heap of a painter: its maps and planes are a few MB; young garbage is bounded so that memory stays low. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 };

/**
 * Paints units in threads and gives them back in the order of the jobs, whichever is done first, so that the file is the same every time.
 * Each thread has one job at a time, and nobody runs further ahead than there are threads.
 */
export async function* paintUnits(
  jobs: readonly UnitJob[],
  threads: number,
  signal?: AbortSignal,
): AsyncGenerator<PaintedUnit> {
  const crew = Array.from({ length: Math.min(threads, jobs.length) }, () => {
    return new Worker(new URL("./worker.js", import.meta.url), { resourceLimits: RESOURCE_LIMITS });
  });
  try {
    const running = jobs.slice(0, crew.length).map((job, index) => start(crew[index], job, signal));
    for (let index = 0; index < jobs.length; index++) {
      const current = running[index];
      if (!current) throw new RangeError("A unit was not started.");
      const unit = await current;
      // The thread that painted this one is free: it takes the job that is as far ahead as there are threads.
      const next = jobs[index + crew.length];
      if (next) running[index + crew.length] = start(crew[index % crew.length], next, signal);
      delete running[index];
      yield unit;
    }
  } finally {
    await Promise.all(crew.map(endThread));
  }
}

function start(worker: Worker | undefined, job: UnitJob, signal: AbortSignal | undefined): Promise<PaintedUnit> {
  if (!worker) throw new RangeError("There is no thread to paint.");
  const painted = answer(worker, signal);
  // Awaited later: until then a failure must not count as unhandled.
  painted.catch(() => {});
  worker.postMessage(job);
  return painted;
}

async function answer(worker: Worker, signal: AbortSignal | undefined): Promise<PaintedUnit> {
  const [unit] = (await once(worker, "message", signal ? { signal } : {})) as [PaintedUnit];
  return unit;
}
