import { once } from "node:events";
import { vi } from "vitest";
import { promiseWithResolver } from "../../../src/core/promise.ts";
import type { Services } from "../../../src/service/index.ts";
import type { JobTimes } from "../../../src/service/jobs/times.ts";
import type { Job } from "../../../src/service/jobs/types.ts";

const never = new AbortController().signal;

/** Waits for what comes to pass have no end here; what is looked at from time to time is looked at often. */
export const TEST_TIMES: JobTimes = {
  ...{ watchEveryMs: 20, stopsWithinMs: 600_000, lookEveryMs: 50 },
  ...{ firstWaitMs: 1, longestWaitMs: 20, seenAfterMs: [1] },
};

/** The job as it was last told; null: there is none. */
export async function ended(services: Services, { id }: Pick<Job, "id">): Promise<Job | null> {
  let last: Job | null = null;
  for await (const job of services.jobs.watch(id, never)) last = job;
  return last;
}

/** Waits until so many tiles of a job are in the cache, or it has ended. */
export async function completes(services: Services, { id }: Pick<Job, "id">, tiles: number): Promise<void> {
  for await (const { completed } of services.jobs.watch(id, never)) if (completed >= tiles) return;
}

export interface HeldSteps {
  /** The formula of each step that was begun, in order. */
  readonly begun: readonly string[];
  /** A step is held. */
  readonly reached: Promise<void>;
  open(): void;
}

/** Lets so many steps of jobs through, and holds further ones until `open` is called or their job stops. */
export function holdSteps({ tiles }: Services, free: number): HeldSteps {
  const begun: string[] = [];
  const reached = promiseWithResolver();
  const opened = promiseWithResolver();
  const render = tiles.tilesAhead.bind(tiles);
  vi.spyOn(tiles, "tilesAhead").mockImplementation(async (requests, signal) => {
    begun.push(requests[0]?.formula.source ?? "");
    if (begun.length > free) {
      reached.resolve();
      await Promise.race([opened.promise, ...(signal && !signal.aborted ? [once(signal, "abort")] : [])]);
    }
    return render(requests, signal);
  });
  return { begun, reached: reached.promise, open: opened.resolve };
}
