import type { Interval } from "./expr.ts";

const FLOAT32_MAX = 3.4028234663852886e38;

/** Bounds that float32 arithmetic may overflow become infinite, so that "finite" can be relied on. */
export function interval(min: number, max: number, nan: boolean): Interval {
  const low = Number.isNaN(min) || min < -FLOAT32_MAX ? Number.NEGATIVE_INFINITY : min;
  const high = Number.isNaN(max) || max > FLOAT32_MAX ? Number.POSITIVE_INFINITY : max;
  return { min: low, max: high, nan };
}

export const UNKNOWN: Interval = interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, true);

export function isBounded(a: Interval): boolean {
  return Number.isFinite(a.min) && Number.isFinite(a.max);
}

export function anyNan(args: readonly Interval[]): boolean {
  return args.some((one) => one.nan);
}

/** Least and greatest of the candidates; an undefined one (∞ − ∞, 0 · ∞) may be anything. */
export function hull(candidates: readonly number[], nan: boolean): Interval {
  if (candidates.some(Number.isNaN)) return UNKNOWN;
  return interval(Math.min(...candidates), Math.max(...candidates), nan);
}

export function union(args: readonly Interval[], nan = anyNan(args)): Interval {
  return hull(
    args.flatMap((one) => [one.min, one.max]),
    nan,
  );
}

/** Of a function that never falls. It may round its bounds apart from its values, so they are widened by 1e-6. */
export function monotone(f: (x: number) => number, a: Interval, nan: boolean): Interval {
  const low = f(a.min);
  const high = f(a.max);
  const slack = (x: number) => (Number.isFinite(x) ? Math.abs(x) * 1e-6 : 0);
  return interval(low - slack(low), high + slack(high), nan);
}
