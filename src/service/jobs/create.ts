import type { StateStore } from "../../state/index.ts";
import { Jobs } from "./jobs.ts";
import { LocalQueue } from "./local-queue.ts";
import type { JobQueue } from "./queue.ts";
import { JobRecords } from "./records.ts";
import type { PartContext } from "./run-part.ts";
import { JOB_TIMES, type JobTimes } from "./times.ts";
import type { JobService } from "./types.ts";
import { THIS_WORKER } from "./worker.ts";

interface JobOptions extends Omit<PartContext, "records" | "worker" | "counts" | "times"> {
  readonly state: StateStore;
  /** Of the Redis that several servers share; null: none. */
  readonly redisUrl: string | null;
  /** Begins all keys there. */
  readonly redisPrefix: string;
  readonly worked: JobsWorked;
  /** Those that are left out are the usual ones. */
  readonly times?: Partial<JobTimes>;
}

/**
 * Where jobs that are begun in a process are worked on: in it, in others that share what is written down (of a Redis, or of a folder), or
 * nowhere, so that none is begun.
 */
export type JobsWorked = "here" | "elsewhere" | "nowhere";

/** Jobs, and where their parts are handed out: to all servers of a Redis, or in this process alone. */
export function createJobs({ state, redisUrl, redisPrefix, worked, times: own, ...options }: JobOptions): JobService {
  const records = new JobRecords(state);
  const counts = { completed: 0, failed: 0 };
  const times = { ...JOB_TIMES, ...own };
  const context = { ...options, records, counts, times, worker: THIS_WORKER };
  return new Jobs(
    records,
    worked === "nowhere" ? null : queueOf(redisUrl, redisPrefix, context, worked === "here"),
    counts,
    times,
  );
}

async function queueOf(url: string | null, prefix: string, context: PartContext, run: boolean): Promise<JobQueue> {
  if (url === null) return run ? new LocalQueue(context) : OTHERS;
  // BullMQ takes a while to load, which one machine need not wait for.
  const { SharedQueue } = await import("./shared-queue.ts");
  return new SharedQueue({ url, prefix, context, run });
}

/** Other processes look by themselves at what is written down in a folder. */
const OTHERS: JobQueue = { add: async () => {}, drop: async () => {}, close: async () => {} };
