import { type PlaneType, planeBytes } from "../../core/dtype.ts";
import { loadPlaneLanes, splatSample } from "../plane-lanes.ts";
import { type Callable, sequence, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { f32x4, v128 } from "../wasm/simd.ts";
import { splatI32 } from "../wasm/splat.ts";

/** Bits of the one NaN that results hold. */
const NAN_BITS = 0x7fc00000;

/** Samples of a plane to float32; with `hasNodata` a last parameter holds the value that becomes NaN. */
export function defineToFloat(module: ModuleBuilder, type: PlaneType, hasNodata: boolean): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "f64"], "none", (f, from, to, count, nodata) => {
    const missing = f.local("v128");
    const value = f.local("v128");
    return sequence(
      missing.set(splatSample(type, nodata.get)),
      whileLoop(
        i32.gtS(count.get, i32.const(0)),
        value.set(loadPlaneLanes(f, type, from.get, 0, hasNodata ? missing.get : null)),
        v128.store(to.get, v128.bitselect(value.get, splatI32(NAN_BITS), f32x4.eq(value.get, value.get))),
        advance(from, 4 * planeBytes(type)),
        advance(to, 16),
        advance(count, -4),
      ),
    );
  });
}
