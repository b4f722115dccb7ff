import { isFloat } from "../../core/dtype.ts";
import { isNodata, nodataSample } from "../../kernel/plane-lanes.ts";
import { type Halving, halve, type Placed } from "./write-downsample.ts";

/**
 * Halves samples under an opacity, as `halve` does: a mean is that of those that can be seen. Where none can it is the top left one, as it
 * is stored.
 */
export function halveSeen(
  from: Placed,
  opacity: Placed,
  width: number,
  height: number,
  to: Placed,
  halving: Halving,
): void {
  if (halving.method === "nearest") {
    halve(from, width, height, to, halving);
    return;
  }
  const { type } = halving;
  const nodata = nodataSample(type, halving.nodata);
  const add = type === "float32" ? Math.fround : (sum: number) => sum;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [sum, count, seen] = [0, 0, 0];
      let largest = Number.NEGATIVE_INFINITY;
      for (let row = y; row < Math.min(y + 2, height); row++) {
        for (let column = x; column < Math.min(x + 2, width); column++) {
          if (!((opacity.samples[opacity.origin + row * opacity.stride + column] ?? 0) > 0)) continue;
          seen++;
          const sample = from.samples[from.origin + row * from.stride + column] ?? 0;
          if (Number.isNaN(sample) || (nodata !== null && isNodata(type, sample, nodata))) continue;
          sum = add(sum + sample);
          count++;
          if (sample > largest) largest = sample;
        }
      }
      const nothing = seen > 0 ? (nodata ?? Number.NaN) : (from.samples[from.origin + y * from.stride + x] ?? 0);
      let mean = count === 0 ? nothing : rounded(sum, count, type);
      // A mean that would read as no data gives way to a sample that is none.
      if (count > 0 && nodata !== null && isNodata(type, mean, nodata)) mean = largest;
      to.samples[to.origin + (y / 2) * to.stride + x / 2] = mean;
    }
  }
}

function rounded(sum: number, count: number, type: Halving["type"]): number {
  if (!isFloat(type)) return Math.floor((2 * sum + count) / (2 * count));
  return type === "float32" ? Math.fround(sum / count) : sum / count;
}

/** Halves the opacity itself: what can be seen in part stays so, however little that is. */
export function halveOpacity(from: Placed, width: number, height: number, to: Placed, halving: Halving): void {
  halve(from, width, height, to, halving);
  if (halving.method === "nearest" || isFloat(halving.type)) return;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      const out = to.origin + (y / 2) * to.stride + x / 2;
      if (to.samples[out] === 0 && isSeenInPart(from, x, y, width, height)) to.samples[out] = 1;
    }
  }
}

/** Of the two by two samples at (x, y), as far as they exist. */
function isSeenInPart(from: Placed, x: number, y: number, width: number, height: number): boolean {
  const { samples, origin, stride } = from;
  for (let row = y; row < Math.min(y + 2, height); row++) {
    for (let column = x; column < Math.min(x + 2, width); column++) {
      if ((samples[origin + row * stride + column] ?? 0) > 0) return true;
    }
  }
  return false;
}
