import type { Ops, Table } from "./ops.ts";

/** Ops on plain numbers: each float32 result is rounded once with Math.fround. Used to fold constants and to interpret. */
export type NumberOps = Ops<number, number, boolean, boolean>;

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);

/** Ties to even; exact for every double, since |x| ≥ 2^52 is integral already. */
export function nearestEven(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const magic = x < 0 || Object.is(x, -0) ? -(2 ** 52) : 2 ** 52;
  const rounded = x + magic - magic;
  return rounded === 0 && magic < 0 ? -0 : rounded;
}

export const numberOps: NumberOps = {
  constant: Math.fround,
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: (a) => Math.fround(Math.sqrt(a)),
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest: nearestEven,
  min: Math.min,
  max: Math.max,
  bitAnd: (a, b) => Math.fround(a & b),
  bitOr: (a, b) => Math.fround(a | b),
  bitXor: (a, b) => Math.fround(a ^ b),
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (condition, a, b) => (condition ? a : b),
  widen: (a) => a,
  narrow: Math.fround,
  constant64: (value) => value,
  add64: (a, b) => a + b,
  sub64: (a, b) => a - b,
  mul64: (a, b) => a * b,
  div64: (a, b) => a / b,
  neg64: (a) => -a,
  abs64: Math.abs,
  sqrt64: Math.sqrt,
  floor64: Math.floor,
  nearest64: nearestEven,
  min64: Math.min,
  max64: Math.max,
  eq64: (a, b) => a === b,
  lt64: (a, b) => a < b,
  le64: (a, b) => a <= b,
  and64: (a, b) => a && b,
  or64: (a, b) => a || b,
  not64: (a) => !a,
  select64: (condition, a, b) => (condition ? a : b),
  exp2i64: (k) => 2 ** k,
  exponent64: (a) => {
    float64[0] = a;
    return (((words[1] ?? 0) >>> 20) & 0x7ff) - 1023;
  },
  significand64: (a) => {
    float64[0] = a;
    words[1] = ((words[1] ?? 0) & 0x000fffff) | 0x3ff00000;
    return float64[0];
  },
  lookup: (table: Table, index) => table.values[Number.isNaN(index) ? 0 : index] ?? Number.NaN,
};
