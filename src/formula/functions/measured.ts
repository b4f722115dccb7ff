import { unit } from "../colour-spaces.ts";
import type { Expr } from "../expr.ts";
import { anyNan, interval, isBounded } from "../interval.ts";
import type { MeasureName } from "../measures.ts";
import { first, given, number } from "./define.ts";
import type { FunctionRow, Parameter } from "./row.ts";

interface Definition extends Pick<FunctionRow, "help" | "example"> {
  readonly parameter?: Parameter;
  /** What is wrong with the parameter's value; null when nothing is. */
  readonly check?: (value: number) => string | null;
}

/** A row that the pixels of the image decide: numbers stand in its place in the canonical text. */
function measured(name: MeasureName, result: "number" | "shade", definition: Definition): FunctionRow {
  const { parameter, check, ...rest } = definition;
  const parameterOf = (args: readonly Expr[]): number | null => {
    const written = args[1];
    if (written === undefined) return parameter?.default ?? null;
    return written.kind === "const" ? written.value : Number.NaN;
  };
  return {
    ...{ name, ...rest, result, cost: 6 },
    category: result === "shade" ? "display" : "statistics",
    parameters: [number("x"), ...(parameter ? [parameter] : [])],
    refuse: (args) => {
      const value = parameterOf(args);
      return value === null ? null : (check?.(value) ?? null);
    },
    interval: ([x]) => given(x),
    evaluate: () => {
      throw new Error("A rewritten call is never evaluated.");
    },
    rewrite: (args, tools) => {
      const value = parameterOf(args);
      return tools.measured(name, given(args[0]), value === null ? [] : [value]);
    },
  };
}

export const measuredRows: readonly FunctionRow[] = [
  measured("zscale", "shade", {
    help: "Window of astronomers: a line through the sorted values about their median, its slope over contrast; IRAF's zscale of 1,000 values at equal shares of the pixels.",
    example: "zscale(red)",
    parameter: { name: "contrast", type: "number", default: 0.25 },
    check: (contrast) =>
      contrast > 0 && Number.isFinite(contrast)
        ? null
        : "The contrast of zscale is a plain number above 0, such as 0.25.",
  }),
  measured("equalize", "shade", {
    help: "Histogram equalisation: every shade covers as many pixels of the image as any other, by 33 quantiles.",
    example: "equalize(red)",
  }),
  {
    name: "cdf",
    category: "display",
    parameters: [number("x"), { ...number("quantile"), rest: true }],
    help: "Share of the values that are not above x, from quantiles at equal shares, ascending; what equalize becomes.",
    example: "cdf(red, 0, 20, 45, 90, 255)",
    cost: 60,
    result: "shade",
    refuse: ([, ...quantiles]) => {
      if (quantiles.length < 2) return "cdf takes at least two quantiles, as in cdf(red, 0, 20, 255).";
      const values = quantiles.map((one) => (one.kind === "const" ? one.value : Number.NaN));
      const ascending = values.every((one, index) => index === 0 || one >= given(values[index - 1]));
      return values.every(Number.isFinite) && ascending ? null : "The quantiles of cdf are plain numbers, ascending.";
    },
    interval: (args) => interval(0, 1, anyNan(args) || !isBounded(given(args[0]))),
    evaluate: (ops, [x, ...quantiles]) => {
      const value = first(x);
      const last = quantiles.length - 1;
      const shares = quantiles.slice(1).reduce((below, quantile, index) => {
        const [low, high] = [first(quantiles[index]), first(quantile)];
        const part = ops.div(ops.sub(value, low), ops.sub(high, low));
        const between = ops.mul(ops.add(ops.constant(index), part), ops.constant(1 / last));
        const reached = ops.select(ops.ge(value, low), between, below);
        return ops.select(ops.ge(value, high), ops.constant((index + 1) / last), reached);
      }, ops.constant(0));
      // x − x is 0 for finite x, else NaN: no data.
      return [ops.add(unit(ops, shares), ops.sub(value, value))];
    },
  },
  measured("mean", "number", {
    help: "Mean of a number over the image: one constant for all of its pixels.",
    example: "red - mean(red)",
  }),
  measured("stddev", "number", {
    help: "Standard deviation of a number over the image (of a population).",
    example: "(red - mean(red)) / stddev(red)",
  }),
  measured("percentile", "number", {
    help: "The value that so many percent of the image's pixels do not exceed; 50 is the median.",
    example: "red > percentile(red, 90)",
    parameter: number("percent"),
    check: (percent) =>
      percent >= 0 && percent <= 100
        ? null
        : "A percentile is a plain number from 0 to 100, as in percentile(red, 90).",
  }),
];
