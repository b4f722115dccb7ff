import type { Code } from "./code.ts";
import { v128 } from "./simd.ts";

/** A constant vector of four equal 32-bit lanes. */
export function splatI32(value: number): Code<"v128"> {
  return v128.const(new Uint8Array(Int32Array.of(value, value, value, value).buffer));
}

/** Four equal float32 lanes. */
export function splatF32(value: number): Code<"v128"> {
  return v128.const(new Uint8Array(Float32Array.of(value, value, value, value).buffer));
}

/** Two equal float64 lanes. */
export function splatF64(value: number): Code<"v128"> {
  return v128.const(new Uint8Array(Float64Array.of(value, value).buffer));
}

/** Two equal 64-bit integer lanes. */
export function splatI64(value: bigint): Code<"v128"> {
  return v128.const(new Uint8Array(BigInt64Array.of(value, value).buffer));
}
