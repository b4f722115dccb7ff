import { DATA_TYPES, type PlaneType, planeTypeOf } from "../core/dtype.ts";
import { defineAdler32 } from "./pixel-ops/adler32.ts";
import { defineUnpackBits } from "./pixel-ops/bits.ts";
import { defineCopyRect, defineFill } from "./pixel-ops/copy.ts";
import { defineDeinterleaveFew, defineDeinterleaveMany } from "./pixel-ops/deinterleave.ts";
import { defineJoinFloatPlanes } from "./pixel-ops/float-planes.ts";
import { defineHalfToFloat } from "./pixel-ops/half.ts";
import { defineHalve } from "./pixel-ops/halve.ts";
import { defineInflate } from "./pixel-ops/inflate.ts";
import { defineInflateTable } from "./pixel-ops/inflate-table.ts";
import { defineLzw } from "./pixel-ops/lzw.ts";
import { defineMedian } from "./pixel-ops/median.ts";
import { definePackBits } from "./pixel-ops/pack-bits.ts";
import { SAMPLE_BYTES, VECTOR } from "./pixel-ops/sample.ts";
import { defineSwap } from "./pixel-ops/swap.ts";
import { defineTally } from "./pixel-ops/tally.ts";
import { defineToFloat } from "./pixel-ops/to-float.ts";
import { defineUnpredictFar, defineUnpredictNear } from "./pixel-ops/unpredict.ts";
import { defineWeigh } from "./pixel-ops/weigh.ts";
import type { PixelOps } from "./pixel-ops.types.ts";
import { nodataSample } from "./plane-lanes.ts";
import { ModuleBuilder } from "./wasm/module.ts";

const PLANE_TYPES: readonly PlaneType[] = [...new Set(DATA_TYPES.map(planeTypeOf))];
const FEW_SAMPLES = [2, 3, 4] as const;

/**
 * The loops of PixelOps over one memory. The module's bytes are made once a thread; its functions are compiled when
 * they are first called. Sizes of samples and pixels choose among the variants of a loop here, once a call.
 */
export function createPixelOps(memory: WebAssembly.Memory): PixelOps {
  compiled ??= new WebAssembly.Module(pixelOpsModule());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const loop = (name: string): Loop => {
    const found = exports[name];
    if (typeof found !== "function") throw new Error(`no loop for ${name}`);
    return found as Loop;
  };
  const unpredict = (ptr: number, width: number, height: number, samples: number, bytes: number) => {
    if (width === 0) return;
    const stride = samples * bytes;
    if (stride < VECTOR) loop(`unpredict.${bytes}.${stride}`)(ptr, width * stride, height);
    else loop(`unpredict.${bytes}`)(ptr, width * stride, height, stride);
  };
  const medians = new Map<number, Loop>();
  return {
    memory,
    unpredict,
    unpredictFloat: (from, to, width, height, samples, bytes) => {
      unpredict(from, width * bytes, height, samples, 1);
      loop(`joinFloat.${bytes}`)(from, to, width * samples, height);
    },
    swap: (ptr, count, bytes) => {
      loop(`swap.${bytes}`)(ptr, count * bytes);
    },
    deinterleave: (from, to, pixels, samples, bytes, planeStride) => {
      const few = FEW_SAMPLES.some((count) => count === samples);
      if (few) loop(`deinterleave.${bytes}.${samples}`)(from, to, pixels, planeStride);
      else loop(`deinterleave.${bytes}`)(from, to, pixels, planeStride, samples);
    },
    copyRect: loop("copyRect"),
    halfToFloat: loop("halfToFloat"),
    unpackBits: loop("unpackBits"),
    fill: (ptr, bytes, pattern, sampleBytes) => {
      loop(`fill.${sampleBytes}`)(ptr, bytes, pattern);
    },
    inflate: loop("inflate"),
    adler32: loop("adler32"),
    lzw: loop("lzw"),
    packBits: loop("packBits"),
    halve: loop("halve"),
    weigh: loop("weigh"),
    tally: loop("tally"),
    median: (from, to, width, taps, count) => {
      const known = medians.get(count) ?? medianLoop(memory, count);
      medians.set(count, known);
      return known(from, to, width, taps);
    },
    toFloat: (from, type, to, count, nodata) => {
      const sample = nodataSample(type, nodata);
      if (sample === null) loop(`toFloat.${type}`)(from, to, count, 0);
      else loop(`toFloat.${type}.nodata`)(from, to, count, sample);
    },
  };
}

type Loop = (...args: number[]) => number;

/** A module of its own: its code is long, and seldom wanted. */
function medianLoop(memory: WebAssembly.Memory, count: number): Loop {
  const module = new ModuleBuilder();
  module.export("median", defineMedian(module, count));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return exports.median as Loop;
}

let compiled: WebAssembly.Module | undefined;

/** The bytes of the module: one function for each sample size and pixel layout that is worth its own code. */
function pixelOpsModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  for (const bytes of SAMPLE_BYTES) {
    for (let stride = bytes; stride < VECTOR; stride += bytes) {
      module.export(`unpredict.${bytes}.${stride}`, defineUnpredictNear(module, bytes, stride));
    }
    module.export(`unpredict.${bytes}`, defineUnpredictFar(module, bytes));
    for (const samples of FEW_SAMPLES) {
      module.export(`deinterleave.${bytes}.${samples}`, defineDeinterleaveFew(module, bytes, samples));
    }
    module.export(`deinterleave.${bytes}`, defineDeinterleaveMany(module, bytes));
    module.export(`fill.${bytes}`, defineFill(module, bytes));
    if (bytes === 1) continue;
    module.export(`swap.${bytes}`, defineSwap(module, bytes));
    module.export(`joinFloat.${bytes}`, defineJoinFloatPlanes(module, bytes));
  }
  for (const type of PLANE_TYPES) {
    module.export(`toFloat.${type}`, defineToFloat(module, type, false));
    module.export(`toFloat.${type}.nodata`, defineToFloat(module, type, true));
  }
  module.export("copyRect", defineCopyRect(module));
  module.export("halfToFloat", defineHalfToFloat(module));
  module.export("unpackBits", defineUnpackBits(module));
  module.export("inflate", defineInflate(module, defineInflateTable(module)));
  module.export("adler32", defineAdler32(module));
  module.export("lzw", defineLzw(module));
  module.export("packBits", definePackBits(module));
  module.export("halve", defineHalve(module));
  module.export("weigh", defineWeigh(module));
  module.export("tally", defineTally(module));
  return module.toBytes();
}
