import { type PlaneType, planeBytes, valueRange } from "../core/dtype.ts";
import type { Code } from "./wasm/code.ts";
import { f32 } from "./wasm/floats.ts";
import { i32 } from "./wasm/integers.ts";
import type { FunctionScope } from "./wasm/module.ts";
import { f32x4, f64x2, i8x16, i32x4, v128 } from "./wasm/simd.ts";
import { splatF32, splatF64 } from "./wasm/splat.ts";

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

/**
 * Floats this close to `nodata` are no data too (GDAL's ARE_REAL_EQUAL, in the precision of the samples): writers shorten the number
 * in the file's text. A sum that overflows makes any two of one sign close, which is how −3.4e38 means the least float32.
 */
const NODATA_TOLERANCE = 2 * 2 ** -23;

/** Whether a value as it is stored means no data, as the lanes below have it. NaN is no data by itself. */
export function isNodata(type: PlaneType, value: number, nodata: number | null): boolean {
  const sample = nodataSample(type, nodata);
  if (sample === null) return false;
  if (value === sample) return true;
  if (type === "float32")
    return (
      Math.fround(Math.abs(value - sample)) < Math.fround(Math.abs(Math.fround(value + sample)) * NODATA_TOLERANCE)
    );
  return type === "float64" && Math.abs(value - sample) < Math.abs(value + sample) * NODATA_TOLERANCE;
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
            (x) => closeTo(f64x2, x, nodata, splatF64(NODATA_TOLERANCE)),
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
  return markMissing(scope, samples, convert, (x) =>
    type === "float32" ? closeTo(f32x4, x, nodata, splatF32(NODATA_TOLERANCE)) : i32x4.eq(x, nodata),
  );
}

/** Equal, which infinities are too, or nearer than the tolerance allows. */
function closeTo(
  lanes: Pick<typeof f32x4 | typeof f64x2, "eq" | "lt" | "abs" | "sub" | "add" | "mul">,
  x: Code<"v128">,
  nodata: Code<"v128">,
  tolerance: Code<"v128">,
): Code<"v128"> {
  const distance = lanes.abs(lanes.sub(x, nodata));
  return v128.or(lanes.eq(x, nodata), lanes.lt(distance, lanes.mul(lanes.abs(lanes.add(x, nodata)), tolerance)));
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
