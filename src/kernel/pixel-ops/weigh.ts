import { type Callable, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, f64x2, i8x16, v128 } from "../wasm/simd.ts";
import { splatF32, splatF64, splatI32 } from "../wasm/splat.ts";
import { VECTOR } from "./sample.ts";

/** A tap: i32 offset from the pixel to the neighbour in bytes, four bytes of nothing, f64 weight. */
export const TAP_BYTES = 16;
const WEIGHT = 8;
const LANES = 4;

const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/** Sums of neighbours times weights over a row; see PixelOps.weigh. */
export function defineWeigh(module: ModuleBuilder): Callable<"i32"> {
  return module.define(
    ["i32", "i32", "i32", "i32", "i32", "i32"],
    "i32",
    (f, from, to, width, taps, count, divisor) => {
      const [tap, left] = [f.local("i32"), f.local("i32")];
      const [low, high, pixels, weight, odd] = [
        f.local("v128"),
        f.local("v128"),
        f.local("v128"),
        f.local("v128"),
        f.local("v128"),
      ];
      const swapped = () => i8x16.shuffle(pixels.get, pixels.get, HIGH_HALF);
      const share = (sum: typeof low) => f32x4.demoteF64x2Zero(f64x2.div(sum.get, v128.load64Splat(divisor.get)));
      return sequence(
        odd.set(splatI32(0)),
        whileLoop(
          i32.gtS(width.get, i32.const(0)),
          low.set(splatF64(0)),
          high.set(splatF64(0)),
          tap.set(taps.get),
          left.set(count.get),
          whileLoop(
            left.get,
            pixels.set(v128.load(i32.add(from.get, i32.load(tap.get)))),
            weight.set(v128.load64Splat(tap.get, WEIGHT)),
            low.set(f64x2.add(low.get, f64x2.mul(weight.get, f64x2.promoteLowF32x4(pixels.get)))),
            high.set(f64x2.add(high.get, f64x2.mul(weight.get, f64x2.promoteLowF32x4(swapped())))),
            // x − x is 0 for finite x, else NaN.
            odd.set(v128.or(odd.get, f32x4.ne(f32x4.sub(pixels.get, pixels.get), splatF32(0)))),
            advance(tap, TAP_BYTES),
            advance(left, -1),
          ),
          v128.store(to.get, i8x16.shuffle(share(low), share(high), LOW_HALVES)),
          advance(from, VECTOR),
          advance(to, VECTOR),
          advance(width, -LANES),
        ),
        v128.anyTrue(odd.get),
      );
    },
  );
}
