import { sortFloats } from "./sort-floats.ts";
import type { StatisticsResult } from "./types.ts";

/**
 * Statistics of `values`, NaN left out, in float64. The standard deviation is that of a population (numpy's default), in two passes.
 * Percentiles interpolate linearly between the sorted values at rank p/100 · (n − 1). The histogram has equal bins from the least to the
 * greatest value, the last one closed; equal ends give [min, min + 1], no valid value [0, 1]. Orders `values` in place.
 */
export function summarize(values: Float32Array, percentiles: readonly number[], bins: number): StatisticsResult {
  const count = values.length;
  sortFloats(values);
  const valid = values.subarray(0, firstNaN(values));
  const counts = new Array<number>(bins).fill(0);
  const [min] = valid;
  const max = valid.at(-1);
  if (min === undefined || max === undefined)
    return {
      count,
      validCount: 0,
      min: null,
      max: null,
      mean: null,
      standardDeviation: null,
      percentiles: percentiles.map(() => null),
      histogram: { min: 0, max: 1, counts },
    };
  for (const value of valid) {
    const bin = max > min ? Math.min(Math.floor(((value - min) / (max - min)) * bins), bins - 1) : 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const mean = valid.reduce((sum, value) => sum + value, 0) / valid.length;
  const variance = valid.reduce((sum, value) => sum + (value - mean) ** 2, 0) / valid.length;
  return {
    count,
    validCount: valid.length,
    min,
    max,
    mean,
    standardDeviation: Math.sqrt(variance),
    percentiles: percentiles.map((percent) => percentile(valid, percent)),
    histogram: { min, max: max > min ? max : min + 1, counts },
  };
}

/** `sorted` ascending, not empty; `percent` is clamped to 0…100. */
function percentile(sorted: Float32Array, percent: number): number {
  const rank = (Math.min(Math.max(percent, 0), 100) / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? Number.NaN;
  const high = sorted[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Index of the first NaN in an array that has them all at its end. */
function firstNaN(sorted: Float32Array): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number.isNaN(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
