import { BandloomError } from "../core/errors.ts";
import type { Limits } from "./types/limits.ts";

/** Percentages of one question: each is a look into all values. */
const MAX_PERCENTILES = 32;

export const DEFAULT_PERCENTILES: readonly number[] = [0.5, 50, 99.5];
export const DEFAULT_BINS = 256;

/** BAD_REQUEST for percentages outside 0…100, and for too many. */
export function checkPercentages(at: readonly number[]): readonly number[] {
  if (at.length <= MAX_PERCENTILES && at.every((percentage) => percentage >= 0 && percentage <= 100)) return at;
  throw new BandloomError("BAD_REQUEST", `Percentiles are numbers from 0 to 100, at most ${MAX_PERCENTILES} of them.`);
}

/** BAD_REQUEST for no bins, and for too many. */
export function checkBins(bins: number, { histogramBins }: Limits): number {
  if (bins >= 1 && bins <= histogramBins) return bins;
  throw new BandloomError("BAD_REQUEST", `A histogram has 1 to ${histogramBins} bins, not ${bins}.`);
}

/** LIMIT_EXCEEDED for more points than one probe takes. */
export function checkPoints<T>(points: readonly T[], { probePoints }: Limits): readonly T[] {
  if (points.length <= probePoints) return points;
  throw new BandloomError("LIMIT_EXCEEDED", `One probe takes at most ${probePoints} points, not ${points.length}.`);
}
