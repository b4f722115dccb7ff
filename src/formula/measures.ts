import type { Expr, FormulaType, Interval, MeasuredExpr } from "./expr.ts";
import { interval } from "./interval.ts";
import { isHidden, type Range, SHOWN_PERCENTILES, shownRange, shownTogether } from "./shown-range.ts";
import { zscaleRange } from "./zscale.ts";

/** Statistics of a number over the valid pixels of a plane; null where there is none. */
export interface Statistics {
  readonly validCount: number;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  /** As they were asked for, with linear interpolation between sorted values. */
  readonly percentiles: readonly (number | null)[];
}

/** `shown`: the window of the display rules; its parameters are the ends of the window that the file states, if it does. */
export type MeasureName = "shown" | "stretch" | "zscale" | "equalize" | "mean" | "stddev" | "percentile";

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
  /** It is one for all planes of a stack, some of which are looked at; else of the plane that is read. */
  readonly ofAllPlanes: boolean;
  /** Numbers that stand for the image, of one statistics for each plane that was looked at (at least one): always as many as `count`. */
  readonly answer: (planes: readonly Statistics[], parameters: readonly number[]) => readonly number[];
  readonly count: number;
  readonly express: (argument: Expr, answer: readonly number[], tools: MeasureTools) => Expr;
}

const none = () => [];
const shade = ({ min, max, nan }: Interval) => interval(0, 1, nan || !Number.isFinite(max - min));
const within = ({ min, max }: Interval) => interval(min, max, true);

/** float32 ends; equal ones become a window of one unit, or of a few steps where a unit is less than a step. */
export function windowOf(
  argument: Expr,
  [first = 0, last = 1]: readonly number[],
  { constant, call }: MeasureTools,
): Expr {
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

/** Windows of all planes together; where no pixel is valid any window shows the same. */
function together(ranges: readonly (Range | null)[]): Range {
  return shownTogether(ranges) ?? [0, 1];
}

const single = {
  type: "number",
  count: 1,
  ofAllPlanes: false,
  express: (_, [value = Number.NaN], tools) => tools.constant(value),
} as const satisfies Partial<MeasureRow>;

export const MEASURES: Readonly<Record<MeasureName, MeasureRow>> = {
  shown: {
    type: "shade",
    interval: shade,
    percentiles: () => SHOWN_PERCENTILES,
    ofAllPlanes: true,
    answer: (planes, [low, high]) => {
      const isStated = low !== undefined && high !== undefined && !isHidden([low, high], planes);
      return isStated ? [low, high] : together(planes.map(shownRange));
    },
    count: 2,
    express: windowOf,
  },
  stretch: {
    type: "shade",
    interval: shade,
    percentiles: (percentiles) => percentiles,
    ofAllPlanes: true,
    answer: (planes) =>
      together(planes.map(({ percentiles: [low, high] }) => (low == null || high == null ? null : [low, high]))),
    count: 2,
    express: windowOf,
  },
  zscale: {
    type: "shade",
    interval: shade,
    // With the least and the greatest value of all pixels among them, the line would end in outliers that a sample seldom has.
    percentiles: () => middles(SAMPLES),
    ofAllPlanes: true,
    answer: (planes, [contrast = 0.25]) => {
      const samples = planes.map(({ percentiles }) => percentiles.filter((one) => one !== null));
      return together(samples.map((plane) => (plane.length === 0 ? null : zscaleRange(plane, contrast))));
    },
    count: 2,
    express: windowOf,
  },
  equalize: {
    type: "shade",
    interval: shade,
    percentiles: () => evenly(EQUALIZED),
    ofAllPlanes: false,
    answer: ([plane]) => evenly(EQUALIZED).map((_, index) => plane?.percentiles[index] ?? index),
    count: EQUALIZED,
    express: (argument, answer, { constant, call }) => call("cdf", [argument, ...answer.map(constant)]),
  },
  mean: { ...single, interval: within, percentiles: none, answer: ([plane]) => [plane?.mean ?? Number.NaN] },
  stddev: {
    ...single,
    interval: ({ min, max }) => interval(0, max - min, true),
    percentiles: none,
    answer: ([plane]) => [plane?.standardDeviation ?? Number.NaN],
  },
  percentile: {
    ...single,
    interval: within,
    percentiles: (percentiles) => percentiles,
    answer: ([plane]) => [plane?.percentiles[0] ?? Number.NaN],
  },
};

/** The longest texts that an answer can have, to see whether the formula can be written at all: negative numbers with all digits. */
export function widestAnswer({ measure }: MeasuredExpr): readonly number[] {
  const { count } = MEASURES[measure];
  return Array.from({ length: count }, (_, index) => -1.1754944e-38 + index * 1.4e-45);
}

/** What only the pixels can tell below some roots, each once: one within another comes first, as it must be known before the other's pixels can be read. */
export function measuredBelow(roots: readonly Expr[]): readonly MeasuredExpr[] {
  const seen = new Set<Expr>();
  const found: MeasuredExpr[] = [];
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "call") expr.args.forEach(visit);
    if (expr.kind !== "measured") return;
    visit(expr.argument);
    found.push(expr);
  };
  roots.forEach(visit);
  return found;
}
