import { type Callable, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import { memoryCopy } from "../wasm/memory.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { v128 } from "../wasm/simd.ts";
import { loadSplat, type SampleBytes, VECTOR } from "./sample.ts";

/** Rows of a rectangle; strides in bytes. */
export function defineCopyRect(module: ModuleBuilder): Callable<"none"> {
  return module.define(
    ["i32", "i32", "i32", "i32", "i32", "i32"],
    "none",
    (_, from, fromStride, to, toStride, rowBytes, rows) =>
      whileLoop(
        rows.get,
        memoryCopy(to.get, from.get, rowBytes.get),
        advance(from, fromStride.get),
        advance(to, toStride.get),
        advance(rows, -1),
      ),
  );
}

/** [at, at + size) filled with the sample that stands at `pattern`. */
export function defineFill(module: ModuleBuilder, bytes: SampleBytes): Callable<"none"> {
  return module.define(["i32", "i32", "i32"], "none", (f, at, size, pattern) => {
    const vector = f.local("v128");
    const index = f.local("i32");
    return sequence(
      vector.set(loadSplat(bytes, pattern.get)),
      whileLoop(
        i32.geU(size.get, i32.const(VECTOR)),
        v128.store(at.get, vector.get),
        advance(at, VECTOR),
        advance(size, -VECTOR),
      ),
      whileLoop(
        i32.ltU(index.get, size.get),
        i32.store8(
          i32.add(at.get, index.get),
          i32.load8u(i32.add(pattern.get, i32.and(index.get, i32.const(bytes - 1)))),
        ),
        advance(index, 1),
      ),
    );
  });
}
