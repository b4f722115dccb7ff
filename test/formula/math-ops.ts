import type { Ops } from "../../src/formula/ops.ts";

const bits = new DataView(new ArrayBuffer(8));
const f = Math.fround;
const nearest = (x: number) => {
  if (Math.abs(x) >= 2 ** 52 || Number.isNaN(x)) return x;
  const magic = x < 0 || Object.is(x, -0) ? -(2 ** 52) : 2 ** 52;
  const rounded = x + magic - magic;
  return rounded === 0 ? x * 0 : rounded;
};

/** Ops on plain numbers. */
export const mathOps: Ops<number, number, boolean, boolean> = {
  constant: f,
  add: (a, b) => f(a + b),
  sub: (a, b) => f(a - b),
  mul: (a, b) => f(a * b),
  div: (a, b) => f(a / b),
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: (a) => f(Math.sqrt(a)),
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest,
  min: Math.min,
  max: Math.max,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (c, a, b) => (c ? a : b),
  widen: (a) => a,
  narrow: f,
  constant64: (a) => a,
  add64: (a, b) => a + b,
  sub64: (a, b) => a - b,
  mul64: (a, b) => a * b,
  div64: (a, b) => a / b,
  neg64: (a) => -a,
  abs64: Math.abs,
  sqrt64: Math.sqrt,
  floor64: Math.floor,
  nearest64: nearest,
  min64: Math.min,
  max64: Math.max,
  eq64: (a, b) => a === b,
  lt64: (a, b) => a < b,
  le64: (a, b) => a <= b,
  and64: (a, b) => a && b,
  or64: (a, b) => a || b,
  not64: (a) => !a,
  select64: (c, a, b) => (c ? a : b),
  exp2i64: (k) => 2 ** k,
  exponent64: (a) => {
    bits.setFloat64(0, a);
    return ((bits.getUint32(0) >> 20) & 2047) - 1023;
  },
  significand64: (a) => {
    bits.setFloat64(0, a);
    bits.setUint32(0, (bits.getUint32(0) & 0x000fffff) | 0x3ff00000);
    return bits.getFloat64(0);
  },
  lookup: (table, index) => table.values[Number.isNaN(index) ? 0 : index] ?? Number.NaN,
};
