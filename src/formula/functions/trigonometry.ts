import type { Interval } from "../expr.ts";
import { anyNan, interval, nearlyMonotone } from "../interval.ts";
import { atan2, cos, expm1, halfExp, log1p, sin, tan } from "../math/index.ts";
import type { Ops } from "../ops.ts";
import { first, noDataOf, number, unary } from "./define.ts";
import type { FunctionRow } from "./row.ts";

const wave = (x: Interval) => interval(-1, 1, x.nan || !Number.isFinite(x.min) || !Number.isFinite(x.max));

/** Just above π/2 and π in float32. */
const QUARTER = 1.5707963705062866;
const HALF_TURN = 3.1415927410125732;

/** The other side of a right triangle with hypotenuse 1. */
function otherSide<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const one = ops.constant(1);
  return ops.sqrt(ops.mul(ops.sub(one, x), ops.add(one, x)));
}

const beyondOne = (x: Interval) => x.nan || x.min < -1 || x.max > 1;

/** f(|x|) with the sign of x. */
function odd<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, f: (size: F) => F): F {
  const value = f(ops.abs(x));
  return ops.select(ops.lt(x, ops.constant(0)), ops.neg(value), value);
}

/** log(x + √(x² + 1)) without cancellation: log1p(x + x² / (1 + √(x² + 1))). */
function areaSine<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const one = ops.constant(1);
  return odd(ops, x, (size) => {
    const square = ops.mul(size, size);
    const root = ops.sqrt(ops.add(square, one));
    // Where the square overflows, log(2x) is all that is left.
    const large = ops.add(log1p(ops, size), ops.constant(Math.LN2));
    const exact = log1p(ops, ops.add(size, ops.div(square, ops.add(one, root))));
    return ops.select(ops.lt(square, ops.constant(Number.POSITIVE_INFINITY)), exact, large);
  });
}

