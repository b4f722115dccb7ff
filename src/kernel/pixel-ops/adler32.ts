import type { Code } from "../wasm/code.ts";
import { type Callable, minimum, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { i16x8, i32x4, v128 } from "../wasm/simd.ts";
import { VECTOR } from "./sample.ts";

const PRIME = 65521;
/** So many bytes can be added before the sums pass 32 bits (zlib's NMAX). */
const RUN = 5552;

/**
 * Adler-32 (RFC 1950, 9) of `length` bytes at `ptr`. The second sum counts each byte once for every byte from it to the end: within a vector
 * by weights 16 … 1, before that by adding the first sum as it was, sixteenfold.
 */
export function defineAdler32(module: ModuleBuilder): Callable<"i32"> {
  return module.define(["i32", "i32"], "i32", (f, ptr, length) => {
    const a = f.local("i32");
    const b = f.local("i32");
    const end = f.local("i32");
    const runEnd = f.local("i32");
    const bytes = f.local("v128");
    const sums = f.local("v128");
    const before = f.local("v128");
    const weighted = f.local("v128");
    const zero = v128.const(new Uint8Array(VECTOR));
    const weights = (from: number) =>
      v128.const(new Uint8Array(Int16Array.from({ length: 8 }, (_, lane) => from - lane).buffer));
    const total = (of: Code<"v128">) =>
      [1, 2, 3].reduce((sum, lane) => i32.add(sum, i32x4.extractLane(of, lane)), i32x4.extractLane(of, 0));
    const vectors = i32.and(i32.sub(runEnd.get, ptr.get), i32.const(-VECTOR));
    return sequence(
      a.set(i32.const(1)),
      end.set(i32.add(ptr.get, length.get)),
      whileLoop(
        i32.ltU(ptr.get, end.get),
        runEnd.set(i32.add(ptr.get, minimum(i32.sub(end.get, ptr.get), i32.const(RUN)))),
        sums.set(zero),
        before.set(zero),
        weighted.set(zero),
        b.set(i32.add(b.get, i32.mul(a.get, vectors))),
        whileLoop(
          i32.geU(i32.sub(runEnd.get, ptr.get), i32.const(VECTOR)),
          before.set(i32x4.add(before.get, sums.get)),
          bytes.set(v128.load(ptr.get)),
          sums.set(i32x4.add(sums.get, i32x4.extaddPairwiseI16x8U(i16x8.extaddPairwiseI8x16U(bytes.get)))),
          weighted.set(i32x4.add(weighted.get, i32x4.dotI16x8S(i16x8.extendLowI8x16U(bytes.get), weights(16)))),
          weighted.set(i32x4.add(weighted.get, i32x4.dotI16x8S(i16x8.extendHighI8x16U(bytes.get), weights(8)))),
          advance(ptr, VECTOR),
        ),
        b.set(i32.add(b.get, i32.add(i32.shl(total(before.get), i32.const(4)), total(weighted.get)))),
        a.set(i32.add(a.get, total(sums.get))),
        whileLoop(
          i32.ltU(ptr.get, runEnd.get),
          a.set(i32.add(a.get, i32.load8u(ptr.get))),
          b.set(i32.add(b.get, a.get)),
          advance(ptr, 1),
        ),
        a.set(i32.remU(a.get, i32.const(PRIME))),
        b.set(i32.remU(b.get, i32.const(PRIME))),
      ),
      i32.or(i32.shl(b.get, i32.const(16)), a.get),
    );
  });
}
