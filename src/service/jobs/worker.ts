import { hostname } from "node:os";
import type { PartProgress, PartWorker } from "./record.ts";

/** Of another machine nobody can tell whether a process is there: after this long without a word it is taken for gone. */
const SILENT_MS = 60_000;

export const THIS_WORKER: PartWorker = { host: hostname(), pid: process.pid };

/** Whether another process works on a part: one that was killed does not. */
export function isTaken({ worker, at }: PartProgress, now: number): boolean {
  if (worker === null) return false;
  if (worker.host !== THIS_WORKER.host) return now - at < SILENT_MS;
  // In a container each process may have the pid of the one before it.
  return worker.pid !== THIS_WORKER.pid && exists(worker.pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
