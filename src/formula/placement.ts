import { quoteChannel } from "./print.ts";

/**
 * How another image lies over this one: the pixel of this one whose centre is at X, Y (pixels of full resolution, from the top left
 * corner) shows that image at ((X − dx) / scale, (Y − dy) / scale).
 */
export interface Placement {
  /** Key in the catalogue. */
  readonly image: string;
  readonly dx: number;
  readonly dy: number;
  readonly scale: number;
  /** The pixel that holds the place; else the mean of the four around it, by nearness. */
  readonly nearest: boolean;
}

/** Bounds of what can be written: beyond them positions lose the precision that they need. */
export const MAX_SHIFT = 1e9;
export const MAX_SCALE = 1e6;

/** As it stands in canonical texts: what is not said otherwise is left out. */
export function placementText({ image, dx, dy, scale, nearest }: Placement): string {
  // A key in backticks may hold any character that can be written at all.
  const key = /["\r\n]/.test(image) ? quoteChannel(image) : `"${image}"`;
  const options = [
    ...(dx === 0 ? [] : [`dx=${decimal(dx)}`]),
    ...(dy === 0 ? [] : [`dy=${decimal(dy)}`]),
    ...(scale === 1 ? [] : [`scale=${decimal(scale)}`]),
    ...(nearest ? ["nearest"] : []),
  ];
  return `image(${[key, ...options].join(", ")})`;
}

function decimal(value: number): string {
  return String(value).replace("e+", "e");
}

/** The coarsest of an image's levels that is still as fine as what is shown at `level` of the image below. */
export function placedLevel(levels: number, level: number, scale: number): number {
  let chosen = 0;
  while (chosen < levels - 1 && 2 ** (chosen + 1) * scale <= 2 ** level) chosen++;
  return chosen;
}

/** Where one axis of an image is read, for a run of pixels of the image below. */
export interface AxisReads {
  /** Index of the pixel, or of the first of two; −1: outside the image. */
  readonly first: Int32Array;
  /** Weight of the second, 0 … 1; where it is 0 only the first counts. */
  readonly weight: Float64Array;
}

interface Axis {
  /** dx or dy. */
  readonly shift: number;
  readonly scale: number;
  readonly nearest: boolean;
  /** Level that is shown, of the image below. */
  readonly level: number;
  /** Pixels `from` … `from + count` of it. */
  readonly from: number;
  readonly count: number;
  /** Level of the image that is read, its pixels along this axis, and those of its full resolution. */
  readonly readLevel: number;
  readonly pixels: number;
  readonly length: number;
}

export function axisReads(axis: Axis): AxisReads {
  const { shift, scale, nearest, level, from, count, readLevel, pixels, length } = axis;
  const first = new Int32Array(count);
  const weight = new Float64Array(count);
  const [downsample, readDownsample] = [2 ** level, 2 ** readLevel];
  for (let index = 0; index < count; index++) {
    const at = ((from + index + 0.5) * downsample - shift) / scale;
    if (!(at >= 0 && at < length)) {
      first[index] = -1;
      continue;
    }
    const position = at / readDownsample - (nearest ? 0 : 0.5);
    const before = Math.min(Math.max(Math.floor(position), 0), pixels - 1);
    first[index] = before;
    if (!nearest && before < pixels - 1) weight[index] = Math.max(0, position - before);
  }
  return { first, weight };
}

/**
 * Four neighbours by their nearness: float64, rounded once. Where a weight is 0 the neighbour may be given twice. Where some have no data the
 * others count for them, except where the nearest has none: so no data neither grows nor shrinks.
 */
export function bilinear(a: number, b: number, c: number, d: number, right: number, below: number): number {
  const mean = (a * (1 - right) + b * right) * (1 - below) + (c * (1 - right) + d * right) * below;
  return Number.isNaN(mean) ? ofValid([a, b, c, d], right, below) : Math.fround(mean);
}

function ofValid(values: readonly number[], right: number, below: number): number {
  const nearest = values[(right >= 0.5 ? 1 : 0) + (below >= 0.5 ? 2 : 0)] ?? Number.NaN;
  if (Number.isNaN(nearest)) return Number.NaN;
  const weights = [(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below];
  let [sum, total] = [0, 0];
  for (const [index, value] of values.entries()) {
    const weight = weights[index] ?? 0;
    if (Number.isNaN(value) || weight === 0) continue;
    sum += value * weight;
    total += weight;
  }
  return Math.fround(sum / total);
}
