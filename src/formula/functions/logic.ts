import { unit } from "../colour-spaces.ts";
import { difference, hull, interval, isBounded, quotient, union } from "../interval.ts";
import { alpha, components, first, given, number, truth, truthInterval, unary } from "./define.ts";
import type { FunctionRow } from "./row.ts";

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
  unary("logic", {
    name: "isnan",
    help: "1 where there is no data, else 0.",
    example: "isnan(red)",
    cost: 2,
    interval: (x) => interval(0, x.nan ? 1 : 0, false),
    apply: (ops, x) => ops.select(ops.ne(x, x), ops.constant(1), ops.constant(0)),
  }),
  unary("logic", {
    name: "valid",
    help: "1 where there is data, else 0.",
    example: "valid(red)",
    cost: 2,
    interval: (x) => interval(x.nan ? 0 : 1, 1, false),
    apply: (ops, x) => ops.select(ops.eq(x, x), ops.constant(1), ops.constant(0)),
  }),
  {
    name: "coalesce",
    category: "logic",
    parameters: [number("a"), { name: "b", type: "number", rest: true }],
    help: "The first argument that has data.",
    example: "coalesce(red, green, 0)",
    cost: 2,
    result: "number",
    interval: (args) =>
      hull(
        args.flatMap((one) => [one.min, one.max]),
        args.every((one) => one.nan),
      ),
    evaluate: (ops, args) => [args.map(first).reduceRight((rest, one) => ops.select(ops.eq(one, one), one, rest))],
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
    help: "0 below low, 1 above high, between them 3t² − 2t³ with t = (x − low) / (high − low).",
    example: "smoothstep(50, 200, red)",
    cost: 10,
    result: "number",
    interval: ([low, high, x]) => {
      const t = quotient(difference(given(x), given(low)), difference(given(high), given(low)));
      return interval(0, 1, t.nan || !isBounded(given(x)));
    },
    evaluate: (ops, args) => {
      const [low, high, x] = [first(args[0]), first(args[1]), first(args[2])];
      const t = unit(ops, ops.div(ops.sub(x, low), ops.sub(high, low)));
      const rise = ops.mul(ops.mul(t, t), ops.sub(ops.constant(3), ops.add(t, t)));
      // x − x is 0 for finite x, else NaN: no data.
      return [ops.add(unit(ops, rise), ops.sub(x, x))];
    },
  },
];
