import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { PartProgress, PartWorker } from "./record.ts";

/** Of another machine nobody can tell whether a process is there: after this long without a word it is taken for gone. */
const SILENT_MS = 60_000;

export const THIS_WORKER: PartWorker = { host: hostname(), pid: process.pid, birth: birthOf(process.pid) };

/** Whether another process works on a part: one that was killed does not. */
export function isTaken({ worker, at }: PartProgress, now: number): boolean {
  if (worker === null) return false;
  if (worker.host !== THIS_WORKER.host) return now - at < SILENT_MS;
  // In a container each process may have the pid of the one before it.
  if (worker.pid === THIS_WORKER.pid) return false;
  const birth = birthOf(worker.pid);
  return birth !== null && worker.birth ? birth === worker.birth : exists(worker.pid);
}

export function isSame(one: PartWorker | null, other: PartWorker): boolean {
  return one?.host === other.host && one.pid === other.pid && one.birth === other.birth;
}

/** When a process was started, in ticks since a start of the machine that has a name (Linux, proc(5)); null: not known. */
export function birthOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program may hold anything, brackets too; starttime is field 22, and the name is the second.
    const ticks = status.slice(status.lastIndexOf(")") + 2).split(" ")[19];
    const machine = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks === undefined ? null : `${machine}/${ticks}`;
  } catch {
    return null;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
