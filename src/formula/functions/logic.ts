import { unit } from "../colour-spaces.ts";
import type { Expr, Interval } from "../expr.ts";
import { difference, hull, interval, isBounded, quotient, union } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { alpha, components, first, given, number, truth, truthInterval } from "./define.ts";
import type { FunctionRow } from "./row.ts";

/** Whether a value can be no data for some pixel: an infinity is, as in the final value. */
function canLack(x: Interval): boolean {
  return x.nan || !isBounded(x);
}

/** Whether a value is a finite number. */
function hasData<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, expr: Expr | undefined): B {
  if (expr && isBounded(expr.interval)) return ops.eq(x, x);
  return ops.lt(ops.abs(x), ops.constant(Number.POSITIVE_INFINITY));
}

export const logicRows: readonly FunctionRow[] = [
  {
    name: "where",
    aliases: ["if"],
    category: "logic",
    parameters: [number("condition"), { name: "a", type: "any" }, { name: "b", type: "any" }],
    help: "a where the condition is not 0, else b; no data where the condition has none. condition ? a : b is the same.",
    example: "where(red > 40, red, 0)",
    cost: 3,
    result: (types) => {
      if (types[1] === "color" || types[2] === "color") return "color";
      return types[1] === "shade" && types[2] === "shade" ? "shade" : "number";
    },
    interval: ([condition, a, b]) => {
      const both = union([given(a), given(b)]);
      return interval(both.min, both.max, both.nan || given(condition).nan);
    },
    evaluate: (ops, [condition, a, b]) => {
      const test = first(condition);
      const chosen = ops.ne(test, ops.constant(0));
      const missing = ops.ne(test, test);
      const nan = ops.constant(Number.NaN);
      const [yes, no] = [given(a), given(b)];
      if (yes.length === 1 && no.length === 1) {
        return [ops.select(missing, nan, ops.select(chosen, yes[0], no[0]))];
      }
      const [one, other] = [components(yes), components(no)];
      const pick = (index: 0 | 1 | 2) => ops.select(missing, nan, ops.select(chosen, one[index], other[index]));
      const [r, g, blue] = [pick(0), pick(1), pick(2)];
      const [left, right] = [alpha(yes), alpha(no)];
      if (left === null && right === null) return [r, g, blue];
      const opaque = ops.constant(1);
      return [r, g, blue, ops.select(chosen, left ?? opaque, right ?? opaque)];
    },
  },
  {
    name: "isnan",
    category: "logic",
    parameters: [number("x")],
    help: "1 where there is no data, else 0; infinities, such as 1 / 0 and log(0), are no data.",
    example: "isnan(red)",
    cost: 2,
    result: "number",
    interval: ([x]) => interval(0, canLack(given(x)) ? 1 : 0, false),
    evaluate: (ops, [x], call) => [ops.select(hasData(ops, first(x), call.args[0]), ops.constant(0), ops.constant(1))],
  },
  {
    name: "valid",
    category: "logic",
    parameters: [number("x")],
    help: "1 where there is data, else 0; infinities, such as 1 / 0 and log(0), are no data.",
    example: "valid(red)",
    cost: 2,
    result: "number",
    interval: ([x]) => interval(canLack(given(x)) ? 0 : 1, 1, false),
    evaluate: (ops, [x], call) => [ops.select(hasData(ops, first(x), call.args[0]), ops.constant(1), ops.constant(0))],
  },
  {
    name: "coalesce",
    category: "logic",
    parameters: [number("a"), { name: "b", type: "number", rest: true }],
    help: "The first argument that has data; infinities, such as 1 / 0 and log(0), are no data.",
    example: "coalesce(red, green, 0)",
    cost: 2,
    result: "number",
    interval: (args) => {
      const others = args.slice(0, -1);
      return hull(
        args.flatMap((one) => [one.min, one.max]),
        others.every(canLack) && given(args.at(-1)).nan,
      );
    },
    evaluate: (ops, args, call) => [
      args.map(first).reduceRight((rest, one, index) => ops.select(hasData(ops, one, call.args[index]), one, rest)),
    ],
  },
  {
    name: "between",
    category: "logic",
    parameters: [number("x"), number("low"), number("high")],
    help: "1 where low ≤ x ≤ high, else 0; no data where any has none.",
    example: "between(red, 50, 100)",
    cost: 4,
    result: "number",
    interval: truthInterval,
    evaluate: (ops, args) => {
      const [x, low, high] = [first(args[0]), first(args[1]), first(args[2])];
      return [truth(ops, ops.and(ops.ge(x, low), ops.le(x, high)), [x, low, high])];
    },
  },
  {
    name: "step",
    category: "logic",
    parameters: [number("edge"), number("x")],
    help: "0 below the edge, 1 from it on.",
    example: "step(128, red)",
    cost: 3,
    result: "number",
    interval: truthInterval,
    evaluate: (ops, [edge, x]) => [truth(ops, ops.ge(first(x), first(edge)), [first(edge), first(x)])],
  },
  {
    name: "smoothstep",
    category: "logic",
    parameters: [number("low"), number("high"), number("x")],
    help: "0 below low (and at −∞), 1 above high (and at ∞), between them 3t² − 2t³ with t = (x − low) / (high − low).",
    example: "smoothstep(50, 200, red)",
    cost: 10,
    result: "number",
    interval: ([low, high, x]) => {
      const t = quotient(difference(given(x), given(low)), difference(given(high), given(low)));
      return interval(0, 1, t.nan);
    },
    evaluate: (ops, args) => {
      const [low, high, x] = [first(args[0]), first(args[1]), first(args[2])];
      const t = unit(ops, ops.div(ops.sub(x, low), ops.sub(high, low)));
      return [unit(ops, ops.mul(ops.mul(t, t), ops.sub(ops.constant(3), ops.add(t, t))))];
    },
  },
];
