import type { Interval } from "../expr.ts";
import { difference, floorQuotient, interval, isBounded, product, quotient, sum, UNKNOWN } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { componentwise, first, given, truth, truthInterval } from "./define.ts";
import type { FunctionRow, Parameter } from "./row.ts";

const OPERANDS: readonly Parameter[] = [
  { name: "a", type: "any" },
  { name: "b", type: "any" },
];
const NUMBERS: readonly Parameter[] = [
  { name: "a", type: "number" },
  { name: "b", type: "number" },
];

const arithmeticType: FunctionRow["result"] = (types) => (types.includes("color") ? "color" : "number");

function remainder(a: Interval, b: Interval): Interval {
  const whole = quotient(a, b);
  if (!isBounded(whole) || !isBounded(b)) return UNKNOWN;
  // The quotient is rounded before it is cut, so the result may pass its mathematical bounds by the rounding of a.
  const slack = Math.max(Math.abs(a.min), Math.abs(a.max)) * 2 ** -22;
  const bound = Math.max(Math.abs(b.min), Math.abs(b.max)) + slack;
  return interval(a.min < 0 ? -bound : -slack, a.max > 0 ? bound : slack, whole.nan);
}

function arithmetic(
  name: string,
  help: string,
  example: string,
  rules: {
    readonly commutative?: boolean;
    readonly cost: number;
    readonly interval: (a: Interval, b: Interval) => Interval;
    readonly apply: <F, D, B, C>(ops: Ops<F, D, B, C>, a: F, b: F) => F;
  },
): FunctionRow {
  return {
    name,
    category: "operator",
    parameters: OPERANDS,
    help,
    example,
    ...(rules.commutative ? { commutative: "pair" } : {}),
    componentwise: true,
    cost: rules.cost,
    result: arithmeticType,
    interval: ([a, b]) => rules.interval(given(a), given(b)),
    evaluate: (ops, args) => componentwise(ops, args, (a, b) => rules.apply(ops, given(a), given(b))),
  };
}

type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

function comparison(name: string, help: string, operation: Comparison): FunctionRow {
  return {
    name,
    category: "operator",
    ...(operation === "eq" || operation === "ne" ? { ofCodes: true } : {}),
    parameters: NUMBERS,
    help: `${help}: 1 or 0; no data where an operand has none.`,
    example: `red ${name} green`,
    ...(operation === "eq" || operation === "ne" ? { commutative: "pair" } : {}),
    cost: 3,
    result: "number",
    interval: truthInterval,
    evaluate: (ops, [a, b]) => [truth(ops, ops[operation](first(a), first(b)), [first(a), first(b)])],
  };
}

function logic(name: string, help: string, operation: "and" | "or"): FunctionRow {
  return {
    name,
    category: "operator",
    parameters: NUMBERS,
    help,
    example: `red > 40 ${name} green > 40`,
    commutative: "pair",
    cost: 5,
    result: "number",
    interval: truthInterval,
    evaluate: (ops, [a, b]) => {
      const zero = ops.constant(0);
      const condition = ops[operation](ops.ne(first(a), zero), ops.ne(first(b), zero));
      return [truth(ops, condition, [first(a), first(b)])];
    },
  };
}

export const operatorRows: readonly FunctionRow[] = [
  arithmetic("+", "Sum.", "red + green", {
    commutative: true,
    cost: 1,
    interval: sum,
    apply: (ops, a, b) => ops.add(a, b),
  }),
  arithmetic("-", "Difference.", "uv1 - green", {
    cost: 1,
    interval: difference,
    apply: (ops, a, b) => ops.sub(a, b),
  }),
  arithmetic("*", "Product.", "2 * red", {
    commutative: true,
    cost: 1,
    interval: product,
    apply: (ops, a, b) => ops.mul(a, b),
  }),
  arithmetic("/", "Quotient; division by zero is no data.", "red / green", {
    cost: 4,
    interval: quotient,
    apply: (ops, a, b) => ops.div(a, b),
  }),
  arithmetic("//", "Quotient rounded down to a whole number, as in Python; division by zero is no data.", "red // 16", {
    cost: 6,
    interval: floorQuotient,
    // Of the quotient in float64: rounded to float32 it could reach the next whole number.
    apply: (ops, a, b) => ops.narrow(ops.floor64(ops.div64(ops.widen(a), ops.widen(b)))),
  }),
  arithmetic("%", "Remainder with the sign of the dividend: a − b·trunc(a/b).", "red % 16", {
    cost: 7,
    interval: remainder,
    apply: (ops, a, b) => ops.sub(a, ops.mul(b, ops.trunc(ops.div(a, b)))),
  }),
  {
    name: "neg",
    category: "operator",
    parameters: [{ name: "a", type: "number" }],
    help: "Unary minus.",
    example: "-red",
    cost: 1,
    result: "number",
    interval: ([a]) => interval(-given(a).max, -given(a).min, given(a).nan),
    evaluate: (ops, [a]) => [ops.neg(first(a))],
  },
  {
    name: "!",
    category: "operator",
    parameters: [{ name: "a", type: "number" }],
    help: "Not: 1 where the operand is 0, else 0; no data stays no data.",
    example: "!(red > 40)",
    cost: 3,
    result: "number",
    interval: truthInterval,
    evaluate: (ops, [a]) => [truth(ops, ops.eq(first(a), ops.constant(0)), [first(a)])],
  },
  comparison("<", "Less than", "lt"),
  comparison("<=", "At most", "le"),
  comparison(">", "Greater than", "gt"),
  comparison(">=", "At least", "ge"),
  comparison("==", "Equal", "eq"),
  comparison("!=", "Not equal", "ne"),
  logic("&&", "And: 1 where both operands are not 0; no data where one has none.", "and"),
  logic("||", "Or: 1 where an operand is not 0; no data where one has none.", "or"),
];
