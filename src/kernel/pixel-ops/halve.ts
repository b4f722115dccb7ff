import type { Code } from "../wasm/code.ts";
import { type Callable, choose, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, i8x16, i32x4, v128 } from "../wasm/simd.ts";
import { splatF32, splatI32 } from "../wasm/splat.ts";

const NAN_BITS = 0x7fc00000;
/** x + (−0) is x for every x, zeros of both signs included: the value that a missing sample adds. */
const NOTHING = splatF32(-0);

/**
 * 2×2 means over valid samples, four results a round. What lies outside the image (a column behind the right edge, a row
 * below the last) is made NaN and so drops out like any missing sample.
 */
export function defineHalve(module: ModuleBuilder): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, from, width, height, to) => {
    const x = f.local("i32");
    const rowBytes = f.local("i32");
    const top = f.local("i32");
    const bottom = f.local("i32");
    const target = f.local("i32");
    const noBottom = f.local("v128");
    const low = f.local("v128");
    const high = f.local("v128");
    const sum = f.local("v128");
    const count = f.local("v128");
    const sample = f.local("v128");
    const valid = f.local("v128");

    /** Lanes whose column lies behind the right edge. */
    const outside = (columns: readonly number[]) =>
      i32x4.geS(
        i32x4.add(i32x4.splat(x.get), v128.const(new Uint8Array(Int32Array.from(columns).buffer))),
        i32x4.splat(width.get),
      );
    const addSamples = (samples: Code<"v128">) => [
      sample.set(samples),
      valid.set(f32x4.eq(sample.get, sample.get)),
      sum.set(f32x4.add(sum.get, v128.bitselect(sample.get, NOTHING, valid.get))),
      count.set(i32x4.sub(count.get, valid.get)),
    ];
    const addRow = (row: Code<"i32">, missing: Code<"v128"> | null) => {
      const mask = (samples: Code<"v128">) => (missing ? v128.or(samples, missing) : samples);
      return [
        low.set(v128.load(row)),
        high.set(v128.load(row, 16)),
        ...addSamples(mask(v128.or(i8x16.shuffle(low.get, high.get, EVEN_FLOATS), outside([0, 2, 4, 6])))),
        ...addSamples(mask(v128.or(i8x16.shuffle(low.get, high.get, ODD_FLOATS), outside([1, 3, 5, 7])))),
      ];
    };
    return sequence(
      rowBytes.set(i32.shl(width.get, i32.const(2))),
      whileLoop(
        i32.gtS(height.get, i32.const(0)),
        top.set(from.get),
        bottom.set(i32.add(from.get, choose(i32.eq(height.get, i32.const(1)), i32.const(0), rowBytes.get))),
        noBottom.set(i32x4.splat(i32.sub(i32.const(0), i32.eq(height.get, i32.const(1))))),
        target.set(to.get),
        x.set(i32.const(0)),
        whileLoop(
          i32.ltS(x.get, width.get),
          sum.set(NOTHING),
          count.set(splatI32(0)),
          ...addRow(top.get, null),
          ...addRow(bottom.get, noBottom.get),
          v128.store(
            target.get,
            v128.bitselect(
              f32x4.div(sum.get, f32x4.convertI32x4S(count.get)),
              splatI32(NAN_BITS),
              f32x4.eq(sum.get, sum.get),
            ),
          ),
          advance(top, 32),
          advance(bottom, 32),
          advance(target, 16),
          advance(x, 8),
        ),
        advance(from, i32.shl(rowBytes.get, i32.const(1))),
        advance(to, i32.shl(i32.shrU(i32.add(width.get, i32.const(1)), i32.const(1)), i32.const(2))),
        advance(height, -2),
      ),
    );
  });
}

const everyOther = (first: number) =>
  Array.from({ length: 16 }, (_, lane) => (first + 2 * (lane >> 2)) * 4 + (lane & 3));
const EVEN_FLOATS = everyOther(0);
const ODD_FLOATS = everyOther(1);
