import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU time that a process has used so far, milliseconds, over all its threads: first field of /proc/PID/task/TID/schedstat,
 * in nanoseconds (proc(5) has 10 ms ticks only). Threads that have ended are not in it.
 */
export function cpuTime(pid: number): number {
  const folder = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const thread of readdirSync(folder)) {
    try {
      nanoseconds += Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread ended between the two calls.
    }
  }
  return nanoseconds / 1e6;
}

/** What a process's main thread has run so far, and waited for a core though it had work, milliseconds: the first two fields. */
export function mainThreadTime(pid: number): { readonly ran: number; readonly waited: number } {
  const [ran = Number.NaN, waited = Number.NaN] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8")
    .split(" ")
    .map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { ran, waited };
}
