import type { StateStore } from "../../state/index.ts";
import { Jobs } from "./jobs.ts";
import { LocalQueue } from "./local-queue.ts";
import type { JobQueue } from "./queue.ts";
import { JobRecords } from "./records.ts";
import type { PartContext } from "./run-part.ts";
import type { JobService } from "./types.ts";
import { THIS_WORKER } from "./worker.ts";

interface JobOptions extends Omit<PartContext, "records" | "worker"> {
  readonly state: StateStore;
  /** Work on jobs here. */
  readonly run: boolean;
}

/** Jobs, and where their parts are handed out: in this process alone. */
export function createJobs({ state, run, ...options }: JobOptions): JobService {
  const records = new JobRecords(state);
  const context = { ...options, records, worker: THIS_WORKER };
  return new Jobs(records, Promise.resolve(run ? new LocalQueue(context) : NO_WORK));
}

const NO_WORK: JobQueue = { add: async () => {}, drop: () => {}, close: async () => {} };
