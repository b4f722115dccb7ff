import type { Assembly } from "./assembly.ts";
import type { Crew } from "./crew.ts";
import type { Output } from "./output.ts";
import type { EncodedChunk, UnitJob, UnitResult } from "./protocol.ts";

/** A thread that is done finds so many jobs waiting, while results before its own are still being written. */
const AHEAD_PER_THREAD = 2;

/** A unit, and where what it leaves is joined: channels that are read together have an assembly of their own. */
export interface Work {
  readonly job: UnitJob;
  readonly assembly: Assembly;
}

interface Running extends Work {
  readonly result: Promise<UnitResult>;
}

/**
 * Makes all units and writes their chunks: those of a coarser unit right behind those of the last unit that it is made of, so that the same
 * sources give the same file, whoever was done first, and what waits for coarser levels stays little.
 */
export async function convert(
  units: Iterator<Work>,
  crew: Crew,
  output: Output,
  onWritten: (chunks: readonly EncodedChunk[]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const running: Running[] = [];
  for (;;) {
    while (running.length < AHEAD_PER_THREAD * crew.size) {
      const work: Work | undefined = units.next().value;
      if (!work) break;
      running.push({ ...work, result: crew.make(work.job) });
    }
    const head = running.shift();
    if (!head) return;
    const { assembly } = head;
    const result = await abortable(head.result, signal);
    const job = result.rest && assembly.add(result.rest, head.job.level);
    if (job) running.unshift({ job, assembly, result: crew.makeNext(job) });
    await output.write(result);
    onWritten(result.chunks);
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
