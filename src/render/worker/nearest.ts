import type { PixelOps } from "../../kernel/index.ts";

/**
 * Halves a float32 plane, its size rounded up, by taking the top left of each 2×2; where that is no data, the next of the four that is
 * data. `mean` makes codes that there are not.
 */
export function takeNearest({ memory }: PixelOps, from: number, width: number, height: number, to: number): void {
  const buffer = memory.buffer as ArrayBuffer;
  const source = new Float32Array(buffer, from, width * height);
  const columns = Math.ceil(width / 2);
  const out = new Float32Array(buffer, to, columns * Math.ceil(height / 2));
  for (let y = 0; y < height; y += 2) {
    const row = y * width;
    const below = y + 1 < height ? row + width : row;
    const target = (y / 2) * columns;
    for (let x = 0; x < width; x += 2) {
      const next = x + 1 < width ? x + 1 : x;
      let value = source[row + x] as number;
      if (Number.isNaN(value)) value = source[row + next] as number;
      if (Number.isNaN(value)) value = source[below + x] as number;
      if (Number.isNaN(value)) value = source[below + next] as number;
      out[target + x / 2] = value;
    }
  }
}
