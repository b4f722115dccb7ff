import { isFloat, type PlaneType, type planeView } from "../../core/dtype.ts";
import { isNodata, nodataSample } from "../../kernel/plane-lanes.ts";

/** Samples of one channel, row by row. */
export type Samples = ReturnType<typeof planeView>;

/** `mean` for measurements; `nearest` for labels, of which there is no mean: the top left of each 2×2. */
export type Downsample = "mean" | "nearest";

/** Which rectangle of an array: its first sample and the distance of its rows, in samples. */
export interface Placed {
  readonly samples: Samples;
  readonly origin: number;
  readonly stride: number;
}

export interface Halving {
  readonly type: PlaneType;
  readonly method: Downsample;
  /** Samples equal to it (in the type itself) are no data, as NaN is; null: there is none. */
  readonly nodata: number | null;
}

/**
 * Halves a rectangle of width × height samples, rounding its size up. A mean is that of the samples that exist and are data, added row by
 * row; integers round to the nearest, halves up. Four times no data give no data.
 */
export function halve(from: Placed, width: number, height: number, to: Placed, halving: Halving): void {
  const nodata = nodataSample(halving.type, halving.nodata);
  if (halving.method === "nearest") takeNearest(from, width, height, to);
  else if (isFloat(halving.type)) averageFloats(from, width, height, to, nodata, halving.type);
  else if (nodata === null) averageIntegers(from, width, height, to);
  else averageValidIntegers(from, width, height, to, nodata);
}

function takeNearest(from: Placed, width: number, height: number, to: Placed): void {
  for (let y = 0; y < height; y += 2) {
    const top = from.origin + y * from.stride;
    const out = to.origin + (y / 2) * to.stride;
    for (let x = 0; x < width; x += 2) to.samples[out + x / 2] = from.samples[top + x] ?? 0;
  }
}

function averageIntegers(from: Placed, width: number, height: number, to: Placed): void {
  const source = from.samples;
  for (let y = 0; y < height; y += 2) {
    const top = from.origin + y * from.stride;
    // At an odd edge the last row and column count twice: that is the mean of those there are, rounding included.
    const bottom = y + 1 < height ? top + from.stride : top;
    const out = to.origin + (y / 2) * to.stride;
    for (let x = 0; x < width; x += 2) {
      const next = x + 1 < width ? x + 1 : x;
      const sum =
        (source[top + x] ?? 0) + (source[top + next] ?? 0) + (source[bottom + x] ?? 0) + (source[bottom + next] ?? 0);
      to.samples[out + (x >> 1)] = Math.floor((sum + 2) / 4);
    }
  }
}

function averageValidIntegers(from: Placed, width: number, height: number, to: Placed, nodata: number): void {
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let sum = 0;
      let count = 0;
      let largest = Number.NEGATIVE_INFINITY;
      for (let row = y; row < Math.min(y + 2, height); row++) {
        for (let column = x; column < Math.min(x + 2, width); column++) {
          const sample = from.samples[from.origin + row * from.stride + column] ?? nodata;
          if (sample === nodata) continue;
          sum += sample;
          count++;
          largest = Math.max(largest, sample);
        }
      }
      let mean = count === 0 ? nodata : Math.floor((2 * sum + count) / (2 * count));
      // A mean that would read as no data gives way to a sample that is none.
      if (mean === nodata && count > 0) mean = largest;
      to.samples[to.origin + (y / 2) * to.stride + x / 2] = mean;
    }
  }
}

/** In the precision of the samples themselves, as levels that are computed on the fly are. */
function averageFloats(
  from: Placed,
  width: number,
  height: number,
  to: Placed,
  nodata: number | null,
  type: PlaneType,
): void {
  const single = type === "float32";
  const nothing = nodata ?? Number.NaN;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let sum = 0;
      let count = 0;
      let largest = Number.NEGATIVE_INFINITY;
      for (let row = y; row < Math.min(y + 2, height); row++) {
        for (let column = x; column < Math.min(x + 2, width); column++) {
          const sample = from.samples[from.origin + row * from.stride + column] ?? Number.NaN;
          if (Number.isNaN(sample) || isNodata(type, sample, nodata)) continue;
          sum = single ? Math.fround(sum + sample) : sum + sample;
          count++;
          if (sample > largest) largest = sample;
        }
      }
      let mean = count === 0 ? nothing : sum / count;
      if (count > 0 && isNodata(type, single ? Math.fround(mean) : mean, nodata)) mean = largest;
      to.samples[to.origin + (y / 2) * to.stride + x / 2] = mean;
    }
  }
}
