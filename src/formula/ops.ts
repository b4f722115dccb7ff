/**
 * The arithmetic that every formula is made of, without saying on what: plain numbers in the reference
 * interpreter and in constant folding, SIMD instructions in the kernel emitter. A function of the language is
 * written once against this interface, so all of them perform the same operations in the same order and agree bit
 * for bit (there is no second definition that could drift).
 *
 * F is a float32 value, D a float64 value (only inside transcendental functions), B a truth value about float32
 * operands, C one about float64 operands. Every operation rounds once (IEEE 754, nearest, ties to even); nothing is
 * fused or reassociated.
 */
export interface Ops<F, D, B, C> {
  /** A float32 constant that is part of the kernel's structure (never a user's literal). */
  constant(value: number): F;
  add(a: F, b: F): F;
  sub(a: F, b: F): F;
  mul(a: F, b: F): F;
  div(a: F, b: F): F;
  neg(a: F): F;
  abs(a: F): F;
  sqrt(a: F): F;
  floor(a: F): F;
  ceil(a: F): F;
  trunc(a: F): F;
  /** To the nearest integer, ties to even. */
  nearest(a: F): F;
  /** NaN when either is NaN; −0 < +0. */
  min(a: F, b: F): F;
  max(a: F, b: F): F;

  /** On the bits of whole numbers of 32 bits, negative ones in two's complement; of all others unspecified. The result rounds once. */
  bitAnd(a: F, b: F): F;
  bitOr(a: F, b: F): F;
  bitXor(a: F, b: F): F;

  /** Comparisons are false on NaN, `ne` is true (IEEE); the language's NaN rules are built on top. */
  eq(a: F, b: F): B;
  ne(a: F, b: F): B;
  lt(a: F, b: F): B;
  le(a: F, b: F): B;
  gt(a: F, b: F): B;
  ge(a: F, b: F): B;
  and(a: B, b: B): B;
  or(a: B, b: B): B;
  not(a: B): B;
  select(condition: B, whenTrue: F, whenFalse: F): F;

  /** Exact. */
  widen(a: F): D;
  /** Rounds once. */
  narrow(a: D): F;
  constant64(value: number): D;
  add64(a: D, b: D): D;
  sub64(a: D, b: D): D;
  mul64(a: D, b: D): D;
  div64(a: D, b: D): D;
  neg64(a: D): D;
  abs64(a: D): D;
  sqrt64(a: D): D;
  floor64(a: D): D;
  nearest64(a: D): D;
  min64(a: D, b: D): D;
  max64(a: D, b: D): D;
  eq64(a: D, b: D): C;
  lt64(a: D, b: D): C;
  le64(a: D, b: D): C;
  and64(a: C, b: C): C;
  or64(a: C, b: C): C;
  not64(a: C): C;
  select64(condition: C, whenTrue: D, whenFalse: D): D;
  /** 2^k for an integral k in [−1022, 1023]; anything else is unspecified. */
  exp2i64(k: D): D;
  /** Unbiased exponent of a positive normal number, as a float64. */
  exponent64(a: D): D;
  /** Significand in [1, 2) of a positive normal number. */
  significand64(a: D): D;

  /** table.values[index]; index must be integral and inside the table (callers clamp it; NaN reads entry 0). */
  lookup(table: Table, index: F): F;
}

/** A constant array that kernels read by index. Two tables with the same id hold the same values. */
export interface Table {
  readonly id: string;
  readonly values: Float32Array;
}
