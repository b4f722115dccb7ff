import type { Expr } from "../expr.ts";
import { anyNan, interval, isBounded } from "../interval.ts";
import { pow } from "../math/index.ts";
import { first, given, noDataOf, number } from "./define.ts";
import type { FunctionRow } from "./row.ts";

function refuseWindow([, low, high]: readonly Expr[]): string | null {
  if (low?.kind !== "const" || high?.kind !== "const") return null;
  if (Number.isFinite(low.value) && Number.isFinite(high.value) && low.value < high.value) return null;
  return `The window's low end (${low.text}) must be less than its high end (${high.text}), both finite.`;
}

function refuseGamma([, g]: readonly Expr[]): string | null {
  if (g?.kind !== "const" || (g.value > 0 && Number.isFinite(g.value))) return null;
  return `Gamma must be a positive number, not ${g.text}; 1 changes nothing, 2.2 brightens.`;
}

function refusePercentiles([, low, high]: readonly Expr[]): string | null {
  if (low?.kind !== "const" || high?.kind !== "const")
    return "The percentiles must be plain numbers, such as stretch(red, 2, 98).";
  if (low.value >= 0 && high.value <= 100 && low.value < high.value) return null;
  return `Percentiles go from 0 to 100, the low one (${low.text}) first and less than the high one (${high.text}).`;
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
      const nan = anyNan([given(x), given(low), given(high)]) || !isBounded(given(x));
      return interval(0, 1, nan || given(low).max >= given(high).min);
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
      { name: "low", type: "number", default: 0.5 },
      { name: "high", type: "number", default: 99.5 },
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
    rewrite: ([x, low, high], tools) => {
      const percent = (expr: Expr | undefined, otherwise: number) => (expr?.kind === "const" ? expr.value : otherwise);
      return tools.window(given(x), [percent(low, 0.5), percent(high, 99.5)]);
    },
  },
  {
    name: "gamma",
    category: "display",
    parameters: [{ name: "shade", type: "shade" }, number("g")],
    help: "shade^(1/g): g above 1 brightens the middle, below 1 darkens it.",
    example: "gamma(red, 2.2)",
    cost: 26,
    result: "shade",
    refuse: refuseGamma,
    interval: ([s, g]) => interval(0, 1, given(s).nan || given(g).nan || given(g).min <= 0),
    evaluate: (ops, [s, g]) => {
      const exponent = ops.div(ops.constant(1), first(g));
      return [noDataOf(ops, pow(ops, first(s), exponent), [first(s), exponent])];
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
