import type { Ops } from "../ops.ts";
import { polynomial } from "./polynomial.ts";

/** (sin(r) / r − 1) / r² in u = r², |r| ≤ π/4: relative error of sin below 2^-45. */
const SIN = [
  -0.16666666666663885, 0.008333333331079223, -0.00019841266916985966, 2.755599092956532e-6, -2.4805636241834762e-8,
];
/** (cos(r) − 1 + r²/2) / r⁴ in u = r², |r| ≤ π/4: relative error of cos below 2^-39. */
const COS = [0.0416666666643212, -0.001388888767201679, 2.480060037715673e-5, -2.730095920390147e-7];

/** π/2 in two parts (Cody and Waite): the first has 32 bits, so its product with a whole number below 2^21 is exact. */
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;
const TWO_OVER_PI = 0.6366197723675814;

/**
 * The reduction is accurate for |x| up to about 3·10^6; behind it the remainder loses its meaning, and is held to the interval
 * so that results stay within the function's range.
 */
const QUARTER_PI = Math.PI / 4;

/** sin and cos of the remainder, and the number of quarter turns modulo 4, of a value that is NaN for infinities. */
function reduce<F, D, B, C>(ops: Ops<F, D, B, C>, x: F) {
  const wide = ops.widen(x);
  const turns = ops.nearest64(ops.mul64(wide, ops.constant64(TWO_OVER_PI)));
  const remainder = ops.sub64(
    ops.sub64(wide, ops.mul64(turns, ops.constant64(HALF_PI_HIGH))),
    ops.mul64(turns, ops.constant64(HALF_PI_LOW)),
  );
  const r = ops.max64(ops.min64(remainder, ops.constant64(QUARTER_PI)), ops.constant64(-QUARTER_PI));
  const u = ops.mul64(r, r);
  const sine = ops.add64(r, ops.mul64(ops.mul64(r, u), polynomial(ops, u, SIN)));
  const cosine = ops.add64(
    ops.sub64(ops.constant64(1), ops.mul64(u, ops.constant64(0.5))),
    ops.mul64(ops.mul64(u, u), polynomial(ops, u, COS)),
  );
  return { sine, cosine, quarter: modulo(ops, turns, 4) };
}

function modulo<F, D, B, C>(ops: Ops<F, D, B, C>, n: D, by: number): D {
  return ops.sub64(n, ops.mul64(ops.floor64(ops.mul64(n, ops.constant64(1 / by))), ops.constant64(by)));
}

/** Within 2 ulp for |x| ≤ 8192; NaN at infinities; −0 stays −0. */
export function sin<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const { sine, cosine, quarter } = reduce(ops, x);
  return ops.select(ops.eq(x, ops.constant(0)), x, ops.narrow(turned(ops, sine, cosine, quarter)));
}

/** Within 2 ulp for |x| ≤ 8192; NaN at infinities. */
export function cos<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const { sine, cosine, quarter } = reduce(ops, x);
  return ops.narrow(turned(ops, cosine, ops.neg64(sine), quarter));
}

/** Within 2 ulp for |x| ≤ 8192; NaN at infinities; −0 stays −0. */
export function tan<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  const { sine, cosine, quarter } = reduce(ops, x);
  const odd = isOdd(ops, quarter);
  const numerator = ops.select64(odd, ops.neg64(cosine), sine);
  const denominator = ops.select64(odd, sine, cosine);
  return ops.select(ops.eq(x, ops.constant(0)), x, ops.narrow(ops.div64(numerator, denominator)));
}

/** A sinusoid from its value and derivative a whole number of quarter turns earlier. */
function turned<F, D, B, C>(ops: Ops<F, D, B, C>, value: D, derivative: D, quarter: D): D {
  const unsigned = ops.select64(isOdd(ops, quarter), derivative, value);
  return ops.select64(ops.lt64(quarter, ops.constant64(2)), unsigned, ops.neg64(unsigned));
}

function isOdd<F, D, B, C>(ops: Ops<F, D, B, C>, quarter: D): C {
  return ops.eq64(modulo(ops, quarter, 2), ops.constant64(1));
}
