import { type Callable, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";

/** Rows of bits, most significant first and padded to whole bytes, to one byte (0 or 1) a sample. */
export function defineUnpackBits(module: ModuleBuilder): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, from, to, width, rows) => {
    const left = f.local("i32");
    const byte = f.local("i32");
    const bit = f.local("i32");
    const eighth = (k: number) => i32.store8(to.get, i32.and(i32.shrU(byte.get, i32.const(7 - k)), i32.const(1)), k);
    return whileLoop(
      rows.get,
      left.set(width.get),
      whileLoop(
        i32.geU(left.get, i32.const(8)),
        byte.set(i32.load8u(from.get)),
        ...[0, 1, 2, 3, 4, 5, 6, 7].map(eighth),
        advance(from, 1),
        advance(to, 8),
        advance(left, -8),
      ),
      whileLoop(
        left.get,
        byte.set(i32.load8u(from.get)),
        advance(from, 1),
        bit.set(i32.const(7)),
        sequence(
          whileLoop(
            left.get,
            i32.store8(to.get, i32.and(i32.shrU(byte.get, bit.get), i32.const(1))),
            advance(to, 1),
            advance(bit, -1),
            advance(left, -1),
          ),
        ),
      ),
      advance(rows, -1),
    );
  });
}
