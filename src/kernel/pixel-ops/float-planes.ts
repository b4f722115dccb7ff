import { type Callable, type Statement, statements, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import type { FunctionScope, ModuleBuilder } from "../wasm/module.ts";
import { i8x16, v128 } from "../wasm/simd.ts";
import { VECTOR } from "./sample.ts";

/**
 * Second half of the floating point predictor (TIFF Technical Note 3): each row holds the most significant bytes of all
 * its samples, then the next byte of all …; they become little-endian samples. `samples` counts those of one row.
 */
export function defineJoinFloatPlanes(module: ModuleBuilder, bytes: 2 | 4 | 8): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, from, to, samples, rows) => {
    const left = f.local("i32");
    // planes[k] points into the plane of byte k of the little-endian sample, so the row's last plane comes first.
    const planes = Array.from({ length: bytes }, () => f.local("i32"));
    const setPlanes = planes.map((plane, k) =>
      plane.set(i32.add(from.get, i32.mul(samples.get, i32.const(bytes - 1 - k)))),
    );
    const advanceAll = (by: number): Statement =>
      statements([...planes.map((plane) => advance(plane, by)), advance(to, by * bytes), advance(left, -by)]);
    return whileLoop(
      rows.get,
      ...setPlanes,
      left.set(samples.get),
      whileLoop(i32.geU(left.get, i32.const(VECTOR)), joinVectors(f, planes, to), advanceAll(VECTOR)),
      whileLoop(left.get, ...planes.map((plane, k) => i32.store8(to.get, i32.load8u(plane.get), k)), advanceAll(1)),
      from.set(i32.add(from.get, i32.mul(samples.get, i32.const(bytes)))),
      advance(rows, -1),
    );
  });
}

/**
 * Sixteen samples: interleave plane k with plane k + n/2, and again with the halves that result, until each vector
 * holds whole samples in order (a perfect shuffle by log₂ n rounds).
 */
function joinVectors(f: FunctionScope, planes: readonly Local<"i32">[], to: Local<"i32">): Statement {
  const body: Statement[] = [];
  let vectors = planes.map((plane) => {
    const vector = f.local("v128");
    body.push(vector.set(v128.load(plane.get)));
    return vector;
  });
  for (let round = 1; round < planes.length; round *= 2) {
    const half = planes.length / 2;
    const next: Local<"v128">[] = [];
    for (let k = 0; k < half; k++) {
      const [a, b] = [vectors[k], vectors[k + half]];
      if (!a || !b) throw new Error("planes come in powers of two");
      for (const lanes of [INTERLEAVE_LOW, INTERLEAVE_HIGH]) {
        const joined = f.local("v128");
        body.push(joined.set(i8x16.shuffle(a.get, b.get, lanes)));
        next.push(joined);
      }
    }
    vectors = next;
  }
  body.push(...vectors.map((vector, index) => v128.store(to.get, vector.get, index * VECTOR)));
  return statements(body);
}

const interleave = (first: number) =>
  Array.from({ length: VECTOR }, (_, lane) => first + (lane >> 1) + (lane & 1) * VECTOR);
const INTERLEAVE_LOW = interleave(0);
const INTERLEAVE_HIGH = interleave(VECTOR / 2);
