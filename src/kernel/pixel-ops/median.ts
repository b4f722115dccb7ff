import { type Callable, type Statement, sequence, statements, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, v128 } from "../wasm/simd.ts";
import { splatF32, splatI32 } from "../wasm/splat.ts";
import { VECTOR } from "./sample.ts";
import { TAP_BYTES } from "./weigh.ts";

const LANES = 4;

/**
 * Medians of `count` neighbours (an odd number) over a row, four pixels at a time; see PixelOps.median. Forgetful selection: of one more
 * than half of the values the least and the greatest cannot be the median; they are dropped and the next value joins, until one is left
 * (Paeth 1990, Median Finding on a 3 × 3 Grid).
 */
export function defineMedian(module: ModuleBuilder, count: number): Callable<"i32"> {
  return module.define(["i32", "i32", "i32", "i32"], "i32", (f, from, to, width, taps) => {
    const first = (count + 1) / 2 + 1;
    const held: Local<"v128">[] = Array.from({ length: Math.min(first, count) }, () => f.local("v128"));
    const [lesser, odd] = [f.local("v128"), f.local("v128")];
    const load = (into: Local<"v128">, tap: number): Statement =>
      statements([
        into.set(v128.load(i32.add(from.get, i32.load(taps.get, tap * TAP_BYTES)))),
        // x − x is 0 for finite x, else NaN.
        odd.set(v128.or(odd.get, f32x4.ne(f32x4.sub(into.get, into.get), splatF32(0)))),
      ]);
    const order = (a: Local<"v128">, b: Local<"v128">): Statement =>
      statements([lesser.set(f32x4.pmin(a.get, b.get)), b.set(f32x4.pmax(a.get, b.get)), a.set(lesser.get)]);
    const steps: Statement[] = held.map((into, tap) => load(into, tap));
    let [set, next] = [held, held.length];
    while (set.length > 1) {
      steps.push(...extremes(set, order));
      // The least is first, the greatest last: both are forgotten, and the next value takes a place that is free.
      const freed = set[0];
      set = set.slice(1, -1);
      if (next < count && freed) {
        steps.push(load(freed, next++));
        set = [...set, freed];
      }
    }
    const [median] = set;
    if (!median) throw new Error("A median is of an odd number of values.");
    return sequence(
      odd.set(splatI32(0)),
      whileLoop(
        i32.gtS(width.get, i32.const(0)),
        ...steps,
        // Zeros of both signs are one value: −0 + 0 is 0.
        v128.store(to.get, f32x4.add(median.get, splatF32(0))),
        advance(from, VECTOR),
        advance(to, VECTOR),
        advance(width, -LANES),
      ),
      v128.anyTrue(odd.get),
    );
  });
}

/** Brings the least of a set to its front and the greatest to its end. */
function extremes<T>(set: readonly T[], order: (a: T, b: T) => Statement): readonly Statement[] {
  const steps: Statement[] = [];
  const half = Math.floor(set.length / 2);
  const at = (index: number) => set[index] as T;
  const last = set.length - 1;
  for (let i = 0; i < half; i++) steps.push(order(at(i), at(last - i)));
  // An odd one out in the middle may be either.
  const lows = set.length - half;
  for (let i = 1; i < lows; i++) steps.push(order(at(0), at(i)));
  for (let i = half; i < last; i++) steps.push(order(at(i), at(last)));
  return steps;
}
