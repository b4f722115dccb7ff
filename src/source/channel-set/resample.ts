import { planeView } from "../../core/dtype.ts";
import type { PixelOps } from "../../kernel/pixel-ops.types.ts";
import type { AxisSamples } from "./axis.ts";

/** Samples of a member as they lie in memory around the pixels of a chunk, and where these go. */
export interface ResampleJob<Type> {
  readonly pixels: PixelOps;
  readonly type: Type;
  /** Address of columns.count × rows.count samples. */
  readonly from: number;
  readonly columns: AxisSamples;
  readonly rows: AxisSamples;
  /** Address of as many samples as the axes have pixels. */
  readonly to: number;
  /** What stands outside of the member. */
  readonly outside: number;
}

/**
 * Bilinear, float32. A pixel is NaN where the sample nearest to it is: the border of what is no data stays where it is. Other
 * neighbours that are NaN drop out, and the weights of the rest are made whole.
 */
export function resampleBilinear({ pixels, from, columns, rows, to, outside }: ResampleJob<"float32">): void {
  const { buffer } = pixels.memory as { readonly buffer: ArrayBuffer };
  const stride = columns.count;
  const source = new Float32Array(buffer, from, stride * rows.count);
  const width = columns.before.length;
  const target = new Float32Array(buffer, to, width * rows.before.length);
  for (let y = 0; y < rows.before.length; y++) {
    const top = (rows.before[y] as number) * stride;
    const bottom = (rows.behind[y] as number) * stride;
    const middle = (rows.nearest[y] as number) * stride;
    const down = rows.weight[y] as number;
    for (let x = 0; x < width; x++) {
      const left = columns.before[x] as number;
      const at = y * width + x;
      if (top < 0 || left < 0) {
        target[at] = outside;
        continue;
      }
      const nearest = source[middle + (columns.nearest[x] as number)] as number;
      if (Number.isNaN(nearest)) {
        target[at] = Number.NaN;
        continue;
      }
      const right = columns.behind[x] as number;
      const across = columns.weight[x] as number;
      // A weight of nothing times infinity would be no number.
      const upper = mix(source[top + left] as number, source[top + right] as number, across);
      const lower = down === 0 ? upper : mix(source[bottom + left] as number, source[bottom + right] as number, across);
      const value = mix(upper, lower, down);
      target[at] = Number.isNaN(value)
        ? mixValid(source, [top + left, top + right, bottom + left, bottom + right], across, down)
        : value;
    }
  }
}

function mix(a: number, b: number, weight: number): number {
  return weight === 0 ? a : a * (1 - weight) + b * weight;
}

function mixValid(source: Float32Array, at: readonly number[], across: number, down: number): number {
  const weights = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down];
  let [sum, total] = [0, 0];
  for (const [index, weight] of weights.entries()) {
    const value = source[at[index] ?? 0] ?? Number.NaN;
    if (Number.isNaN(value) || weight === 0) continue;
    sum += value * weight;
    total += weight;
  }
  return sum / total;
}

/** The nearest sample, of any type. */
export function resampleNearest({
  pixels,
  type,
  from,
  columns,
  rows,
  to,
  outside,
}: ResampleJob<Parameters<typeof planeView>[0]>): void {
  const { buffer } = pixels.memory as { readonly buffer: ArrayBuffer };
  const stride = columns.count;
  const source = planeView(type, buffer, from, stride * rows.count);
  const width = columns.nearest.length;
  const target = planeView(type, buffer, to, width * rows.nearest.length);
  for (let y = 0; y < rows.nearest.length; y++) {
    const row = (rows.nearest[y] as number) * stride;
    for (let x = 0; x < width; x++) {
      const column = columns.nearest[x] as number;
      target[y * width + x] = row < 0 || column < 0 ? outside : (source[row + column] as number);
    }
  }
}
