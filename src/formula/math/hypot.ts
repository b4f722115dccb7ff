import type { Ops } from "../ops.ts";

/**
 * √(x² + y²) without overflow: the squares of float32 numbers are exact in float64. NaN is no data and wins over infinity,
 * other than in C99.
 */
export function hypot<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, y: F): F {
  const [a, b] = [ops.widen(x), ops.widen(y)];
  return ops.narrow(ops.sqrt64(ops.add64(ops.mul64(a, a), ops.mul64(b, b))));
}
