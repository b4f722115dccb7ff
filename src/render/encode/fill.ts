import type { Size } from "../../core/geometry.ts";

/** Bytes of a pixel of rgba8. */
const PIXEL = 4;
const ALPHA = 3;

/**
 * rgba8 pixels in which transparent ones have colors of pixels near them, and are as transparent as before; the same bytes where none is transparent. Lossy encoders
 * code colors beneath transparency too: black ones would darken what lies beside them. Those near are the opaque ones of the smallest square that has
 * some, of squares of 2, 4, 8 … pixels a side (the pull and push of Gortler et al., The Lumigraph, 1996).
 */
export function withoutBleeding(bytes: Uint8Array, size: Size): Uint8Array {
  if (!hasTransparent(bytes)) return bytes;
  const filled = bytes.slice();
  fill(filled, size);
  return filled;
}

function hasTransparent(bytes: Uint8Array): boolean {
  for (let at = ALPHA; at < bytes.length; at += PIXEL) if (bytes[at] === 0) return true;
  return false;
}

function fill(bytes: Uint8Array, size: Size): void {
  const { width, height } = size;
  if (width === 1 && height === 1) return;
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const means = halved(bytes, size, half);
  if (hasTransparent(means)) fill(means, half);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * PIXEL;
      if (bytes[at + ALPHA] !== 0) continue;
      const from = ((y >> 1) * half.width + (x >> 1)) * PIXEL;
      for (let part = 0; part < ALPHA; part++) bytes[at + part] = means[from + part] as number;
    }
}

/** Means of those of each 2×2 pixels that are not transparent, opaque; transparent where all are. Beyond an odd edge its last pixels are there again. */
function halved(bytes: Uint8Array, { width, height }: Size, half: Size): Uint8Array {
  const means = new Uint8Array(half.width * half.height * PIXEL);
  let to = 0;
  for (let y = 0; y < height; y += 2) {
    const row = y * width;
    const below = y + 1 < height ? row + width : row;
    for (let x = 0; x < width; x += 2, to += PIXEL) {
      const next = x + 1 < width ? x + 1 : x;
      meanOf(bytes, means, to, (row + x) * PIXEL, (row + next) * PIXEL, (below + x) * PIXEL, (below + next) * PIXEL);
    }
  }
  return means;
}

/** Written out: some ten thousand times a tile. */
function meanOf(from: Uint8Array, means: Uint8Array, to: number, a: number, b: number, c: number, d: number): void {
  const [inA, inB] = [from[a + ALPHA] === 0 ? 0 : 1, from[b + ALPHA] === 0 ? 0 : 1];
  const [inC, inD] = [from[c + ALPHA] === 0 ? 0 : 1, from[d + ALPHA] === 0 ? 0 : 1];
  const count = inA + inB + inC + inD;
  if (count === 0) return;
  for (let part = 0; part < ALPHA; part++) {
    const sum =
      inA * (from[a + part] as number) +
      inB * (from[b + part] as number) +
      inC * (from[c + part] as number) +
      inD * (from[d + part] as number);
    means[to + part] = sum / count;
  }
  means[to + ALPHA] = 255;
}
