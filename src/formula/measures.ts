import type { Expr, FormulaType, Interval, MeasuredExpr } from "./expr.ts";
import { interval } from "./interval.ts";
import { zscaleRange } from "./zscale.ts";

/** Statistics of a number over the valid pixels of an image; null where there is none. */
export interface Statistics {
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  /** As they were asked for, with linear interpolation between sorted values. */
  readonly percentiles: readonly (number | null)[];
}

export type MeasureName = "stretch" | "zscale" | "equalize" | "mean" | "stddev" | "percentile";

/** How what was measured is written into a formula. */
export interface MeasureTools {
  constant(value: number): Expr;
  call(name: string, args: readonly Expr[]): Expr;
}

/** What a formula may ask of the pixels before it is complete. */
interface MeasureRow {
  readonly type: FormulaType;
  readonly interval: (argument: Interval) => Interval;
  /** Percentiles to ask for, 0…100. */
  readonly percentiles: (parameters: readonly number[]) => readonly number[];
  /** Numbers that stand for the image: always as many as `count`. */
  readonly answer: (statistics: Statistics, parameters: readonly number[]) => readonly number[];
  readonly count: number;
  readonly express: (argument: Expr, answer: readonly number[], tools: MeasureTools) => Expr;
}

const none = () => [];
const shade = ({ min, max, nan }: Interval) => interval(0, 1, nan || !Number.isFinite(max - min));
const within = ({ min, max }: Interval) => interval(min, max, true);

/** float32 ends; equal ones become a window of one unit, or of a few steps where a unit is less than a step. */
function windowOf(argument: Expr, [first = 0, last = 1]: readonly number[], { constant, call }: MeasureTools): Expr {
  const [low, high] = nonEmpty(first, last);
  return call("window", [argument, constant(low), constant(high)]);
}

export function nonEmpty(first: number, last: number): readonly [low: number, high: number] {
  const [low, high] = [Math.fround(first), Math.fround(last)];
  if (high > low && Number.isFinite(high)) return [low, high];
  const step = Math.max(1, Math.abs(low) * 2 ** -20);
  const above = Math.fround(low + step);
  return Number.isFinite(above) ? [low, above] : [Math.fround(low - step), low];
}

/** Values at equal shares of the pixels, from the least to the greatest: the curve of `equalize`. */
const EQUALIZED = 33;
/** Sorted values that stand for an image in `zscale`, as IRAF takes them. */
const SAMPLES = 1000;

function evenly(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => (index / (count - 1)) * 100);
}

/** Percentiles in the middle of equal shares: what so many pixels from all over an image are on average, sorted. */
function middles(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => ((index + 0.5) / count) * 100);
}

const single = {
  type: "number",
  count: 1,
  express: (_, [value = Number.NaN], tools) => tools.constant(value),
} as const satisfies Partial<MeasureRow>;

export const MEASURES: Readonly<Record<MeasureName, MeasureRow>> = {
  stretch: {
    type: "shade",
    interval: shade,
    percentiles: (percentiles) => percentiles,
    // No valid pixel at all: any window shows the same.
    answer: ({ percentiles: [low, high] }) => (low == null || high == null ? [0, 1] : [low, high]),
    count: 2,
    express: windowOf,
  },
  zscale: {
    type: "shade",
    interval: shade,
    // With the least and the greatest value of all pixels among them, the line would end in outliers that a sample seldom has.
    percentiles: () => middles(SAMPLES),
    answer: ({ percentiles }, [contrast = 0.25]) => {
      const samples = percentiles.filter((one) => one !== null);
      return samples.length === 0 ? [0, 1] : zscaleRange(samples, contrast);
    },
    count: 2,
    express: windowOf,
  },
  equalize: {
    type: "shade",
    interval: shade,
    percentiles: () => evenly(EQUALIZED),
    answer: ({ percentiles }) => percentiles.map((one, index) => one ?? index),
    count: EQUALIZED,
    express: (argument, answer, { constant, call }) => call("cdf", [argument, ...answer.map(constant)]),
  },
  mean: { ...single, interval: within, percentiles: none, answer: ({ mean }) => [mean ?? Number.NaN] },
  stddev: {
    ...single,
    interval: ({ min, max }) => interval(0, max - min, true),
    percentiles: none,
    answer: ({ standardDeviation }) => [standardDeviation ?? Number.NaN],
  },
  percentile: {
    ...single,
    interval: within,
    percentiles: (percentiles) => percentiles,
    answer: ({ percentiles: [value] }) => [value ?? Number.NaN],
  },
};

/** The longest texts that an answer can have, to see whether the formula can be written at all: negative numbers with all digits. */
export function widestAnswer({ measure }: MeasuredExpr): readonly number[] {
  const { count } = MEASURES[measure];
  return Array.from({ length: count }, (_, index) => -1.1754944e-38 + index * 1.4e-45);
}
