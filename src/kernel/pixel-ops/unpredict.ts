import { type Callable, type Statement, statements, when, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { i8x16, v128 } from "../wasm/simd.ts";
import { addLanes, type SampleBytes, storeFirst, VECTOR, ZERO } from "./sample.ts";

/**
 * Horizontal differencing undone in place: each sample adds its left neighbour, `stride` bytes before it; `stride` is
 * the size of a pixel and below 16. A vector becomes its own prefix sum by log₂ steps of "add yourself moved by stride,
 * 2·stride, 4·stride …" (Hillis and Steele 1986), then adds the last pixel of the vector before it.
 */
export function defineUnpredictNear(module: ModuleBuilder, bytes: SampleBytes, stride: number): Callable<"none"> {
  return module.define(["i32", "i32", "i32"], "none", (f, row, rowBytes, rows) => {
    const at = f.local("i32");
    const end = f.local("i32");
    const x = f.local("v128");
    const carry = f.local("v128");
    const prefixSum: Statement[] = [];
    for (let shift = stride; shift < VECTOR; shift *= 2) {
      prefixSum.push(x.set(addLanes(bytes, x.get, i8x16.shuffle(ZERO, x.get, movedBy(shift)))));
    }
    const vector = statements([x.set(v128.load(at.get)), ...prefixSum, x.set(addLanes(bytes, x.get, carry.get))]);
    return whileLoop(
      rows.get,
      at.set(row.get),
      end.set(i32.add(row.get, rowBytes.get)),
      carry.set(ZERO),
      whileLoop(
        i32.leU(i32.add(at.get, i32.const(VECTOR)), end.get),
        vector,
        v128.store(at.get, x.get),
        carry.set(i8x16.shuffle(x.get, x.get, lastPixelRepeated(stride))),
        advance(at, VECTOR),
      ),
      when(i32.ltU(at.get, end.get), [vector, storeFirst(at.get, x.get, i32.sub(end.get, at.get))]),
      row.set(end.get),
      advance(rows, -1),
    );
  });
}

/** The same for pixels of 16 bytes and more: the left neighbour lies outside the vector, so plain additions do. */
export function defineUnpredictFar(module: ModuleBuilder, bytes: SampleBytes): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, row, rowBytes, rows, stride) => {
    const at = f.local("i32");
    const end = f.local("i32");
    const sum = addLanes(bytes, v128.load(at.get), v128.load(i32.sub(at.get, stride.get)));
    return whileLoop(
      rows.get,
      at.set(i32.add(row.get, stride.get)),
      end.set(i32.add(row.get, rowBytes.get)),
      whileLoop(i32.leU(i32.add(at.get, i32.const(VECTOR)), end.get), v128.store(at.get, sum), advance(at, VECTOR)),
      when(i32.ltU(at.get, end.get), [storeFirst(at.get, sum, i32.sub(end.get, at.get))]),
      row.set(end.get),
      advance(rows, -1),
    );
  });
}

/** shuffle(zero, x): x moved up by `shift` bytes, zeros below. */
function movedBy(shift: number): number[] {
  return Array.from({ length: VECTOR }, (_, lane) => (lane < shift ? 0 : VECTOR + lane - shift));
}

/** The pixel that ends a vector, repeated in the phase that the next vector begins with. */
function lastPixelRepeated(stride: number): number[] {
  return Array.from({ length: VECTOR }, (_, lane) => VECTOR - stride + (lane % stride));
}
