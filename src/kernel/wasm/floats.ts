import { type Code, code } from "./code.ts";
import { load, store, unary } from "./operations.ts";

/** Scalar floats: only what moves parameters into lanes. */
export const f32 = {
  load: load("f32", 0x2a),
  store: store<"f32">(0x38),
  demoteF64: unary<"f32", "f64">("f32", 0xb6),
} as const;

export const f64 = {
  const: (value: number): Code<"f64"> => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return code("f64", [0x44, ...bytes]);
  },
  load: load("f64", 0x2b),
} as const;
