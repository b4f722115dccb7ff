import { type Callable, sequence, when, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { i8x16, v128 } from "../wasm/simd.ts";
import { storeFirst, VECTOR } from "./sample.ts";

/** Byte order of samples reversed in place; sizes in bytes. */
export function defineSwap(module: ModuleBuilder, bytes: 2 | 4 | 8): Callable<"none"> {
  const reversed = Array.from({ length: VECTOR }, (_, lane) => lane ^ (bytes - 1));
  return module.define(["i32", "i32"], "none", (f, at, size) => {
    const end = f.local("i32");
    const x = f.local("v128");
    const swapped = i8x16.shuffle(x.tee(v128.load(at.get)), x.get, reversed);
    return sequence(
      end.set(i32.add(at.get, size.get)),
      whileLoop(i32.leU(i32.add(at.get, i32.const(VECTOR)), end.get), v128.store(at.get, swapped), advance(at, VECTOR)),
      when(i32.ltU(at.get, end.get), [storeFirst(at.get, swapped, i32.sub(end.get, at.get))]),
    );
  });
}
