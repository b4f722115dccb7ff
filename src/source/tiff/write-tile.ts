import { deflateSync } from "node:zlib";
import type { Samples } from "./write-downsample.ts";

/**
 * A tile as the file holds it: its differences, little-endian, deflated. `samples` are rows of `width` and are left as they are.
 * `effort` is zlib's level, 1 (fast) to 9 (small). Who encodes many tiles passes `scratch`, as many bytes as a tile.
 */
export function encodeTile(
  samples: Samples,
  width: number,
  effort: number,
  scratch: Uint8Array = new Uint8Array(samples.byteLength),
): Uint8Array {
  return deflateSync(predict(samples, width, scratch), { level: effort });
}

/**
 * The samples made easy to compress: integers by predictor 2, floats (of one channel) by predictor 3. `target` is given back, filled.
 * `channels`: samples of a pixel, side by side.
 */
export function predict(samples: Samples, width: number, target: Uint8Array, channels = 1): Uint8Array {
  if (samples instanceof Float32Array || samples instanceof Float64Array) splitFloats(samples, width, target);
  else differ(samples, width * channels, channels, target);
  return target;
}

/** Horizontal differences (TIFF 6.0 section 14) of rows of `length` samples, to the one that lies `step` before. */
function differ(
  samples: Exclude<Samples, Float32Array | Float64Array>,
  length: number,
  step: number,
  target: Uint8Array,
): void {
  const Integers = samples.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => typeof samples;
  const out = new Integers(target.buffer, target.byteOffset, samples.length);
  for (let row = 0; row < samples.length; row += length) {
    for (let i = row; i < row + step; i++) out[i] = samples[i] ?? 0;
    // Stores wrap modulo the range of the samples, as readers expect.
    for (let i = row + step; i < row + length; i++) out[i] = (samples[i] ?? 0) - (samples[i - step] ?? 0);
  }
}

/** Floating point predictor (TIFF Technical Note 3): byte planes of each row, most significant first, then differences of bytes. */
function splitFloats(samples: Float32Array | Float64Array, width: number, target: Uint8Array): void {
  const size = samples.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const rowBytes = width * size;
  for (let row = 0; row < bytes.length; row += rowBytes) {
    let before = 0;
    for (let plane = size - 1; plane >= 0; plane--) {
      const out = row + (size - 1 - plane) * width;
      for (let i = 0; i < width; i++) {
        const byte = bytes[row + i * size + plane] ?? 0;
        target[out + i] = byte - before;
        before = byte;
      }
    }
  }
}
