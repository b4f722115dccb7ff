/** How long jobs and the work on them wait, milliseconds. */
export interface JobTimes {
  /** A job that is watched is looked at so often. */
  readonly watchEveryMs: number;
  /** Who cancels a job waits no longer for what runs of it here: a cache may be slow to write. */
  readonly stopsWithinMs: number;
  /** How often jobs are looked for that another process of this machine began and did not finish. */
  readonly lookEveryMs: number;
  /** After a failure that may be over in a while; doubled with each further one. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Another server saw that a file was replaced, or a purge: this one looks again after each of these waits. */
  readonly seenAfterMs: readonly number[];
}

export const JOB_TIMES: JobTimes = {
  // A person sees no more changes a second.
  watchEveryMs: 250,
  stopsWithinMs: 1_000,
  lookEveryMs: 5_000,
  firstWaitMs: 500,
  longestWaitMs: 5_000,
  // What was purged is known within a second, with some more for a store that is slow.
  seenAfterMs: [250, 750, 1_000],
};
