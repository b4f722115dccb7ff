import { type Callable, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, i32x4, v128 } from "../wasm/simd.ts";
import { splatI32 } from "../wasm/splat.ts";

/**
 * float16 to float32, four at a time. The half's exponent and fraction, moved to float32's places, are a number that is
 * 2^112 too small; one exact multiplication mends normal and subnormal numbers alike. Infinity and NaN (exponent 31)
 * get all exponent bits instead and keep their payload.
 */
export function defineHalfToFloat(module: ModuleBuilder): Callable<"none"> {
  return module.define(["i32", "i32", "i32"], "none", (f, from, to, count) => {
    const bits = f.local("v128");
    const magnitude = f.local("v128");
    const special = i32x4.gtS(magnitude.get, splatI32(0x0f7fffff));
    const scaled = f32x4.mul(magnitude.get, splatI32(TWO_TO_112));
    const infinite = v128.or(magnitude.get, splatI32(0x7f800000));
    return whileLoop(
      i32.gtS(count.get, i32.const(0)),
      bits.set(v128.load16x4U(from.get)),
      magnitude.set(i32x4.shl(v128.and(bits.get, splatI32(0x7fff)), i32.const(13))),
      v128.store(
        to.get,
        v128.or(
          v128.bitselect(infinite, scaled, special),
          i32x4.shl(v128.and(bits.get, splatI32(0x8000)), i32.const(16)),
        ),
      ),
      advance(from, 8),
      advance(to, 16),
      advance(count, -4),
    );
  });
}

/** Bits of the float32 2^112. */
const TWO_TO_112 = 0x77800000;
