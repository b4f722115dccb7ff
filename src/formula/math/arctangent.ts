import type { Ops } from "../ops.ts";
import { polynomial } from "./polynomial.ts";

/** (arctan(t) / t − 1) / t² in u = t², t in [0, √2 − 1]: relative error of arctan below 2^-43. */
const ARCTAN = [
  -0.33333333333266196, 0.19999999949854794, -0.142857081103604, 0.11110819716745676, -0.09084101895346429,
  0.07604800046078292, -0.06027307460946675, 0.03295679541870136,
];

/**
 * The angle of the point (x, y) in (−π, π], with the special cases of C99 annex F.9.1.4: signs of zeros count, and
 * infinities point along axes and diagonals.
 */
export function atan2<F, D, B, C>(ops: Ops<F, D, B, C>, y: F, x: F): F {
  const [width, height] = [ops.abs(x), ops.abs(y)];
  const shorter = ops.widen(ops.min(width, height));
  const longer = ops.widen(ops.max(width, height));
  const zero = ops.constant64(0);
  const one = ops.constant64(1);
  const infinity = ops.constant64(Number.POSITIVE_INFINITY);
  // 0/0 lies on an axis, ∞/∞ on a diagonal.
  const ratio = ops.select64(
    ops.eq64(longer, zero),
    zero,
    ops.select64(ops.eq64(shorter, infinity), one, ops.div64(shorter, longer)),
  );
  const octant = arctan(ops, ratio);
  const steep = ops.lt64(ops.widen(width), ops.widen(height));
  const quadrant = ops.select64(steep, ops.sub64(ops.constant64(Math.PI / 2), octant), octant);
  const angle = ops.select64(isNegative(ops, x), ops.sub64(ops.constant64(Math.PI), quadrant), quadrant);
  return ops.narrow(ops.select64(isNegative(ops, y), ops.neg64(angle), angle));
}

/** arctan(t) for t in [0, 1]; the upper part is turned back by π/4. */
function arctan<F, D, B, C>(ops: Ops<F, D, B, C>, t: D): D {
  const one = ops.constant64(1);
  const upper = ops.lt64(ops.constant64(Math.SQRT2 - 1), t);
  const near = ops.select64(upper, ops.div64(ops.sub64(t, one), ops.add64(t, one)), t);
  const u = ops.mul64(near, near);
  const angle = ops.add64(near, ops.mul64(ops.mul64(near, u), polynomial(ops, u, ARCTAN)));
  return ops.select64(upper, ops.add64(angle, ops.constant64(Math.PI / 4)), angle);
}

/** The sign bit of a number, that of −0 included. */
function isNegative<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): C {
  const zero = ops.constant64(0);
  const wide = ops.widen(x);
  return ops.or64(ops.lt64(wide, zero), ops.lt64(ops.div64(ops.constant64(1), wide), zero));
}
