import { unit } from "../colour-spaces.ts";
import type { Expr } from "../expr.ts";
import { anyNan, difference, interval, isBounded, quotient } from "../interval.ts";
import { exp, pow } from "../math/index.ts";
import type { Ops } from "../ops.ts";
import { printNumber } from "../print.ts";
import { componentwise, first, given, noDataOf, number } from "./define.ts";
import type { FunctionRow, Parameter, Value } from "./row.ts";

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

/** A shade, or every component of a colour. */
const TONE: Parameter = { name: "shade", type: "color" };
const toneType: FunctionRow["result"] = ([type]) => (type === "color" ? "color" : "shade");

/** Applies to a shade, or to each component of a colour, which calculations may have brought beyond 0…1. */
function toned<F, D, B, C>(ops: Ops<F, D, B, C>, value: Value<F> | undefined, apply: (shade: F) => F): Value<F> {
  const isColor = given(value).length > 1;
  return componentwise(ops, [given(value)], (one) => apply(isColor ? unit(ops, one) : one));
}

function refuseFactor(name: string): NonNullable<FunctionRow["refuse"]> {
  return ([, factor]) =>
    factor?.kind !== "const" || (factor.value > 0 && Number.isFinite(factor.value))
      ? null
      : `The strength of ${name} must be a positive number, not ${factor.text}.`;
}

/** 1 / (1 + e^(contrast · (middle − x))) */
function logistic<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, contrast: F, middle: F): F {
  const one = ops.constant(1);
  return ops.div(one, ops.add(one, exp(ops, ops.mul(contrast, ops.sub(middle, x)))));
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
    parameters: [TONE, number("g")],
    help: "shade^(1/g), of a colour component by component: g above 1 brightens the middle, below 1 darkens it; no data where g is not positive.",
    example: "gamma(red, 2.2)",
    cost: 26,
    componentwise: true,
    result: toneType,
    refuse: refuseGamma,
    interval: ([s, g]) => interval(0, 1, given(s).nan || given(g).nan || given(g).min <= 0),
    evaluate: (ops, args, call) => {
      const g = first(args[1]);
      const exponent = ops.div(ops.constant(1), g);
      const isPositive = given(call.args[1]).interval.min > 0;
      return toned(ops, args[0], (shade) => {
        const power = noDataOf(ops, pow(ops, shade, exponent), [shade, exponent]);
        return isPositive ? power : ops.select(ops.gt(g, ops.constant(0)), power, ops.constant(Number.NaN));
      });
    },
  },
  {
    name: "sigmoid",
    category: "display",
    parameters: [TONE, number("contrast"), { name: "middle", type: "number", default: 0.5 }],
    help: "An S-curve that keeps 0 and 1: contrast (3 is moderate, 20 hard) around middle; ImageMagick's sigmoidal contrast, component by component.",
    example: "sigmoid(red, 6, 0.4)",
    cost: 45,
    componentwise: true,
    result: toneType,
    refuse: refuseFactor("sigmoid"),
    interval: (args) => {
      const [contrast, middle] = [given(args[1]), args[2] ?? interval(0.5, 0.5, false)];
      // Elsewhere the curve can be as flat as a line, and 0 / 0 in float32.
      const isCurve = contrast.min >= 0.001 && isBounded(contrast) && middle.min >= 0 && middle.max <= 1;
      return interval(0, 1, anyNan(args) || !isCurve);
    },
    evaluate: (ops, args, call) => {
      const contrast = first(args[1]);
      const middle = args[2] ? first(args[2]) : ops.constant(0.5);
      const low = logistic(ops, ops.constant(0), contrast, middle);
      const range = ops.sub(logistic(ops, ops.constant(1), contrast, middle), low);
      const isPositive = given(call.args[1]).interval.min > 0;
      return toned(ops, args[0], (shade) => {
        const curve = unit(ops, ops.div(ops.sub(logistic(ops, shade, contrast, middle), low), range));
        return isPositive ? curve : ops.select(ops.gt(contrast, ops.constant(0)), curve, ops.constant(Number.NaN));
      });
    },
  },
  {
    name: "contrast",
    category: "display",
    parameters: [TONE, number("amount")],
    help: "(shade − 0.5) · amount + 0.5, held to 0 … 1, of a colour component by component: above 1 is harder, below 1 softer.",
    example: "contrast(red, 1.5)",
    cost: 4,
    componentwise: true,
    result: toneType,
    refuse: refuseFactor("contrast"),
    interval: (args) => interval(0, 1, anyNan(args) || !isBounded(given(args[1]))),
    evaluate: (ops, args) => {
      const half = ops.constant(0.5);
      return toned(ops, args[0], (shade) => unit(ops, ops.add(ops.mul(ops.sub(shade, half), first(args[1])), half)));
    },
  },
  {
    name: "invert",
    category: "display",
    parameters: [TONE],
    help: "1 − shade, of a colour component by component: dark becomes bright.",
    example: "invert(red)",
    cost: 1,
    componentwise: true,
    result: toneType,
    interval: ([s]) => interval(0, 1, given(s).nan),
    evaluate: (ops, args) => toned(ops, args[0], (shade) => ops.sub(ops.constant(1), shade)),
  },
];
