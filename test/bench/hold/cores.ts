import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Cores {
  /** For the server: one. */
  readonly server: string;
  /** For whoever asks it: all others. */
  readonly clients: string;
}

/** Cores of this process, shared so that clients take nothing from the server; null where there is only one. */
export function sharedCores(): Cores | null {
  // proc(5): such as 0-3,8.
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const [first, ...others] = list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
  return first === undefined || others.length === 0 ? null : { server: `${first}`, clients: others.join(",") };
}

/** This process, and those that it starts, run on these cores from now on. */
export function stayOn(cores: string): void {
  execFileSync("taskset", ["-a", "-p", "-c", cores, `${process.pid}`], { stdio: "ignore" });
}
