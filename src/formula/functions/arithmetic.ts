import { anyNan, difference, hull, interval, isBounded, monotone, product, sum, union } from "../interval.ts";
import { hypot } from "../math/index.ts";
import { nearestEven } from "../ops-number.ts";
import { componentwise, first, given, noDataOf, number, unary } from "./define.ts";
import type { FunctionRow } from "./row.ts";

const ANY_TWO = [
  { name: "a", type: "any" },
  { name: "b", type: "any", rest: true },
] as const;
const sameType: FunctionRow["result"] = (types) => (types.includes("color") ? "color" : "number");

export const arithmeticRows: readonly FunctionRow[] = [
  unary("arithmetic", {
    name: "abs",
    aliases: ["absolute"],
    help: "Absolute value.",
    example: "abs(red - green)",
    cost: 1,
    interval: (x) =>
      interval(
        x.min <= 0 && x.max >= 0 ? 0 : Math.min(Math.abs(x.min), Math.abs(x.max)),
        Math.max(Math.abs(x.min), Math.abs(x.max)),
        x.nan,
      ),
    apply: (ops, x) => ops.abs(x),
  }),
  unary("arithmetic", {
    name: "sign",
    help: "−1, 0 or 1.",
    example: "sign(red - green)",
    cost: 4,
    interval: (x) => interval(x.min < 0 ? -1 : 0, x.max > 0 ? 1 : 0, x.nan),
    apply: (ops, x) => {
      const zero = ops.constant(0);
      const negative = ops.select(ops.lt(x, zero), ops.constant(-1), zero);
      return noDataOf(ops, ops.select(ops.gt(x, zero), ops.constant(1), negative), [x]);
    },
  }),
  unary("arithmetic", {
    name: "floor",
    help: "Greatest integer that is not greater.",
    example: "floor(red / 16)",
    cost: 1,
    interval: (x) => monotone(Math.floor, x),
    apply: (ops, x) => ops.floor(x),
  }),
  unary("arithmetic", {
    name: "ceil",
    help: "Least integer that is not less.",
    example: "ceil(red / 16)",
    cost: 1,
    interval: (x) => monotone(Math.ceil, x),
    apply: (ops, x) => ops.ceil(x),
  }),
  unary("arithmetic", {
    name: "round",
    aliases: ["rint"],
    help: "Nearest integer; ties go to the even one.",
    example: "round(red / 16)",
    cost: 1,
    interval: (x) => monotone(nearestEven, x),
    apply: (ops, x) => ops.nearest(x),
  }),
  unary("arithmetic", {
    name: "trunc",
    aliases: ["fix"],
    help: "Integer part, towards zero.",
    example: "trunc(red / 16)",
    cost: 1,
    interval: (x) => monotone(Math.trunc, x),
    apply: (ops, x) => ops.trunc(x),
  }),
  {
    name: "min",
    aliases: ["minimum"],
    category: "arithmetic",
    parameters: ANY_TWO,
    help: "Least of its arguments; no data where any has none.",
    example: "min(red, green)",
    commutative: "all",
    componentwise: true,
    cost: 1,
    result: sameType,
    interval: (args) =>
      hull([Math.min(...args.map((one) => one.min)), Math.min(...args.map((one) => one.max))], anyNan(args)),
    evaluate: (ops, args) => componentwise(ops, args, (...all) => all.reduce((a, b) => ops.min(a, b))),
  },
  {
    name: "max",
    aliases: ["maximum"],
    category: "arithmetic",
    parameters: ANY_TWO,
    help: "Greatest of its arguments; no data where any has none.",
    example: "max(red, green)",
    commutative: "all",
    componentwise: true,
    cost: 1,
    result: sameType,
    interval: (args) =>
      hull([Math.max(...args.map((one) => one.min)), Math.max(...args.map((one) => one.max))], anyNan(args)),
    evaluate: (ops, args) => componentwise(ops, args, (...all) => all.reduce((a, b) => ops.max(a, b))),
  },
  {
    name: "clamp",
    aliases: ["clip"],
    category: "arithmetic",
    parameters: [{ name: "x", type: "any" }, number("low"), number("high")],
    help: "min(max(x, low), high).",
    example: "clamp(red, 20, 200)",
    componentwise: true,
    cost: 2,
    result: sameType,
    interval: (args) => {
      const [x, low, high] = [given(args[0]), given(args[1]), given(args[2])];
      const bound = (value: number, lower: number, upper: number) => Math.min(Math.max(value, lower), upper);
      return interval(bound(x.min, low.min, high.min), bound(x.max, low.max, high.max), anyNan(args));
    },
    evaluate: (ops, args) =>
      componentwise(ops, args, (x, low, high) => ops.min(ops.max(given(x), given(low)), given(high))),
  },
  {
    name: "mix",
    category: "arithmetic",
    parameters: [{ name: "a", type: "any" }, { name: "b", type: "any" }, number("t")],
    help: "a + (b − a)·t: a at t = 0, b at t = 1.",
    example: "mix(red, green, 0.5)",
    componentwise: true,
    cost: 3,
    result: sameType,
    interval: (args) => {
      const [a, b, t] = [given(args[0]), given(args[1]), given(args[2])];
      const way = difference(b, a);
      const any = sum(a, product(way, t));
      if (t.min < 0 || t.max > 1 || !isBounded(way)) return any;
      // The roundings of b − a and of its product may carry the result past b by a little.
      const both = union([a, b], any.nan);
      const slack = Math.max(Math.abs(both.min), Math.abs(both.max)) * 2 ** -21;
      return interval(both.min - slack, both.max + slack, any.nan);
    },
    evaluate: (ops, args) =>
      componentwise(ops, args, (a, b, t) => ops.add(given(a), ops.mul(ops.sub(given(b), given(a)), given(t)))),
  },
  {
    name: "hypot",
    category: "arithmetic",
    parameters: [number("x"), number("y")],
    help: "√(x² + y²), without overflow between.",
    example: "hypot(red, green)",
    cost: 10,
    result: "number",
    interval: (args) => {
      const reach = args.map((one) => Math.max(Math.abs(one.min), Math.abs(one.max)));
      return interval(0, Math.hypot(...reach) * 1.000001, anyNan(args));
    },
    evaluate: (ops, [x, y]) => [noDataOf(ops, hypot(ops, first(x), first(y)), [first(x), first(y)])],
  },
];
