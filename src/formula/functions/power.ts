import type { Expr, Interval } from "../expr.ts";
import { interval, monotone, nearlyMonotone, UNKNOWN } from "../interval.ts";
import { exp, expm1, log, log1p, log2, log10, pow } from "../math/index.ts";
import type { Ops } from "../ops.ts";
import { numberOps } from "../ops-number.ts";
import { first, given, noDataOf, number, unary } from "./define.ts";
import type { FunctionRow } from "./row.ts";

/** Integer exponents up to this are a fixed sequence of multiplications, part of the kernel's structure. */
const MAX_INTEGER_EXPONENT = 16;

const logarithm = (f: (x: number) => number) => (x: Interval) =>
  nearlyMonotone((value) => f(Math.max(value, 0)), x, x.nan || x.min < 0);

/** The exponent when it is a literal integer of at most 16 in size, else null. */
export function integerExponent(exponent: Expr): number | null {
  if (exponent.kind !== "const" || !Number.isInteger(exponent.value)) return null;
  return Math.abs(exponent.value) <= MAX_INTEGER_EXPONENT ? exponent.value : null;
}

/** x^n by squaring, most significant bit first; 1/x^|n| for a negative n; 1 for n = 0, but no data stays no data. */
function integerPower<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, n: number): F {
  if (n === 0) return noDataOf(ops, ops.constant(1), [x]);
  const bits = Math.abs(n).toString(2).slice(1);
  const power = [...bits].reduce((result, bit) => {
    const square = ops.mul(result, result);
    return bit === "1" ? ops.mul(square, x) : square;
  }, x);
  return n < 0 ? ops.div(ops.constant(1), power) : power;
}

function powerInterval(base: Interval, exponent: Expr | undefined): Interval {
  if (exponent?.kind !== "const" || !(exponent.value >= 0)) return UNKNOWN;
  const n = integerExponent(exponent);
  if (n === null) {
    if (base.min < 0) return UNKNOWN;
    const any = nearlyMonotone((x) => x ** exponent.value, base);
    return base.max <= 1 ? interval(any.min, Math.min(any.max, 1), any.nan) : any;
  }
  // Each multiplication rounds, but none changes an order: the bounds are the ends' own powers.
  const ends = [base.min, base.max].map((end) => integerPower(numberOps, end, n));
  const throughZero = n > 0 && n % 2 === 0 && base.min <= 0 && base.max >= 0;
  return interval(throughZero ? 0 : Math.min(...ends), Math.max(...ends), base.nan);
}

export const powerRows: readonly FunctionRow[] = [
  unary("power", {
    name: "sqrt",
    help: "Square root; no data for a negative number.",
    example: "sqrt(red)",
    cost: 4,
    interval: (x) => monotone((value) => Math.sqrt(Math.max(value, 0)), x, x.nan || x.min < 0),
    apply: (ops, x) => ops.sqrt(x),
  }),
  unary("power", {
    name: "exp",
    help: "e to the power of x.",
    example: "exp(-red / 64)",
    cost: 12,
    interval: (x) => nearlyMonotone(Math.exp, x),
    apply: exp,
  }),
  unary("power", {
    name: "log",
    aliases: ["ln"],
    help: "Natural logarithm; no data for 0 and below.",
    example: "log(1 + red)",
    cost: 14,
    interval: logarithm(Math.log),
    apply: log,
  }),
  unary("power", {
    name: "expm1",
    help: "e to the power of x, less 1: exact also near 0.",
    example: "expm1(-red / 64)",
    cost: 16,
    interval: (x) => nearlyMonotone(Math.expm1, x),
    apply: expm1,
  }),
  unary("power", {
    name: "log1p",
    help: "Natural logarithm of 1 + x: exact also near 0; no data for −1 and below.",
    example: "log1p(red)",
    cost: 18,
    interval: (x) => nearlyMonotone((value) => Math.log1p(Math.max(value, -1)), x, x.nan || x.min < -1),
    apply: log1p,
  }),
  unary("power", {
    name: "log2",
    help: "Logarithm to base 2; no data for 0 and below.",
    example: "log2(1 + red)",
    cost: 14,
    interval: logarithm(Math.log2),
    apply: log2,
  }),
  unary("power", {
    name: "log10",
    help: "Logarithm to base 10; no data for 0 and below.",
    example: "log10(1 + red)",
    cost: 14,
    interval: logarithm(Math.log10),
    apply: log10,
  }),
  {
    name: "^",
    aliases: ["pow", "power", "**"],
    category: "power",
    parameters: [number("x"), number("y")],
    help: "x to the power of y; integer exponents up to 16 are multiplications. pow(x, y) is the same.",
    example: "red ^ 2",
    cost: 24,
    result: "number",
    interval: ([x], call) => powerInterval(given(x), call.args[1]),
    evaluate: (ops, [x, y], call) => {
      const n = call.args[1] && integerExponent(call.args[1]);
      if (typeof n === "number") return [integerPower(ops, first(x), n)];
      return [noDataOf(ops, pow(ops, first(x), first(y)), [first(x), first(y)])];
    },
  },
];
