import type { Size } from "../../core/geometry.ts";
import { type KernelOutput, OUTPUT_BYTES } from "../../kernel/kernel.ts";

/**
 * Evaluated pixels: row by row, `planes` planes one after the other (byte outputs have one). `view` says that the bytes lie in WebAssembly
 * memory: they are good until the next allocation, and never for asynchronous code.
 */
export interface Pixels extends Size {
  readonly output: KernelOutput;
  readonly planes: number;
  readonly bytes: Uint8Array;
  readonly view: boolean;
}

/** Pixels that live as long as they are referenced. */
export function detached(pixels: Pixels): Pixels {
  return pixels.view ? { ...pixels, bytes: pixels.bytes.slice(), view: false } : pixels;
}

/** The planes of a float32 result. Detached or not as the pixels are. */
export function floatValues({ bytes }: Pixels): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

/** A larger canvas with the pixels at its top left and no data elsewhere: transparent, black, or NaN. */
export function padTo(pixels: Pixels, canvas: Size): Pixels {
  if (canvas.width === pixels.width && canvas.height === pixels.height) return pixels;
  const bytes = noData(pixels.output, pixels.planes * canvas.width * canvas.height);
  const pixelBytes = OUTPUT_BYTES[pixels.output];
  const rowBytes = pixels.width * pixelBytes;
  for (let plane = 0; plane < pixels.planes; plane++)
    for (let y = 0; y < pixels.height; y++) {
      const from = (plane * pixels.height + y) * rowBytes;
      const to = (plane * canvas.height + y) * canvas.width * pixelBytes;
      bytes.set(pixels.bytes.subarray(from, from + rowBytes), to);
    }
  return { ...pixels, width: canvas.width, height: canvas.height, bytes, view: false };
}

/** Pixels at another size: that under the centre of each new one, so that every number and color is one of the image. */
export function resampleNearest(pixels: Pixels, size: Size): Pixels {
  const { bytes, output, planes, width, height } = pixels;
  const pixelBytes = OUTPUT_BYTES[output];
  const to = new Uint8Array(planes * size.width * size.height * pixelBytes);
  const columns = nearestIndices(width, size.width);
  const rows = nearestIndices(height, size.height);
  let at = 0;
  for (let plane = 0; plane < planes; plane++)
    for (const row of rows) {
      const start = (plane * height + row) * width;
      for (const column of columns) {
        const from = (start + column) * pixelBytes;
        for (let byte = 0; byte < pixelBytes; byte++) to[at++] = bytes[from + byte] as number;
      }
    }
  return { ...pixels, ...size, bytes: to, view: false };
}

function nearestIndices(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, index) => Math.floor(((index + 0.5) * from) / to));
}

function noData(output: KernelOutput, samples: number): Uint8Array {
  if (output !== "float32") return new Uint8Array(samples * OUTPUT_BYTES[output]);
  return new Uint8Array(new Float32Array(samples).fill(Number.NaN).buffer);
}
