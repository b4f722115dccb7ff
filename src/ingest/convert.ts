import type { Assembly } from "./assembly.ts";
import type { Crew } from "./crew.ts";
import type { Output } from "./output.ts";
import type { EncodedChunk, UnitJob, UnitResult } from "./protocol.ts";

/** A thread that is done finds so many jobs waiting, while results before its own are still being written. */
const AHEAD_PER_THREAD = 2;

interface Running {
  readonly job: UnitJob;
  readonly result: Promise<UnitResult>;
}

/** How units are assembled differs by which channels are read together: each stack of them has an assembly of its own. */
export interface Batch {
  readonly units: Iterable<UnitJob>;
  readonly assembly: Assembly;
}

/**
 * Makes all units and writes their chunks in an order that depends on the image alone, so that the same sources give the same file.
 * Coarser units go first as soon as they are complete: what waits for them is memory.
 */
export async function convert(
  batches: Iterable<Batch>,
  crew: Crew,
  output: Output,
  onWritten: (job: UnitJob, chunks: readonly EncodedChunk[]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { units, assembly } of batches) {
    const fresh = units[Symbol.iterator]();
    const complete: UnitJob[] = [];
    const running: Running[] = [];
    for (;;) {
      while (running.length < AHEAD_PER_THREAD * crew.size) {
        const job = complete.shift() ?? fresh.next().value;
        if (!job) break;
        running.push({ job, result: crew.make(job) });
      }
      const head = running.shift();
      if (!head) break;
      const result = await abortable(head.result, signal);
      await output.write(result);
      onWritten(head.job, result.chunks);
      const parent = result.rest && assembly.add(result.rest, head.job.level);
      if (parent) complete.push(parent);
    }
  }
}

/** Rejects as soon as the signal is aborted: the threads are ended by whoever started them. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
