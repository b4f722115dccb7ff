import { type PixelOps, TALLY, TALLY_BITS } from "../kernel/index.ts";
import type { StatisticsResult } from "./types.ts";

/** Whole numbers up to 8,192 and their like have buckets of their own; others are told apart to one part in 8,192. */
const BUCKETS = 2 ** TALLY_BITS;
const SHIFT = 32 - TALLY_BITS;
/** Where kernels' NaN are counted. */
const NAN_BUCKET = 0xffc00000 >>> SHIFT;
/** Values that the middle is guessed of. */
const SAMPLES = 512;

/** What statistics need to know of many numbers, and what can be added up. Plain data. */
export interface Sketch {
  readonly count: number;
  readonly valid: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Sum of the squares of the differences from the mean. */
  readonly squares: number;
  /** Pairs of a bucket and how many values are in it, buckets ascending. */
  readonly buckets: Uint32Array;
}

/** Gathers values in the memory of a worker, one part of an image after the other. */
export class Sketcher {
  readonly #pixels: PixelOps;
  readonly #counts: number;
  readonly #state: number;
  #count = 0;
  #moments: Moments = { valid: 0, mean: 0, squares: 0 };
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** `allocate` gives addresses that are good as long as the sketcher is used. */
  constructor(pixels: PixelOps, allocate: (bytes: number) => number) {
    this.#pixels = pixels;
    this.#counts = allocate(BUCKETS * Uint32Array.BYTES_PER_ELEMENT);
    this.#state = allocate(TALLY.bytes);
    new Uint32Array(this.#buffer, this.#counts, BUCKETS).fill(0);
  }

  /** Values at an address; NaN is none. Up to three floats behind them are overwritten. */
  add(address: number, count: number): void {
    const padded = Math.ceil(count / 4) * 4;
    const values = new Float32Array(this.#buffer, address, padded);
    values.fill(Number.NaN, count);
    const shift = middleOf(values.subarray(0, count));
    const state = this.#writeState(shift);
    const missing = this.#missing();
    this.#pixels.tally(address, padded, this.#counts, this.#state);
    this.#count += count;
    const valid = padded - (this.#missing() - missing);
    if (valid === 0) return;
    const read = (at: number, length: number) =>
      Array.from({ length }, (_, lane) =>
        length === 2 ? state.getFloat64(at + 8 * lane, true) : state.getFloat32(at + 4 * lane, true),
      );
    const sum = read(TALLY.sums, 2).reduce((total, one) => total + one);
    const squares = read(TALLY.squares, 2).reduce((total, one) => total + one) - (sum * sum) / valid;
    this.#moments = mergedMoments(this.#moments, { valid, mean: shift + sum / valid, squares: Math.max(0, squares) });
    this.#min = Math.min(this.#min, ...read(TALLY.least, 4));
    this.#max = Math.max(this.#max, ...read(TALLY.greatest, 4));
  }

  result(): Sketch {
    const counts = new Uint32Array(this.#buffer, this.#counts, BUCKETS);
    const pairs: number[] = [];
    const { valid } = this.#moments;
    const last = valid === 0 ? -1 : bucketOf(this.#max);
    for (let bucket = bucketOf(this.#min); bucket <= last; bucket++) {
      const count = counts[bucket] as number;
      if (count > 0) pairs.push(bucket, count);
    }
    const bounds = { min: this.#min, max: this.#max };
    return { count: this.#count, ...this.#moments, ...bounds, buckets: Uint32Array.from(pairs) };
  }

  get #buffer(): ArrayBuffer {
    return this.#pixels.memory.buffer as ArrayBuffer;
  }

  /** Values that are none, of all that were tallied. */
  #missing(): number {
    return new Uint32Array(this.#buffer, this.#counts, BUCKETS)[NAN_BUCKET] as number;
  }

  #writeState(shift: number): DataView {
    const state = new DataView(this.#buffer, this.#state, TALLY.bytes);
    for (let at = 0; at < TALLY.least; at += 8) state.setFloat64(at, 0, true);
    state.setFloat64(TALLY.shift, shift, true);
    for (let lane = 0; lane < 4; lane++) {
      state.setFloat32(TALLY.least + 4 * lane, Number.POSITIVE_INFINITY, true);
      state.setFloat32(TALLY.greatest + 4 * lane, Number.NEGATIVE_INFINITY, true);
    }
    return state;
  }
}

/** About the middle of some values, so that sums of what is left of them keep their digits. */
function middleOf(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  let [sum, valid] = [0, 0];
  for (let index = 0; index < values.length; index += step) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    valid++;
  }
  return valid === 0 ? 0 : sum / valid;
}

interface Moments {
  readonly valid: number;
  readonly mean: number;
  readonly squares: number;
}

/** Chan, Golub and LeVeque 1979: pairwise, so that large means cost no digits. */
function mergedMoments(a: Moments, b: Moments): Moments {
  const valid = a.valid + b.valid;
  if (valid === 0) return a;
  const distance = b.mean - a.mean;
  return {
    valid,
    mean: a.mean + (distance * b.valid) / valid,
    squares: a.squares + b.squares + (distance * distance * a.valid * b.valid) / valid,
  };
}

/** Statistics of all values of several sketches. Percentiles and bins are those of `summarize`, of the buckets' values. */
export function statisticsOf(
  sketches: readonly Sketch[],
  percentiles: readonly number[],
  bins: number,
): StatisticsResult {
  const count = sketches.reduce((sum, one) => sum + one.count, 0);
  const moments = sketches.reduce<Moments>(mergedMoments, { valid: 0, mean: 0, squares: 0 });
  const counts = new Array<number>(bins).fill(0);
  const { valid } = moments;
  if (valid === 0)
    return {
      ...{ count, validCount: 0, min: null, max: null, mean: null, standardDeviation: null },
      percentiles: percentiles.map(() => null),
      histogram: { min: 0, max: 1, counts },
    };
  const min = sketches.reduce((least, one) => Math.min(least, one.min), Number.POSITIVE_INFINITY);
  const max = sketches.reduce((most, one) => Math.max(most, one.max), Number.NEGATIVE_INFINITY);
  const values = orderedValues(sketches, min, max);
  for (const [value, many] of values) {
    const bin = max > min ? Math.min(Math.floor(((value - min) / (max - min)) * bins), bins - 1) : 0;
    counts[bin] = (counts[bin] ?? 0) + many;
  }
  return {
    ...{ count, validCount: valid, min, max, mean: moments.mean },
    standardDeviation: Math.sqrt(moments.squares / valid),
    percentiles: percentilesOf(values, valid, percentiles),
    histogram: { min, max: max > min ? max : min + 1, counts },
  };
}

type Counted = readonly [value: number, count: number];

/** The buckets' values, ascending, within the bounds that are known. */
function orderedValues(sketches: readonly Sketch[], min: number, max: number): readonly Counted[] {
  const counts = new Map<number, number>();
  for (const { buckets } of sketches)
    for (let at = 0; at < buckets.length; at += 2) {
      const [bucket, count] = [buckets[at] as number, buckets[at + 1] as number];
      counts.set(bucket, (counts.get(bucket) ?? 0) + count);
    }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([bucket, count]) => [Math.min(Math.max(valueOfBucket(bucket), min), max), count]);
}

function percentilesOf(values: readonly Counted[], valid: number, percentiles: readonly number[]): readonly number[] {
  /** Values up to and with each. */
  const ends: number[] = [];
  for (const [, count] of values) ends.push((ends.at(-1) ?? 0) + count);
  const at = (rank: number): number => {
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) > rank) high = middle;
      else low = middle + 1;
    }
    return values[low]?.[0] ?? Number.NaN;
  };
  return percentiles.map((percent) => {
    const rank = (Math.min(Math.max(percent, 0), 100) / 100) * (valid - 1);
    const low = at(Math.floor(rank));
    return low + (at(Math.ceil(rank)) - low) * (rank - Math.floor(rank));
  });
}

/** Bits of a float32, as a number that orders as the floats do, without the last bits of the mantissa. */
function bucketOf(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
  return (bits < 0 ? ~bits : bits | 0x80000000) >>> SHIFT;
}

/** The value of a bucket that is nearest to zero: whole numbers have it themselves. */
function valueOfBucket(bucket: number): number {
  const negative = bucket < BUCKETS / 2;
  const ordered = (bucket << SHIFT) >>> 0;
  const bits = negative ? ~(ordered | (2 ** SHIFT - 1)) : ordered & 0x7fffffff;
  return new Float32Array(Int32Array.of(bits).buffer)[0] ?? Number.NaN;
}
