import type { Expr } from "../expr.ts";
import { difference, interval, isBounded, quotient } from "../interval.ts";
import { pow } from "../math/index.ts";
import { printNumber } from "../print.ts";
import { first, given, noDataOf, number } from "./define.ts";
import type { FunctionRow } from "./row.ts";

/** Of the automatic window: robust against single hot and dead pixels. */
export const DEFAULT_PERCENTILES = [0.5, 99.5] as const;

function refuseWindow([, low, high]: readonly Expr[]): string | null {
  if (low?.kind !== "const" || high?.kind !== "const") return null;
  if (Number.isFinite(low.value) && Number.isFinite(high.value) && low.value < high.value) return null;
  return `The window's low end (${low.text}) must be less than its high end (${high.text}), both finite.`;
}

function refuseGamma([, g]: readonly Expr[]): string | null {
  if (g?.kind !== "const" || (g.value > 0 && Number.isFinite(g.value))) return null;
  return `Gamma must be a positive number, not ${g.text}; 1 changes nothing, 2.2 brightens.`;
}

/** Percentiles as they are given or by default; null where one is a calculation. */
function percentilesOf([, low, high]: readonly Expr[]): readonly [low: number, high: number] | null {
  const percent = (expr: Expr | undefined, otherwise: number) =>
    expr === undefined ? otherwise : expr.kind === "const" ? expr.value : null;
  const [first, last] = [percent(low, DEFAULT_PERCENTILES[0]), percent(high, DEFAULT_PERCENTILES[1])];
  return first === null || last === null ? null : [first, last];
}

function refusePercentiles(args: readonly Expr[]): string | null {
  const percentiles = percentilesOf(args);
  if (percentiles === null) return "The percentiles must be plain numbers, such as stretch(red, 2, 98).";
  const [low, high] = percentiles;
  if (low >= 0 && high <= 100 && low < high) return null;
  return `Percentiles go from 0 to 100, the low one (${printNumber(low)}) first and less than the high one (${printNumber(high)}).`;
}

export const displayRows: readonly FunctionRow[] = [
  {
    name: "window",
    category: "display",
    parameters: [
      number("x"),
      { name: "low", type: "number", default: Number.NaN },
      { name: "high", type: "number", default: Number.NaN },
    ],
    help: "clamp((x − low) / (high − low), 0, 1): a number as a shade. Without low and high the display rules choose them.",
    example: "window(red, 20, 200)",
    cost: 6,
    result: "shade",
    refuse: refuseWindow,
    interval: ([x, low, high]) => {
      const scaled = quotient(difference(given(x), given(low)), difference(given(high), given(low)));
      return interval(0, 1, scaled.nan || !isBounded(given(x)));
    },
    evaluate: (ops, [x, low, high], call) => {
      const value = first(x);
      const range = ops.sub(first(high), first(low));
      const scaled = ops.div(ops.sub(value, first(low)), range);
      const clamped = ops.min(ops.max(scaled, ops.constant(0)), ops.constant(1));
      const source = call.args[0];
      if (source && isBounded(source.interval)) return [clamped];
      // An infinity is no data and must not be clamped to white: x − x is 0 for finite x, else NaN.
      return [ops.add(clamped, ops.sub(value, value))];
    },
    rewrite: (args, tools) => (args.length === 1 ? tools.window(given(args[0])) : tools.call("window", args)),
  },
  {
    name: "stretch",
    category: "display",
    parameters: [
      number("x"),
      { name: "low", type: "number", default: DEFAULT_PERCENTILES[0] },
      { name: "high", type: "number", default: DEFAULT_PERCENTILES[1] },
    ],
    help: "Window between two percentiles (in percent) of the value over the whole image.",
    example: "stretch(red, 2, 98)",
    cost: 6,
    result: "shade",
    refuse: refusePercentiles,
    interval: ([x]) => interval(0, 1, given(x).nan || !isBounded(given(x))),
    evaluate: () => {
      throw new Error("A rewritten call is never evaluated.");
    },
    rewrite: (args, tools) => tools.window(given(args[0]), given(percentilesOf(args) ?? undefined)),
  },
  {
    name: "gamma",
    category: "display",
    parameters: [{ name: "shade", type: "shade" }, number("g")],
    help: "shade^(1/g): g above 1 brightens the middle, below 1 darkens it; no data where g is not positive.",
    example: "gamma(red, 2.2)",
    cost: 26,
    result: "shade",
    refuse: refuseGamma,
    interval: ([s, g]) => interval(0, 1, given(s).nan || given(g).nan || given(g).min <= 0),
    evaluate: (ops, [s, g], call) => {
      const exponent = ops.div(ops.constant(1), first(g));
      const power = noDataOf(ops, pow(ops, first(s), exponent), [first(s), exponent]);
      if (given(call.args[1]).interval.min > 0) return [power];
      return [ops.select(ops.gt(first(g), ops.constant(0)), power, ops.constant(Number.NaN))];
    },
  },
  {
    name: "invert",
    category: "display",
    parameters: [{ name: "shade", type: "shade" }],
    help: "1 − shade: dark becomes bright.",
    example: "invert(red)",
    cost: 1,
    result: "shade",
    interval: ([s]) => interval(0, 1, given(s).nan),
    evaluate: (ops, [s]) => [ops.sub(ops.constant(1), first(s))],
  },
];
