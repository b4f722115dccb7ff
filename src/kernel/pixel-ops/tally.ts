import { type Callable, statements, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, f64x2, i8x16, i32x4, v128 } from "../wasm/simd.ts";
import { splatI32 } from "../wasm/splat.ts";
import { VECTOR } from "./sample.ts";

/** Buckets of a tally: sign, exponent and the first 13 bits of the mantissa of a float32. */
export const TALLY_BITS = 22;
const SHIFT = 32 - TALLY_BITS;
const LANES = [0, 1, 2, 3] as const;

/** Where the parts of a tally's state lie: two sums and two sums of squares in float64, then four least and four greatest values. */
export const TALLY = { shift: 0, sums: 16, squares: 32, least: 48, greatest: 64, bytes: 80 } as const;

const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

/** Counts of values by bucket, with sums and bounds; see PixelOps.tally. */
export function defineTally(module: ModuleBuilder): Callable {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, from, count, counts, state) => {
    const [values, bits, valid, shift] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
    const [sums, squares, least, greatest] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
    const [away, place] = [f.local("v128"), f.local("i32")];
    const kept = [
      [sums, TALLY.sums],
      [squares, TALLY.squares],
      [least, TALLY.least],
      [greatest, TALLY.greatest],
    ] as const;
    // What is no value lies nowhere away from the shift.
    const difference = (half: 0 | 1) => {
      const bytes = half === 0 ? values.get : i8x16.shuffle(values.get, values.get, HIGH_HALF);
      const there = half === 0 ? valid.get : i8x16.shuffle(valid.get, valid.get, HIGH_HALF);
      const mask = i8x16.shuffle(there, there, [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7]);
      return v128.and(f64x2.sub(f64x2.promoteLowF32x4(bytes), shift.get), mask);
    };
    const add = (half: 0 | 1) =>
      statements([
        away.set(difference(half)),
        sums.set(f64x2.add(sums.get, away.get)),
        squares.set(f64x2.add(squares.get, f64x2.mul(away.get, away.get))),
      ]);
    return statements([
      shift.set(v128.load64Splat(state.get, TALLY.shift)),
      ...kept.map(([local, at]) => local.set(v128.load(state.get, at))),
      whileLoop(
        i32.gtS(count.get, i32.const(0)),
        values.set(v128.load(from.get)),
        valid.set(f32x4.eq(values.get, values.get)),
        // Of NaN these keep what they have.
        least.set(f32x4.pmin(least.get, values.get)),
        greatest.set(f32x4.pmax(greatest.get, values.get)),
        add(0),
        add(1),
        // Negative: all bits flipped; others: the sign bit. The numbers order as the floats do.
        bits.set(v128.xor(values.get, v128.or(i32x4.shrS(values.get, i32.const(31)), splatI32(-0x80000000)))),
        bits.set(i32x4.shl(i32x4.shrU(bits.get, i32.const(SHIFT)), i32.const(2))),
        ...LANES.map((lane) =>
          statements([
            place.set(i32.add(counts.get, i32x4.extractLane(bits.get, lane))),
            i32.store(place.get, i32.add(i32.load(place.get), i32.const(1))),
          ]),
        ),
        advance(from, VECTOR),
        advance(count, -LANES.length),
      ),
      ...kept.map(([local, at]) => v128.store(state.get, local.get, at)),
    ]);
  });
}
