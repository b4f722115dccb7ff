import type { Code } from "../wasm/code.ts";
import { type Callable, minimum, type Statement, sequence, statements, whileLoop } from "../wasm/control.ts";
import { i32 } from "../wasm/integers.ts";
import { advance, type Local } from "../wasm/local.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { i8x16, v128 } from "../wasm/simd.ts";
import { copySample, type SampleBytes, VECTOR } from "./sample.ts";

/** Two to four interleaved samples to planes, 16 bytes of each plane a round. */
export function defineDeinterleaveFew(module: ModuleBuilder, bytes: SampleBytes, samples: 2 | 3 | 4): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32"], "none", (f, from, to, pixels, planeStride) => {
    const vectors = Array.from({ length: samples }, () => f.local("v128"));
    const planes = Array.from({ length: samples }, () => f.local("i32"));
    const pixelsPerVector = VECTOR / bytes;
    const advanceAll = (count: number): Statement =>
      statements([
        advance(from, count * bytes * samples),
        ...planes.map((plane) => advance(plane, count * bytes)),
        advance(pixels, -count),
      ]);
    return sequence(
      ...planes.map((plane, index) => plane.set(i32.add(to.get, i32.mul(planeStride.get, i32.const(index))))),
      whileLoop(
        i32.geU(pixels.get, i32.const(pixelsPerVector)),
        ...vectors.map((vector, index) => vector.set(v128.load(from.get, index * VECTOR))),
        ...planes.map((plane, sample) => v128.store(plane.get, gather(vectors, bytes, sample))),
        advanceAll(pixelsPerVector),
      ),
      whileLoop(
        pixels.get,
        ...planes.map((plane, sample) => copySample(bytes, plane.get, i32.add(from.get, i32.const(sample * bytes)))),
        advanceAll(1),
      ),
    );
  });
}

/** The lanes of one sample out of `vectors.length` vectors of interleaved pixels, by a chain of two-vector shuffles. */
function gather(vectors: readonly Local<"v128">[], bytes: SampleBytes, sample: number): Code<"v128"> {
  const source = (lane: number) => {
    const pixel = Math.floor(lane / bytes);
    return (pixel * vectors.length + sample) * bytes + (lane % bytes);
  };
  const [first, ...others] = vectors.map((vector) => vector.get);
  if (!first) throw new Error("a pixel has at least one sample");
  return others.reduce((joined, vector, index) => {
    const lanes = Array.from({ length: VECTOR }, (_, lane) => {
      const inVector = Math.floor(source(lane) / VECTOR);
      if (inVector === index + 1) return VECTOR + (source(lane) % VECTOR);
      return index === 0 && inVector === 0 ? source(lane) : lane;
    });
    return i8x16.shuffle(joined, vector, lanes);
  }, first);
}

/** Pixels that are spread over all planes before the next ones: few enough that their bytes stay in the first cache. */
const BLOCK_PIXELS = 128;

/** Any number of samples. */
export function defineDeinterleaveMany(module: ModuleBuilder, bytes: SampleBytes): Callable<"none"> {
  return module.define(["i32", "i32", "i32", "i32", "i32"], "none", (f, from, to, pixels, planeStride, samples) => {
    const block = f.local("i32");
    const sample = f.local("i32");
    const left = f.local("i32");
    const source = f.local("i32");
    const target = f.local("i32");
    const pixelBytes = f.local("i32");
    return sequence(
      pixelBytes.set(i32.mul(samples.get, i32.const(bytes))),
      whileLoop(
        pixels.get,
        block.set(minimum(pixels.get, i32.const(BLOCK_PIXELS))),
        sample.set(i32.const(0)),
        whileLoop(
          i32.ltU(sample.get, samples.get),
          source.set(i32.add(from.get, i32.mul(sample.get, i32.const(bytes)))),
          target.set(i32.add(to.get, i32.mul(sample.get, planeStride.get))),
          left.set(block.get),
          whileLoop(
            left.get,
            copySample(bytes, target.get, source.get),
            advance(source, pixelBytes.get),
            advance(target, bytes),
            advance(left, -1),
          ),
          advance(sample, 1),
        ),
        advance(from, i32.mul(block.get, pixelBytes.get)),
        advance(to, i32.mul(block.get, i32.const(bytes))),
        pixels.set(i32.sub(pixels.get, block.get)),
      ),
    );
  });
}
