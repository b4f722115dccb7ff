import type { StatisticsResult } from "./types.ts";

/**
 * Values are told apart by their sign, exponent and first 13 bits of mantissa: whole numbers up to 8,192 and their like exactly, others
 * to one part in 8,192.
 */
const BUCKET_BITS = 22;
const SHIFT = 32 - BUCKET_BITS;

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

/** Gathers values of one part of an image after the other. */
export class Sketcher {
  readonly #counts = new Uint32Array(2 ** BUCKET_BITS);
  #count = 0;
  #valid = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #mean = 0;
  #squares = 0;

  /** NaN is no value. */
  add(values: Float32Array): void {
    const counts = this.#counts;
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    let [valid, sum, min, max] = [0, 0, this.#min, this.#max];
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      if (Number.isNaN(value)) continue;
      valid++;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      const bucket = bucketOf(bits[index] as number);
      counts[bucket] = (counts[bucket] as number) + 1;
    }
    this.#count += values.length;
    if (valid === 0) return;
    const mean = sum / valid;
    let squares = 0;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      if (!Number.isNaN(value)) squares += (value - mean) * (value - mean);
    }
    const merged = mergedMoments(
      { valid: this.#valid, mean: this.#mean, squares: this.#squares },
      { valid, mean, squares },
    );
    [this.#valid, this.#mean, this.#squares, this.#min, this.#max] = [
      merged.valid,
      merged.mean,
      merged.squares,
      min,
      max,
    ];
  }

  result(): Sketch {
    const filled = this.#counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const buckets = new Uint32Array(2 * filled);
    let next = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      buckets[next++] = bucket;
      buckets[next++] = count;
    }
    return {
      ...{ count: this.#count, valid: this.#valid, min: this.#min, max: this.#max },
      ...{ mean: this.#mean, squares: this.#squares, buckets },
    };
  }
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
function bucketOf(bits: number): number {
  return (bits < 0 ? ~bits : bits | 0x80000000) >>> SHIFT;
}

/** The value of a bucket that is nearest to zero: whole numbers have it themselves. */
function valueOfBucket(bucket: number): number {
  const negative = bucket < 2 ** (BUCKET_BITS - 1);
  const ordered = (bucket << SHIFT) >>> 0;
  const bits = negative ? ~(ordered | (2 ** SHIFT - 1)) : ordered & 0x7fffffff;
  return new Float32Array(Int32Array.of(bits).buffer)[0] ?? Number.NaN;
}
