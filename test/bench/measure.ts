import { cpuTime } from "./cpu.ts";

export interface Measured {
  /** Milliseconds from call to answer, of all measured calls. */
  readonly p50: number;
  readonly p99: number;
  /** CPU milliseconds an item: the median of the rounds. */
  readonly cpu: number;
}

export interface MeasureOptions {
  /** Process whose CPU time counts; this one unless said otherwise. */
  readonly pid?: number;
  /** Calls a round that are measured, after `warmup` that are not. */
  readonly calls: number;
  readonly rounds?: number;
  readonly warmup?: number;
  /** Calls under way at a time; latencies are those of a server under this load. */
  readonly parallel?: number;
  /** Items (tiles) that one call makes. */
  readonly items?: number;
}

/** Calls `work` with 0, 1, 2 … (never the same number twice), warm-up first. CPU time is taken round by round; the median ignores a noisy neighbour. */
export async function measure(work: (call: number) => unknown, options: MeasureOptions): Promise<Measured> {
  const { pid = process.pid, calls, rounds = 5, warmup = 0, parallel = 1, items = 1 } = options;
  let next = 0;
  const times: number[] = [];
  const run = async (count: number, keep: boolean): Promise<void> => {
    const end = next + count;
    const lane = async () => {
      while (next < end) {
        const call = next++;
        const begin = performance.now();
        const result = work(call);
        if (result instanceof Promise) await result;
        if (keep) times.push(performance.now() - begin);
      }
    };
    await Promise.all(Array.from({ length: parallel }, lane));
  };
  // Once, before the warm-up: a full collection ages compiled code, and a row would measure its compilation again.
  globalThis.gc?.();
  await run(warmup, false);
  const cpu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = cpuTime(pid);
    await run(calls, true);
    cpu.push((cpuTime(pid) - before) / (calls * items));
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), cpu: quantile(cpu, 0.5) };
}

/** Of values in any order; NaN where there are none. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}
