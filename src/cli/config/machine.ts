import { availableParallelism, totalmem } from "node:os";
import { BandloomError } from "../../core/errors.ts";
import type { Settings } from "./settings.ts";

/** What a program may use here. */
interface Machine {
  /** Bytes. */
  readonly memory: number;
  readonly cores: number;
}

/** Threads that wait for each other's core gain nothing, and each has some 100 MB. */
const WORKERS_PER_CORE = 8;
/** Whatever the cores: a container that may use one tells of one. */
const ALWAYS_WORKERS = 16;

/** This one: its memory, or that of the control group where it is less. */
export function thisMachine(): Machine {
  // 0 where that is not known, more than there is where there is no bound.
  const constrained = process.constrainedMemory();
  return {
    memory: Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY),
    cores: availableParallelism(),
  };
}

/** BAD_REQUEST for settings that this machine cannot fulfil: better told at the start than by the system, which ends the program some day. */
export function assertFits(
  { memoryBytes, remoteCacheBytes, workers }: Pick<Settings, "memoryBytes" | "remoteCacheBytes" | "workers">,
  { memory, cores }: Machine,
): void {
  if (memoryBytes + remoteCacheBytes > memory)
    throw new BandloomError(
      "BAD_REQUEST",
      `BANDLOOM_MEMORY_BYTES (--memory-bytes) and BANDLOOM_REMOTE_CACHE_BYTES (--remote-cache-bytes) are ${gibibytes(memoryBytes + remoteCacheBytes)} together, and this program may use ${gibibytes(memory)} here. Write less.`,
    );
  const most = Math.max(ALWAYS_WORKERS, WORKERS_PER_CORE * cores);
  if (workers !== null && workers > most)
    throw new BandloomError(
      "BAD_REQUEST",
      `BANDLOOM_WORKERS (--workers) is ${workers}, and this machine has ${cores} cores. Write ${most} at most, or leave it out: one for each core.`,
    );
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
