import type { Ops } from "../ops.ts";
import { polynomial } from "./polynomial.ts";

/** 2^f for f in [−1/2, 1/2]: relative error below 2^-39.8, exact at 0. */
const EXP2 = [
  1, 0.6931471805459335, 0.2402265069581299, 0.05550410941205933, 0.009618129159402558, 0.0013333450568000645,
  0.00015403455852453838, 1.5310079402249296e-5, 1.3255224878668817e-6,
];

/** float32 overflows above 2^128 and is 0 below 2^-150; with exponents held to this, 2^k is a normal float64. */
const FAR = 300;

/** e^x: 0 at −∞, overflow to +∞, NaN kept. */
export function exp<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  return ops.narrow(exp2Wide(ops, ops.mul64(ops.widen(x), ops.constant64(Math.LOG2E))));
}

/** Half of e^x, which overflows above 89.416, and not above 88.723 as e^x does. */
export function halfExp<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const power = exp2Wide(ops, ops.mul64(ops.widen(x), ops.constant64(Math.LOG2E)));
  return ops.narrow(ops.mul64(power, ops.constant64(0.5)));
}

/** 2^x of a float64 that is about to be narrowed: 2^k · 2^f, k the nearest integer. */
export function exp2Wide<F, D, B, C>(ops: Ops<F, D, B, C>, x: D): D {
  const held = ops.max64(ops.min64(x, ops.constant64(FAR)), ops.constant64(-FAR));
  const k = ops.nearest64(held);
  return ops.mul64(polynomial(ops, ops.sub64(held, k), EXP2), ops.exp2i64(k));
}
