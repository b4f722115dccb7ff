import type { Code } from "../wasm/code.ts";
import { i32 } from "../wasm/integers.ts";
import { f32x4, f64x2, i8x16, i32x4, i64x2, v128 } from "../wasm/simd.ts";
import { splatF32, splatF64, splatI32, splatI64 } from "../wasm/splat.ts";

/** Lanes 0 and 1, or 2 and 3, of four float64 values. */
export type Half = 0 | 1;

type Vector = Code<"v128">;

/** The code of an operand; `half` counts for wide ones only. */
type OperandCode = (index: number, half: Half) => Vector;

/** What a node computes on four pixels. */
export interface OperationRow {
  /** The result is a pair of vectors, one for each half; else one vector. */
  readonly wide: boolean;
  /** How often the code reads each vector of its operands. */
  readonly reads: number;
  /** Null for the leaves, which the emitter knows where to fetch. */
  readonly emit: ((operand: OperandCode, half: Half) => Vector) | null;
}

const leaf = (wide: boolean): OperationRow => ({ wide, reads: 0, emit: null });
const single = (emit: (operand: (index: number) => Vector) => Vector, reads = 1): OperationRow => ({
  wide: false,
  reads,
  emit: (operand) => emit((index) => operand(index, 0)),
});
const single1 = (f: (a: Vector) => Vector) => single((x) => f(x(0)));
const single2 = (f: (a: Vector, b: Vector) => Vector) => single((x) => f(x(0), x(1)));
const wide1 = (f: (a: Vector) => Vector): OperationRow => ({
  wide: true,
  reads: 1,
  emit: (operand, half) => f(operand(0, half)),
});
const wide2 = (f: (a: Vector, b: Vector) => Vector): OperationRow => ({
  wide: true,
  reads: 1,
  emit: (operand, half) => f(operand(0, half), operand(1, half)),
});

/** On float32 lanes that are whole numbers of 32 bits. */
const onIntegers = (f: (a: Vector, b: Vector) => Vector) =>
  single2((a, b) => f32x4.convertI32x4S(f(i32x4.truncSatF32x4S(a), i32x4.truncSatF32x4S(b))));

const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/** 1.5·2^23: added to 0…255 it leaves the nearest integer, ties to even, in the low bits of the sum. */
const ROUNDER = 12582912;
const ROUNDER_BITS = 0x4b400000;
/** 1.5·2^52 + 1023: added to an integral k it leaves float64's biased exponent of 2^k in the low bits. */
const EXPONENT_BIAS = 6755399441055744 + 1023;
/** 2^52 as bits, and with float64's bias: or-ed with a small integer, minus the bias, it is that integer as a float64. */
const TWO_TO_52_BITS = 0x4330000000000000n;
const BIASED_TWO_TO_52 = 4503599627370496 + 1023;
const FRACTION_BITS = 0x000fffffffffffffn;
const ONE_BITS = 0x3ff0000000000000n;

/**
 * Every operation of a kernel. Names without a mark work on float32 lanes or on masks of them; those with 64 on pairs of
 * float64 lanes; the last group only prepares bytes for output.
 */
