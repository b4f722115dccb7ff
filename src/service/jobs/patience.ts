import { setTimeout as sleep } from "node:timers/promises";
import { BandloomError, type ErrorCode } from "../../core/errors.ts";
import type { JobTimes } from "./times.ts";

/** What may be over in a while. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["SOURCE_FAILED", "SOURCE_TIMEOUT", "OVERLOADED"]);

export function isPassing(error: unknown): boolean {
  return error instanceof BandloomError && PASSING.has(error.code);
}

/** Tries again what failed for a reason that passes, after longer and longer waits. Rejects with the last failure, or the signal's reason. */
export async function patiently<T>(
  work: (isLast: boolean) => Promise<T>,
  tries: number,
  signal: AbortSignal,
  { firstWaitMs, longestWaitMs }: JobTimes,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    try {
      return await work(failures + 1 >= tries);
    } catch (error) {
      if (!isPassing(error) || failures + 1 >= tries) throw error;
      await sleep(Math.min(firstWaitMs * 2 ** failures, longestWaitMs), undefined, { signal });
    }
  }
}
