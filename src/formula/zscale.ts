const REJECTED_SHARE = 0.5;
const REJECTION = 2.5;
const ITERATIONS = 5;
const LEAST_SAMPLES = 5;
const GROWTH = 0.01;

/**
 * The window of IRAF's zscale (NOAO; as astropy's ZScaleInterval has it) for sorted samples: a line is fitted through them, samples far
 * from it and their neighbours are left out, and its slope over `contrast` gives the ends about the median. Least and greatest sample
 * where half of them are far from any line. `samples` ascending, not empty; `contrast` above 0.
 */
export function zscaleRange(samples: readonly number[], contrast: number): readonly [low: number, high: number] {
  const count = samples.length;
  const [least, most] = [samples[0] ?? 0, samples[count - 1] ?? 0];
  const fewest = Math.max(LEAST_SAMPLES, Math.floor(count * REJECTED_SHARE));
  const growth = Math.max(1, Math.floor(count * GROWTH));
  let bad = new Array<boolean>(count).fill(false);
  let [good, before] = [count, count + 1];
  let slope = 0;
  for (let round = 0; round < ITERATIONS && good < before && good >= fewest; round++) {
    const line = fitLine(samples, bad);
    slope = line.slope;
    const flat = samples.map((value, x) => value - (line.slope * x + line.offset));
    const limit = REJECTION * deviation(flat.filter((_, x) => !bad[x]));
    bad = grown(
      bad.map((known, x) => known || Math.abs(flat[x] ?? 0) > limit),
      growth,
    );
    [before, good] = [good, bad.filter((one) => !one).length];
  }
  if (good < fewest) return [least, most];
  const median = ((samples[(count - 1) >> 1] ?? 0) + (samples[count >> 1] ?? 0)) / 2;
  const center = Math.floor((count - 1) / 2);
  const steep = slope / contrast;
  return [Math.max(least, median - (center - 1) * steep), Math.min(most, median + (count - center) * steep)];
}

/** Least squares through the good samples. */
function fitLine(
  samples: readonly number[],
  bad: readonly boolean[],
): { readonly slope: number; readonly offset: number } {
  const places = samples.flatMap((_, x) => (bad[x] ? [] : [x]));
  const meanX = places.reduce((sum, x) => sum + x, 0) / places.length;
  const meanY = places.reduce((sum, x) => sum + (samples[x] ?? 0), 0) / places.length;
  const above = places.reduce((sum, x) => sum + (x - meanX) * ((samples[x] ?? 0) - meanY), 0);
  const below = places.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  const slope = below > 0 ? above / below : 0;
  return { slope, offset: meanY - slope * meanX };
}

/** Of a population. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Every bad sample takes its neighbours along, `width` in all, as numpy's convolve(…, "same") places them. */
function grown(bad: readonly boolean[], width: number): boolean[] {
  const after = Math.floor(width / 2);
  const before = width - 1 - after;
  return bad.map((_, x) => bad.slice(Math.max(0, x - after), x + before + 1).some(Boolean));
}
