import type { Ops } from "../ops.ts";
import { exp2Wide } from "./exponential.ts";
import { isPositiveAndFinite, logarithmWide } from "./logarithm.ts";

/**
 * x^y = 2^(y · log₂|x|), with the special cases of C99 annex F.9.4.4: x^0 and 1^y are 1 even for NaN, a negative finite base
 * with a fractional exponent is NaN, odd exponents keep the sign of the base (that of −0 and −∞ too), and zeros and infinities
 * give zeros and infinities.
 */
export function pow<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, y: F): F {
  const zero = ops.constant(0);
  const one = ops.constant(1);
  const minusInfinity = ops.constant(Number.NEGATIVE_INFINITY);
  const size = ops.abs(x);
  const regular = isPositiveAndFinite(ops, size);
  const logarithm = logarithmWide(ops, ops.select(regular, size, one), 1, Math.LOG2E);
  // −∞ for 0, +∞ and NaN for themselves: y times it is what the limits ask for.
  const irregular = ops.select(regular, zero, ops.select(ops.eq(size, zero), minusInfinity, size));
  const exponent = ops.mul64(ops.widen(y), ops.add64(logarithm, ops.widen(irregular)));
  const power = ops.narrow(exp2Wide(ops, exponent));
  // (±1)^±∞ = 1, where the product above is 0·∞.
  const magnitude = ops.select(ops.and(ops.eq(size, one), ops.eq(y, y)), one, power);

  const fractional = ops.ne(ops.floor(y), y);
  const half = ops.mul(y, ops.constant(0.5));
  const odd = ops.and(ops.not(fractional), ops.ne(ops.floor(half), half));
  const negative = ops.lt(x, zero);
  const signed = ops.or(negative, ops.lt(ops.div(one, x), zero));
  const finiteNegative = ops.and(negative, ops.gt(x, minusInfinity));
  const real = ops.select(ops.and(signed, odd), ops.neg(magnitude), magnitude);
  const defined = ops.select(ops.and(finiteNegative, fractional), ops.constant(Number.NaN), real);
  return ops.select(ops.or(ops.eq(y, zero), ops.eq(x, one)), one, defined);
}
