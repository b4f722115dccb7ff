import { type PlaneType, planeBytes, valueRange } from "../core/dtype.ts";
import type { Code } from "./wasm/code.ts";
import { f32 } from "./wasm/floats.ts";
import { i32 } from "./wasm/integers.ts";
import type { FunctionScope } from "./wasm/module.ts";
import { f32x4, f64x2, i8x16, i32x4, v128 } from "./wasm/simd.ts";

/** How samples of a plane become float32 lanes: four at a time, missing ones as NaN. Rounds once where it must. */

/**
 * `nodata` as a sample of `type`, or null where no sample can equal it (a fraction or a number out of range for
 * integers; NaN, which is no data already).
 */
export function nodataSample(type: PlaneType, nodata: number | null): number | null {
  if (nodata === null || Number.isNaN(nodata)) return null;
  if (type === "float64") return nodata;
  if (type === "float32") return Math.fround(nodata);
  const [low, high] = valueRange(type);
  return Number.isInteger(nodata) && nodata >= low && nodata <= high ? nodata : null;
}

/** A sample value in every lane, as `loadPlaneLanes` compares it. */
export function splatSample(type: PlaneType, value: Code<"f64">): Code<"v128"> {
  if (type === "float64") return f64x2.splat(value);
  if (type === "float32") return f32x4.splat(f32.demoteF64(value));
  return i32x4.splat(type === "uint32" ? i32.truncSatF64U(value) : i32.truncSatF64S(value));
}

/** Four samples at `address` + `offset` bytes as float32; equal to `nodata` (see splatSample) becomes NaN. */
export function loadPlaneLanes(
  scope: FunctionScope,
  type: PlaneType,
  address: Code<"i32">,
  offset: number,
  nodata: Code<"v128"> | null,
): Code<"v128"> {
  if (type === "float64") {
    const pair = (at: number) => {
      const value = v128.load(address, at);
      const marked = nodata
        ? markMissing(
            scope,
            value,
            (x) => x,
            (x) => f64x2.eq(x, nodata),
          )
        : value;
      return f32x4.demoteF64x2Zero(marked);
    };
    return i8x16.shuffle(pair(offset), pair(offset + 2 * planeBytes(type)), LOW_HALVES);
  }
  const samples = loadInteger32(type, address, offset);
  const convert =
    type === "float32" ? (x: Code<"v128">) => x : type === "uint32" ? f32x4.convertI32x4U : f32x4.convertI32x4S;
  if (!nodata) return convert(samples);
  const equal = type === "float32" ? f32x4.eq : i32x4.eq;
  return markMissing(scope, samples, convert, (x) => equal(x, nodata));
}

/** All bits set is a NaN, so the mask of missing samples is simply or-ed in. */
function markMissing(
  scope: FunctionScope,
  samples: Code<"v128">,
  convert: (samples: Code<"v128">) => Code<"v128">,
  missing: (samples: Code<"v128">) => Code<"v128">,
): Code<"v128"> {
  const local = scope.local("v128");
  return v128.or(convert(local.tee(samples)), missing(local.get));
}

/** Four samples in 32-bit lanes, still in their own type. */
function loadInteger32(type: Exclude<PlaneType, "float64">, address: Code<"i32">, offset: number): Code<"v128"> {
  switch (type) {
    case "uint8":
      return i32x4.extendLowI16x8U(v128.load8x8U(address, offset));
    case "int8":
      return i32x4.extendLowI16x8S(v128.load8x8S(address, offset));
    case "uint16":
      return v128.load16x4U(address, offset);
    case "int16":
      return v128.load16x4S(address, offset);
    case "uint32":
    case "int32":
    case "float32":
      return v128.load(address, offset);
  }
}

const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