const OPERATIONS = {
  constant: leaf(false),
  parameter: leaf(false),
  input: leaf(false),
  constant64: leaf(true),
  /** Operand: byte offsets into the table; value: the table's number. The emitter knows its address. */
  lookup: { wide: false, reads: 4, emit: null },

  add: single2(f32x4.add),
  sub: single2(f32x4.sub),
  mul: single2(f32x4.mul),
  div: single2(f32x4.div),
  neg: single1(f32x4.neg),
  abs: single1(f32x4.abs),
  sqrt: single1(f32x4.sqrt),
  floor: single1(f32x4.floor),
  ceil: single1(f32x4.ceil),
  trunc: single1(f32x4.trunc),
  nearest: single1(f32x4.nearest),
  min: single2(f32x4.min),
  max: single2(f32x4.max),
  /** b < a ? b : a; one instruction where min, with its care for NaN and −0, takes seven. */
  pmin: single2(f32x4.pmin),
  /** a < b ? b : a */
  pmax: single2(f32x4.pmax),
  /** min and max where the second is never NaN: pmin and pmax, and the sign that a zero must have. */
  minOf: single((x) => v128.or(f32x4.pmin(x(0), x(1)), v128.and(x(1), splatF32(-0))), 2),
  maxOf: single((x) => f32x4.add(f32x4.pmax(x(0), x(1)), v128.and(x(1), splatF32(-0))), 2),
  bitAnd: onIntegers(v128.and),
  bitOr: onIntegers(v128.or),
  bitXor: onIntegers(v128.xor),
  eq: single2(f32x4.eq),
  ne: single2(f32x4.ne),
  lt: single2(f32x4.lt),
  le: single2(f32x4.le),
  gt: single2(f32x4.gt),
  ge: single2(f32x4.ge),
  and: single2(v128.and),
  or: single2(v128.or),
  not: single1(v128.not),
  select: single((x) => v128.bitselect(x(1), x(2), x(0))),
  /** Float32 index to byte offset into a table of float32; NaN gives 0. */
  tableOffset: single1((a) => i32x4.shl(i32x4.truncSatF32x4S(a), i32.const(2))),

  widen: {
    wide: true,
    reads: 2,
    emit: (operand, half) => {
      const a = operand(0, 0);
      return f64x2.promoteLowF32x4(half === 0 ? a : i8x16.shuffle(a, a, HIGH_HALF));
    },
  },
  narrow: {
    wide: false,
    reads: 1,
    emit: (operand) =>
      i8x16.shuffle(f32x4.demoteF64x2Zero(operand(0, 0)), f32x4.demoteF64x2Zero(operand(0, 1)), LOW_HALVES),
  },
  add64: wide2(f64x2.add),
  sub64: wide2(f64x2.sub),
  mul64: wide2(f64x2.mul),
  div64: wide2(f64x2.div),
  neg64: wide1(f64x2.neg),
  abs64: wide1(f64x2.abs),
  sqrt64: wide1(f64x2.sqrt),
  floor64: wide1(f64x2.floor),
  nearest64: wide1(f64x2.nearest),
  min64: wide2(f64x2.min),
  max64: wide2(f64x2.max),
  pmin64: wide2(f64x2.pmin),
  pmax64: wide2(f64x2.pmax),
  eq64: wide2(f64x2.eq),
  lt64: wide2(f64x2.lt),
  le64: wide2(f64x2.le),
  and64: wide2(v128.and),
  or64: wide2(v128.or),
  not64: wide1(v128.not),
  select64: {
    wide: true,
    reads: 1,
    emit: (operand, half) => v128.bitselect(operand(1, half), operand(2, half), operand(0, half)),
  },
  exp2i64: wide1((k) => i64x2.shl(f64x2.add(k, splatF64(EXPONENT_BIAS)), i32.const(52))),
  exponent64: wide1((a) =>
    f64x2.sub(v128.or(i64x2.shrU(a, i32.const(52)), splatI64(TWO_TO_52_BITS)), splatF64(BIASED_TWO_TO_52)),
  ),
  significand64: wide1((a) => v128.or(v128.and(a, splatI64(FRACTION_BITS)), splatI64(ONE_BITS))),

  /** 0…255 in float32 to the nearest integer in 32-bit lanes; NaN gives anything. */
  byte: single1((a) => i32x4.sub(f32x4.add(a, splatF32(ROUNDER)), splatI32(ROUNDER_BITS))),
  /** Bytes moved up by 8, 16, 24 bits. */
  shift8: single1((a) => i32x4.shl(a, i32.const(8))),
  shift16: single1((a) => i32x4.shl(a, i32.const(16))),
  shift24: single1((a) => i32x4.shl(a, i32.const(24))),
  /** Mask of lanes that are not integer 0. */
  nonzero: single1((a) => v128.not(i32x4.eq(a, splatI32(0)))),
} as const satisfies Record<string, OperationRow>;

export type Operation = keyof typeof OPERATIONS;

export function operationRow(op: Operation): OperationRow {
  return OPERATIONS[op];
}
