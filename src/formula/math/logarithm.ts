import type { Ops } from "../ops.ts";
import { polynomial } from "./polynomial.ts";

/** (artanh(t) / t − 1) / t² in u = t², u in [0, (√2−1)²/(√2+1)²]: artanh's relative error is below 2^-43. */
const ARTANH = [0.3333333333368754, 0.19999999398668794, 0.14285877267957245, 0.11095700415154251, 0.09681326857101004];

/** Natural logarithm: −∞ at ±0, NaN below, +∞ and NaN kept. */
export function log<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  return logarithm(ops, x, Math.LN2, 1);
}

/** Exact at powers of two. */
export function log2<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  return logarithm(ops, x, 1, Math.LOG2E);
}

/** Exact at powers of ten. */
export function log10<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  return logarithm(ops, x, LOG10_OF_2, Math.LOG10E);
}

const LOG10_OF_2 = 0.3010299956639812;

function logarithm<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, ofTwo: number, ofE: number): F {
  const zero = ops.constant(0);
  const regular = isPositiveAndFinite(ops, x);
  const result = ops.narrow(logarithmWide(ops, ops.select(regular, x, ops.constant(1)), ofTwo, ofE));
  const atZero = ops.constant(Number.NEGATIVE_INFINITY);
  const below = ops.constant(Number.NaN);
  const irregular = ops.select(ops.eq(x, zero), atZero, ops.select(ops.lt(x, zero), below, x));
  return ops.select(regular, result, irregular);
}

export function isPositiveAndFinite<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): B {
  return ops.and(ops.gt(x, ops.constant(0)), ops.lt(x, ops.constant(Number.POSITIVE_INFINITY)));
}

/**
 * Logarithm of a positive finite float32 (subnormal ones are normal in float64) to the base in which log 2 is `ofTwo` and
 * log e is `ofE`. x = 2^e · m with m in (√½, √2], log m = 2·artanh((m − 1) / (m + 1)): no cancellation near 1.
 */
export function logarithmWide<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, ofTwo: number, ofE: number): D {
  return logarithmOf(ops, ops.widen(x), ofTwo, ofE);
}

/** The same of a positive normal float64. */
export function logarithmOf<F, D, B, C>(ops: Ops<F, D, B, C>, wide: D, ofTwo: number, ofE: number): D {
  const one = ops.constant64(1);
  const significand = ops.significand64(wide);
  const large = ops.lt64(ops.constant64(Math.SQRT2), significand);
  const m = ops.select64(large, ops.mul64(significand, ops.constant64(0.5)), significand);
  const exponent = ops.exponent64(wide);
  const e = ops.select64(large, ops.add64(exponent, one), exponent);
  const t = ops.div64(ops.sub64(m, one), ops.add64(m, one));
  const u = ops.mul64(t, t);
  const artanh = ops.add64(t, ops.mul64(ops.mul64(t, u), polynomial(ops, u, ARTANH)));
  return ops.add64(ops.mul64(e, ops.constant64(ofTwo)), ops.mul64(artanh, ops.constant64(2 * ofE)));
}
