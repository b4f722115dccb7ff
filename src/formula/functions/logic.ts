import { hull, interval, union } from "../interval.ts";
import { alpha, components, first, given, number, unary } from "./define.ts";
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
];