export const trigonometryRows: readonly FunctionRow[] = [
  unary("trigonometry", {
    name: "sin",
    help: "Sine of radians.",
    example: "sin(red / 40)",
    cost: 16,
    interval: wave,
    apply: sin,
  }),
  unary("trigonometry", {
    name: "cos",
    help: "Cosine of radians.",
    example: "cos(red / 40)",
    cost: 16,
    interval: wave,
    apply: cos,
  }),
  unary("trigonometry", {
    name: "tan",
    help: "Tangent of radians.",
    example: "tan(red / 200)",
    cost: 20,
    interval: (x) => interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, wave(x).nan),
    apply: tan,
  }),
  {
    name: "atan2",
    aliases: ["arctan2"],
    category: "trigonometry",
    parameters: [number("y"), number("x")],
    help: "Angle of the point (x, y) in radians, −π … π.",
    example: "atan2(red - 128, green - 128)",
    cost: 24,
    result: "number",
    interval: (args) => interval(-3.1415927410125732, 3.1415927410125732, anyNan(args)),
    evaluate: (ops, [y, x]) => [noDataOf(ops, atan2(ops, first(y), first(x)), [first(y), first(x)])],
  },
  unary("trigonometry", {
    name: "asin",
    aliases: ["arcsin"],
    help: "Angle of a sine, −π/2 … π/2; no data beyond −1 … 1.",
    example: "asin(ndi(nir1, red))",
    cost: 30,
    interval: (x) => interval(-QUARTER, QUARTER, beyondOne(x)),
    apply: (ops, x) => noDataOf(ops, atan2(ops, x, otherSide(ops, x)), [otherSide(ops, x)]),
  }),
  unary("trigonometry", {
    name: "acos",
    aliases: ["arccos"],
    help: "Angle of a cosine, 0 … π; no data beyond −1 … 1.",
    example: "acos(ndi(nir1, red))",
    cost: 30,
    interval: (x) => interval(0, HALF_TURN, beyondOne(x)),
    apply: (ops, x) => noDataOf(ops, atan2(ops, otherSide(ops, x), x), [otherSide(ops, x)]),
  }),
  unary("trigonometry", {
    name: "atan",
    aliases: ["arctan"],
    help: "Angle of a tangent, −π/2 … π/2.",
    example: "atan(red / green)",
    cost: 24,
    interval: (x) => interval(-QUARTER, QUARTER, x.nan),
    apply: (ops, x) => noDataOf(ops, atan2(ops, x, ops.constant(1)), [x]),
  }),
  unary("trigonometry", {
    name: "sinh",
    help: "Hyperbolic sine.",
    example: "sinh(red / 100)",
    cost: 24,
    interval: (x) => interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, x.nan),
    apply: (ops, x) =>
      odd(ops, x, (size) => {
        // (e + e / (e + 1)) / 2 with e = e^x − 1; where e overflows, half of it is all that is left.
        const power = expm1(ops, size);
        const half = ops.constant(0.5);
        const inverse = ops.div(power, ops.add(power, ops.constant(1)));
        const finite = ops.lt(power, ops.constant(Number.POSITIVE_INFINITY));
        const sum = ops.add(ops.mul(power, half), ops.mul(inverse, half));
        return ops.select(ops.or(finite, ops.ne(power, power)), sum, halfExp(ops, size));
      }),
  }),
  unary("trigonometry", {
    name: "cosh",
    help: "Hyperbolic cosine.",
    example: "cosh(red / 100)",
    cost: 24,
    interval: (x) => interval(0.99999, Number.POSITIVE_INFINITY, x.nan),
    apply: (ops, x) => {
      const half = halfExp(ops, ops.abs(x));
      return ops.add(half, ops.div(ops.constant(0.25), half));
    },
  }),
  unary("trigonometry", {
    name: "tanh",
    help: "Hyperbolic tangent, −1 … 1.",
    example: "tanh((red - 128) / 64)",
    cost: 24,
    interval: (x) => interval(-1, 1, x.nan),
    apply: (ops, x) =>
      odd(ops, x, (size) => {
        // −e / (e + 2) with e = e^(−2x) − 1, which is never far from 0.
        const power = expm1(ops, ops.mul(size, ops.constant(-2)));
        return ops.div(ops.neg(power), ops.add(power, ops.constant(2)));
      }),
  }),
  unary("trigonometry", {
    name: "asinh",
    aliases: ["arcsinh"],
    help: "Inverse hyperbolic sine: near 0 as x, far from it as a logarithm, as astronomers show images.",
    example: "asinh(red / 8)",
    cost: 40,
    interval: (x) => nearlyMonotone(Math.asinh, x),
    apply: areaSine,
  }),
  unary("trigonometry", {
    name: "acosh",
    aliases: ["arccosh"],
    help: "Inverse hyperbolic cosine; no data below 1.",
    example: "acosh(1 + red)",
    cost: 40,
    interval: (x) => nearlyMonotone((value) => Math.acosh(Math.max(value, 1)), x, x.nan || x.min < 1),
    apply: (ops, x) => {
      const above = ops.sub(x, ops.constant(1));
      const square = ops.mul(above, above);
      const exact = log1p(ops, ops.add(above, ops.sqrt(ops.add(ops.add(above, above), square))));
      const large = ops.add(log1p(ops, above), ops.constant(Math.LN2));
      const held = ops.select(ops.lt(square, ops.constant(Number.POSITIVE_INFINITY)), exact, large);
      return ops.select(ops.lt(x, ops.constant(1)), ops.constant(Number.NaN), held);
    },
  }),
  unary("trigonometry", {
    name: "atanh",
    aliases: ["arctanh"],
    help: "Inverse hyperbolic tangent; no data beyond −1 … 1.",
    example: "atanh(ndi(nir1, red))",
    cost: 30,
    interval: (x) => interval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, beyondOne(x)),
    apply: (ops, x) =>
      odd(ops, x, (size) => {
        const ratio = ops.div(ops.add(size, size), ops.sub(ops.constant(1), size));
        const value = ops.mul(log1p(ops, ratio), ops.constant(0.5));
        return ops.select(ops.gt(size, ops.constant(1)), ops.constant(Number.NaN), value);
      }),
  }),
];
