import { deflateSync } from "node:zlib";

/** Samples of one channel, row by row. */
export type Samples = Uint8Array | Uint16Array;

/**
 * A tile as the file holds it: horizontal differences (predictor 2, TIFF 6.0 section 14), little-endian, deflated.
 * `samples` are rows of `width`; they are left as they were. `level` is zlib's, 1 (fast) to 9 (small).
 */
export function encodeTile(samples: Samples, width: number, level: number): Uint8Array {
  const differences = samples.slice();
  for (let row = 0; row < samples.length; row += width) {
    // From the right, so that the left neighbour is still the original. Stores wrap modulo the sample's range, as readers expect.
    for (let i = row + width - 1; i > row; i--) differences[i] = (samples[i] ?? 0) - (samples[i - 1] ?? 0);
  }
  return deflateSync(new Uint8Array(differences.buffer, differences.byteOffset, differences.byteLength), { level });
}
