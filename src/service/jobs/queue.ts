import type { JobRecord } from "./record.ts";

/** Who hands out the parts of jobs, and to whom. */
export interface JobQueue {
  /** Parts of a job wait from now on. */
  add(record: JobRecord): Promise<void>;
  /** The job is not wanted any more: what runs of it here stops at once. Resolves when it has, and has written down what it finished. */
  drop(id: string): Promise<void>;
  /** Stops what runs here; the jobs stay. */
  close(): Promise<void>;
}
