import type { Ops } from "../ops.ts";
import { exp2Wide } from "./exponential.ts";
import { logarithmOf } from "./logarithm.ts";

/** Below it three terms of a series are exact to 2^-34, and the difference from 1 is not. */
const SMALL = 2 ** -10;

/** x + a·x² + b·x³ */
function series<F, D, B, C>(ops: Ops<F, D, B, C>, x: D, a: number, b: number): D {
  const higher = ops.add64(ops.constant64(a), ops.mul64(x, ops.constant64(b)));
  return ops.add64(x, ops.mul64(ops.mul64(x, x), higher));
}

/** e^x − 1, also where e^x is nearly 1. */
export function expm1<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const wide = ops.widen(x);
  const power = exp2Wide(ops, ops.mul64(wide, ops.constant64(Math.LOG2E)));
  const far = ops.sub64(power, ops.constant64(1));
  const isSmall = ops.lt64(ops.abs64(wide), ops.constant64(SMALL));
  return ops.narrow(ops.select64(isSmall, series(ops, wide, 1 / 2, 1 / 6), far));
}

/** log(1 + x), also where 1 + x is nearly 1: −∞ at −1, NaN below, +∞ and NaN kept. */
export function log1p<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const wide = ops.widen(x);
  const isInside = ops.and(ops.gt(x, ops.constant(-1)), ops.lt(x, ops.constant(Number.POSITIVE_INFINITY)));
  const held = ops.widen(ops.select(isInside, x, ops.constant(0)));
  const far = logarithmOf(ops, ops.add64(held, ops.constant64(1)), Math.LN2, 1);
  const isSmall = ops.lt64(ops.abs64(wide), ops.constant64(SMALL));
  const inside = ops.narrow(ops.select64(isSmall, series(ops, wide, -1 / 2, 1 / 3), far));
  const atEnd = ops.constant(Number.NEGATIVE_INFINITY);
  const below = ops.constant(Number.NaN);
  const end = ops.constant(-1);
  return ops.select(isInside, inside, ops.select(ops.eq(x, end), atEnd, ops.select(ops.lt(x, end), below, x)));
}
