import { type Code, code } from "./code.ts";
import { signedLeb, signedLeb64 } from "./leb128.ts";
import { binary, load, store, unary } from "./operations.ts";

/** The 32-bit integer instructions that we use, by their names in the specification. */
export const i32 = {
  const: (value: number): Code<"i32"> => code("i32", [0x41, ...signedLeb(value)]),
  load: load("i32", 0x28),
  load8s: load("i32", 0x2c),
  load8u: load("i32", 0x2d),
  load16u: load("i32", 0x2f),
  store: store<"i32">(0x36),
  store8: store<"i32">(0x3a),
  store16: store<"i32">(0x3b),
  eqz: unary<"i32">("i32", 0x45),
  eq: binary<"i32">("i32", 0x46),
  ne: binary<"i32">("i32", 0x47),
  ltS: binary<"i32">("i32", 0x48),
  ltU: binary<"i32">("i32", 0x49),
  gtS: binary<"i32">("i32", 0x4a),
  gtU: binary<"i32">("i32", 0x4b),
  leU: binary<"i32">("i32", 0x4d),
  geU: binary<"i32">("i32", 0x4f),
  add: binary<"i32">("i32", 0x6a),
  sub: binary<"i32">("i32", 0x6b),
  mul: binary<"i32">("i32", 0x6c),
  remU: binary<"i32">("i32", 0x70),
  and: binary<"i32">("i32", 0x71),
  or: binary<"i32">("i32", 0x72),
  shl: binary<"i32">("i32", 0x74),
  shrU: binary<"i32">("i32", 0x76),
  rotl: binary<"i32">("i32", 0x77),
  wrapI64: unary<"i32", "i64">("i32", 0xa7),
  truncSatF64S: unary<"i32", "f64">("i32", 0xfc, 2),
  truncSatF64U: unary<"i32", "f64">("i32", 0xfc, 3),
} as const;

/** 64-bit integers: bit buffers and 8-byte samples. */
export const i64 = {
  const: (value: bigint): Code<"i64"> => code("i64", [0x42, ...signedLeb64(value)]),
  load: load("i64", 0x29),
  store: store<"i64">(0x37),
  add: binary<"i64">("i64", 0x7c),
  or: binary<"i64">("i64", 0x84),
  shl: binary<"i64">("i64", 0x86),
  shrU: binary<"i64">("i64", 0x88),
  extendI32U: unary<"i64", "i32">("i64", 0xad),
} as const;
