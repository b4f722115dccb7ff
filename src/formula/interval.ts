import type { Interval } from "./expr.ts";

/**
 * Bounds rounded to float32, which may make them infinite. Rounding never changes an order, so what bounds the exact result of an
 * operation bounds its rounded result as well.
 */
export function interval(min: number, max: number, nan: boolean): Interval {
  const low = Number.isNaN(min) ? Number.NEGATIVE_INFINITY : Math.fround(min);
  const high = Number.isNaN(max) ? Number.POSITIVE_INFINITY : Math.fround(max);
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

/** ∞ − ∞ and ∞ / ∞ are NaN. */
function bothUnbounded(a: Interval, b: Interval): boolean {
  return !isBounded(a) && !isBounded(b);
}

export function sum(a: Interval, b: Interval): Interval {
  return interval(a.min + b.min, a.max + b.max, anyNan([a, b]) || bothUnbounded(a, b));
}

export function difference(a: Interval, b: Interval): Interval {
  return interval(a.min - b.max, a.max - b.min, anyNan([a, b]) || bothUnbounded(a, b));
}

export function product(a: Interval, b: Interval): Interval {
  // 0 · ∞ is NaN for one value at most; the bounds of all others are those of the finite ends.
  const times = (x: number, y: number) => (x === 0 || y === 0 ? 0 : x * y);
  const corners = [times(a.min, b.min), times(a.min, b.max), times(a.max, b.min), times(a.max, b.max)];
  return hull(corners, anyNan([a, b]) || !isBounded(a) || !isBounded(b));
}

export function quotient(a: Interval, b: Interval): Interval {
  if (b.min <= 0 && b.max >= 0) return UNKNOWN;
  return hull([a.min / b.min, a.min / b.max, a.max / b.min, a.max / b.max], anyNan([a, b]) || bothUnbounded(a, b));
}

/** The greatest whole number that is not above the quotient. */
export function floorQuotient(a: Interval, b: Interval): Interval {
  if (b.min <= 0 && b.max >= 0) return UNKNOWN;
  const corners = [a.min / b.min, a.min / b.max, a.max / b.min, a.max / b.max];
  return hull(corners.map(Math.floor), anyNan([a, b]) || bothUnbounded(a, b));
}

/** Of a function that never falls and is rounded as exactly as the bounds are. */
export function monotone(f: (x: number) => number, a: Interval, nan = a.nan): Interval {
  return interval(f(a.min), f(a.max), nan);
}

/** Of a function that never falls but for its last bits: the bounds are widened by 1e-6. */
export function nearlyMonotone(f: (x: number) => number, a: Interval, nan = a.nan): Interval {
  const low = f(a.min);
  const high = f(a.max);
  const slack = (x: number) => (Number.isFinite(x) ? Math.abs(x) * 1e-6 : 0);
  return interval(low - slack(low), high + slack(high), nan);
}
