import type { KernelOutput } from "../kernel.ts";
import type { Code } from "../wasm/code.ts";
import type { Statement } from "../wasm/control.ts";
import type { Local } from "../wasm/local.ts";
import { i8x16, i16x8, v128 } from "../wasm/simd.ts";

/** Four pixels to their place, `group` groups behind the output pointer. */
export function storeGroup(output: KernelOutput, to: Code<"i32">, group: number, lanes: Code<"v128">): Statement {
  switch (output) {
    case "float32":
    case "rgba8":
      return v128.store(to, lanes, 16 * group);
    case "rgb8":
      // Sixteen bytes are written, the last four of them for nothing: the next group or the slack behind the plane takes them.
      return v128.store(to, i8x16.shuffle(lanes, lanes, THREE_OF_FOUR), 12 * group);
    case "gray8":
      return v128.store32Lane(to, i8x16.shuffle(lanes, lanes, ONE_OF_FOUR), 0, 4 * group);
  }
}

/** Sixteen gray pixels, four in each of four vectors. */
export function storeGroups(to: Code<"i32">, groups: readonly Local<"v128">[]): Statement {
  const [a, b, c, d] = groups;
  if (!a || !b || !c || !d) throw new Error("sixteen pixels are four groups");
  return v128.store(to, i8x16.narrowI16x8U(i16x8.narrowI32x4S(a.get, b.get), i16x8.narrowI32x4S(c.get, d.get)));
}

const THREE_OF_FOUR = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0];
const ONE_OF_FOUR = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12];
