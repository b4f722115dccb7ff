import { deflateSync } from "node:zlib";

/** Samples of one channel, row by row. */
export type Samples = Uint8Array | Uint16Array;

/**
 * A tile as the file holds it: horizontal differences (predictor 2, TIFF 6.0 section 14), little-endian, deflated. `samples` are rows of
 * `width` and are left as they are. `effort` is zlib's level, 1 (fast) to 9 (small). Who encodes many tiles passes `scratch`, as long as a tile.
 */
export function encodeTile(
  samples: Samples,
  width: number,
  effort: number,
  scratch: Samples = samples.slice(),
): Uint8Array {
  for (let row = 0; row < samples.length; row += width) {
    scratch[row] = samples[row] ?? 0;
    // Stores wrap modulo the range of the samples, as readers expect.
    for (let i = row + 1; i < row + width; i++) scratch[i] = (samples[i] ?? 0) - (samples[i - 1] ?? 0);
  }
  return deflateSync(new Uint8Array(scratch.buffer, scratch.byteOffset, scratch.byteLength), { level: effort });
}
