import type { AxisStep } from "./levels.ts";

/** Which samples along one axis of a member make the pixels from one end of a chunk to the other. */
export interface AxisSamples {
  /** First sample of the member that is read, and how many follow it, this one included; 0: none, the chunk lies outside. */
  readonly first: number;
  readonly count: number;
  /** For each pixel the samples before and behind its centre, counted from `first`; −1: it lies outside of the member. */
  readonly before: Int32Array;
  readonly behind: Int32Array;
  /** Weight of the latter, 0…1. */
  readonly weight: Float64Array;
  /** The sample that holds the centre. */
  readonly nearest: Int32Array;
  /** Each pixel is one sample, the next pixel the next. */
  readonly plain: boolean;
}

export interface AxisRequest extends AxisStep {
  /** First pixel of the chunk, and their number. */
  readonly from: number;
  readonly length: number;
  /** Samples that the member has along this axis. */
  readonly size: number;
  /** Pixels reach over what they cover: one whose centre lies outside of the member still shows the part that lies inside. */
  readonly coarse: boolean;
}

/** Borders of pixels are compared with this tolerance, pixels: their positions are results of divisions. */
const EPSILON = 1e-6;

/** Bilinear positions: the first and last half sample have no neighbour and repeat the outermost one. */
export function axisSamples({ from, length, step, start, size, coarse }: AxisRequest): AxisSamples {
  const before = new Int32Array(length).fill(-1);
  const behind = new Int32Array(length).fill(-1);
  const nearest = new Int32Array(length).fill(-1);
  const weight = new Float64Array(length);
  const clamp = (index: number) => Math.min(Math.max(index, 0), size - 1);
  const [left, right] = coarse ? [step / 2 - EPSILON, EPSILON - step / 2] : [EPSILON, EPSILON];
  let [first, last] = [size, -1];
  for (let i = 0; i < length; i++) {
    const centre = (from + i + 0.5) * step + start;
    if (centre + left < 0 || centre + right >= size) continue;
    const position = centre - 0.5;
    const sample = Math.floor(position + EPSILON);
    const fraction = Math.max(0, position - sample);
    const low = clamp(sample);
    // A neighbour that counts for nothing is not read: it may lie in another chunk.
    const high = fraction < EPSILON ? low : clamp(sample + 1);
    const middle = clamp(Math.floor(centre + EPSILON));
    before[i] = low;
    behind[i] = high;
    weight[i] = low === high ? 0 : fraction;
    nearest[i] = middle;
    first = Math.min(first, low, middle);
    last = Math.max(last, high, middle);
  }
  if (last < 0) return { first: 0, count: 0, before, behind, weight, nearest, plain: false };
  for (const indices of [before, behind, nearest])
    for (let i = 0; i < length; i++) if ((indices[i] ?? -1) >= 0) indices[i] = (indices[i] ?? 0) - first;
  const plain = last - first + 1 === length && before.every((sample, i) => sample === i && weight[i] === 0);
  return { first, count: last - first + 1, before, behind, weight, nearest, plain };
}
