import { type Code, code, type ValueType } from "./code.ts";
import { unsignedLeb } from "./leb128.ts";
import { binary, load, store, unary } from "./operations.ts";

/** Opcodes of the fixed-width SIMD proposal: prefix 0xfd, then the number in LEB128. */
const op = (opcode: number): readonly number[] => [0xfd, ...unsignedLeb(opcode)];
const one = (opcode: number) => unary<"v128">("v128", ...op(opcode));
const two = (opcode: number) => binary<"v128">("v128", ...op(opcode));
const shift = (opcode: number) => binary<"v128", "v128", "i32">("v128", ...op(opcode));
const splat = <A extends ValueType>(opcode: number) => unary<"v128", A>("v128", ...op(opcode));

function extract<T extends ValueType>(type: T, opcode: number) {
  return (vector: Code<"v128">, lane: number): Code<T> => code(type, [vector, ...op(opcode), lane]);
}

function replace<A extends ValueType>(opcode: number) {
  return (vector: Code<"v128">, lane: number, value: Code<A>): Code<"v128"> =>
    code("v128", [vector, value, ...op(opcode), lane]);
}

export const v128 = {
  /** Sixteen bytes, lane 0 first. */
  const: (bytes: ArrayLike<number>): Code<"v128"> => code("v128", [...op(0x0c), ...Array.from(bytes)]),
  load: load("v128", ...op(0x00)),
  load8x8S: load("v128", ...op(0x01)),
  load8x8U: load("v128", ...op(0x02)),
  load16x4S: load("v128", ...op(0x03)),
  load16x4U: load("v128", ...op(0x04)),
  load8Splat: load("v128", ...op(0x07)),
  load16Splat: load("v128", ...op(0x08)),
  load32Splat: load("v128", ...op(0x09)),
  load64Splat: load("v128", ...op(0x0a)),
  load32Zero: load("v128", ...op(0x5c)),
  load64Zero: load("v128", ...op(0x5d)),
  store: store<"v128">(...op(0x0b)),
  /** Stores one lane of four or eight bytes. */
  store32Lane: (address: Code<"i32">, vector: Code<"v128">, lane: number, offset = 0): Code<"none"> =>
    code("none", [address, vector, ...op(0x5a), 0, ...unsignedLeb(offset), lane]),
  store64Lane: (address: Code<"i32">, vector: Code<"v128">, lane: number, offset = 0): Code<"none"> =>
    code("none", [address, vector, ...op(0x5b), 0, ...unsignedLeb(offset), lane]),
  load32Lane: (address: Code<"i32">, vector: Code<"v128">, lane: number, offset = 0): Code<"v128"> =>
    code("v128", [address, vector, ...op(0x56), 0, ...unsignedLeb(offset), lane]),
  not: one(0x4d),
  and: two(0x4e),
  /** a and not b. */
  andnot: two(0x4f),
  or: two(0x50),
  xor: two(0x51),
  anyTrue: unary<"i32", "v128">("i32", ...op(0x53)),
  /** Bits of a where the mask has ones, of b elsewhere. */
  bitselect: (a: Code<"v128">, b: Code<"v128">, mask: Code<"v128">): Code<"v128"> =>
    code("v128", [a, b, mask, ...op(0x52)]),
} as const;

export const i8x16 = {
  /** Lane i of the result is byte lanes[i] of a (0…15) or b (16…31). */
  shuffle: (a: Code<"v128">, b: Code<"v128">, lanes: readonly number[]): Code<"v128"> =>
    code("v128", [a, b, ...op(0x0d), ...lanes]),
  splat: splat<"i32">(0x0f),
  eq: two(0x23),
  ltU: two(0x26),
  add: two(0x6e),
  narrowI16x8U: two(0x66),
} as const;

export const i16x8 = {
  splat: splat<"i32">(0x10),
  eq: two(0x2d),
  add: two(0x8e),
  narrowI32x4S: two(0x85),
  extaddPairwiseI8x16U: one(0x7d),
  extendLowI8x16S: one(0x87),
  extendHighI8x16S: one(0x88),
  extendLowI8x16U: one(0x89),
  extendHighI8x16U: one(0x8a),
} as const;

export const i32x4 = {
  splat: splat<"i32">(0x11),
  extractLane: extract("i32", 0x1b),
  replaceLane: replace<"i32">(0x1c),
  eq: two(0x37),
  gtS: two(0x3b),
  geS: two(0x3f),
  add: two(0xae),
  sub: two(0xb1),
  shl: shift(0xab),
  shrS: shift(0xac),
  shrU: shift(0xad),
  extendLowI16x8S: one(0xa7),
  extendHighI16x8S: one(0xa8),
  extendLowI16x8U: one(0xa9),
  extendHighI16x8U: one(0xaa),
  extaddPairwiseI16x8U: one(0x7f),
  /** Products of signed 16-bit lanes, neighbours added. */
  dotI16x8S: two(0xba),
  truncSatF32x4S: one(0xf8),
  truncSatF64x2SZero: one(0xfc),
} as const;

export const i64x2 = {
  splat: splat<"i64">(0x12),
  add: two(0xce),
  shl: shift(0xcb),
  shrU: shift(0xcd),
  extendLowI32x4S: one(0xc7),
} as const;

export const f32x4 = {
  splat: splat<"f32">(0x13),
  eq: two(0x41),
  ne: two(0x42),
  lt: two(0x43),
  gt: two(0x44),
  le: two(0x45),
  ge: two(0x46),
  ceil: one(0x67),
  floor: one(0x68),
  trunc: one(0x69),
  nearest: one(0x6a),
  abs: one(0xe0),
  neg: one(0xe1),
  sqrt: one(0xe3),
  add: two(0xe4),
  sub: two(0xe5),
  mul: two(0xe6),
  div: two(0xe7),
  min: two(0xe8),
  max: two(0xe9),
  pmin: two(0xea),
  pmax: two(0xeb),
  convertI32x4S: one(0xfa),
  convertI32x4U: one(0xfb),
  demoteF64x2Zero: one(0x5e),
} as const;

export const f64x2 = {
  splat: splat<"f64">(0x14),
  eq: two(0x47),
  lt: two(0x49),
  le: two(0x4b),
  floor: one(0x75),
  nearest: one(0x94),
  abs: one(0xec),
  neg: one(0xed),
  sqrt: one(0xef),
  add: two(0xf0),
  sub: two(0xf1),
  mul: two(0xf2),
  div: two(0xf3),
  min: two(0xf4),
  max: two(0xf5),
  pmin: two(0xf6),
  pmax: two(0xf7),
  promoteLowF32x4: one(0x5f),
  convertLowI32x4S: one(0xfe),
} as const;
