import type { Ops } from "../ops.ts";

/**
 * c[0] + c[1]·x + c[2]·x² … by Horner's rule in float64 lanes.
 *
 * The coefficients in this folder come from interpolation at Chebyshev nodes of the interval that each function states
 * (near-minimax), solved with 60 digits and rounded to float64; the relative error stated beside them was measured at
 * 2,001 points after that rounding. Errors near 2^-40 leave the float32 result correctly rounded in all but about one case
 * in ten thousand.
 */
export function polynomial<F, D, B, C>(ops: Ops<F, D, B, C>, x: D, coefficients: readonly number[]): D {
  const [last = 0, ...rest] = coefficients.toReversed();
  return rest.reduce(
    (sum, coefficient) => ops.add64(ops.mul64(sum, x), ops.constant64(coefficient)),
    ops.constant64(last),
  );
}
