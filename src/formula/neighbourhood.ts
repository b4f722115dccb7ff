/** A pixel near the one that is calculated, and how much it counts. */
export interface Tap {
  readonly dx: number;
  readonly dy: number;
  readonly weight: number;
}

/**
 * One step of a neighbourhood function: from a plane of numbers to another one. weigh: sum of the neighbours times their weights. median:
 * the middle one of them.
 */
export interface Pass {
  readonly kind: "weigh" | "median";
  readonly taps: readonly Tap[];
  /** The sum is divided by the length of a pixel along this axis, at the level that is shown: as the place counts it, or on the ground. */
  readonly per: "x" | "y" | "ground x" | "ground y" | null;
}

/** Lengths along both axes. */
export interface Lengths {
  readonly x: number;
  readonly y: number;
}

/** Lengths of a pixel at the level that is shown, in the unit of the image's place, else in pixels of full resolution. */
export interface Pitch extends Lengths {
  /** Meters on the ground of a pixel in a row of the level; left out: the lengths are those. */
  readonly ground?: (row: number) => Lengths;
}

/** Pixels that are read beyond each side of what is calculated. */
export interface Halo {
  readonly x: number;
  readonly y: number;
}

export function passHalo({ taps }: Pass): Halo {
  return {
    x: Math.max(0, ...taps.map(({ dx }) => Math.abs(dx))),
    y: Math.max(0, ...taps.map(({ dy }) => Math.abs(dy))),
  };
}

/** Weights that cancel: a derivative. */
function cancels(taps: readonly Tap[]): boolean {
  const sum = taps.reduce((total, { weight }) => total + weight, 0);
  const size = taps.reduce((total, { weight }) => total + Math.abs(weight), 0);
  return Math.abs(sum) <= 1e-9 * size;
}

/** Too little is left of the weights to make up for the others. */
const LEAST_SHARE = 1e-6;

/**
 * What a pass gives for one pixel, of which `value` tells the neighbours and `perPixel` the divisor. No data where the pixel itself has none (infinities are none).
 * Neighbours without data drop out: the weights that are left are raised to the sum of all, and those of a derivative fall on the pixel itself. Sums are of float64 in the order of the taps, rounded
 * to float32 once.
 */
export function passAt(pass: Pass, divisor: number, value: (dx: number, dy: number) => number): number {
  const centre = value(0, 0);
  if (!Number.isFinite(centre)) return Number.NaN;
  return pass.kind === "median" ? medianAt(pass, value) : weigh(pass, divisor, centre, value);
}

function medianAt({ taps }: Pass, value: (dx: number, dy: number) => number): number {
  const found = taps.map(({ dx, dy }) => value(dx, dy)).filter(Number.isFinite);
  return middle(Float32Array.from(found));
}

/** The middle value; the mean of the two middle ones. Zero has no sign here. Orders `values`, of which there are few. */
function middle(values: Float32Array): number {
  for (let end = 1; end < values.length; end++) {
    const value = values[end] as number;
    let at = end;
    for (; at > 0 && (values[at - 1] as number) > value; at--) values[at] = values[at - 1] as number;
    values[at] = value;
  }
  const low = values[(values.length - 1) >> 1] ?? Number.NaN;
  const high = values[values.length >> 1] ?? Number.NaN;
  return Math.fround((low + high) / 2) + 0;
}

function weigh(pass: Pass, divisor: number, centre: number, value: (dx: number, dy: number) => number): number {
  const isDerivative = cancels(pass.taps);
  let [sum, present, total, size] = [0, 0, 0, 0];
  for (const { dx, dy, weight } of pass.taps) {
    const neighbour = value(dx, dy);
    total += weight;
    size += Math.abs(weight);
    if (Number.isFinite(neighbour)) {
      sum += weight * neighbour;
      present += weight;
    } else if (isDerivative) sum += weight * centre;
  }
  return Math.fround(settled(sum, { present, total, size, isDerivative }) / divisor);
}

/** A weighed sum, made up for the neighbours that dropped out. */
function settled(
  sum: number,
  weights: { readonly present: number; readonly total: number; readonly size: number; readonly isDerivative: boolean },
): number {
  const { present, total, size, isDerivative } = weights;
  if (isDerivative || present === total) return sum;
  return Math.abs(present) <= LEAST_SHARE * size ? Number.NaN : (sum * total) / present;
}

/** What the sum of a pass is divided by in a row of the level. */
export function perPixel({ per }: Pass, pitch: Pitch, row: number): number {
  if (per === null) return 1;
  if (per === "x" || per === "y") return pitch[per];
  const lengths = pitch.ground?.(row) ?? pitch;
  return per === "ground x" ? lengths.x : lengths.y;
}

/** Index inside 0 … size − 1 of one that may lie outside: edges mirror, the outermost pixel included (d c b a | a b c d). */
export function mirrored(index: number, size: number): number {
  const period = 2 * size;
  const within = ((index % period) + period) % period;
  return within < size ? within : period - 1 - within;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Calculates a part of a row of a pass into its place; false where a neighbour has no data, and it must be done with care. */
export type QuickRun = (x: number, y: number, count: number) => boolean;

/** Pixels that are done at a time: a gap in the data costs its surroundings, not the row. */
const RUN = 64;

/**
 * A pass over a whole plane, with its halo around it: the same as `passAt` at each pixel, without asking for each neighbour. `divisorOf`
 * tells `perPixel` of a row of the plane; `out` is written; `quick` does parts of rows faster where it can.
 */
export function runPass(
  pass: Pass,
  divisorOf: (y: number) => number,
  padded: Float32Array,
  size: Size,
  out = new Float32Array(size.width * size.height),
  quick: QuickRun = () => false,
): Float32Array {
  const { width, height } = size;
  const careful =
    pass.kind === "median" ? medians(pass, padded, width, out) : weighed(pass, divisorOf, padded, width, out);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x += RUN) {
      const count = Math.min(RUN, width - x);
      if (!quick(x, y, count)) careful(x, y, count);
    }
  return out;
}

/** Calculates `count` pixels of a row from x on, whatever their neighbours are. */
type CarefulRun = (x: number, y: number, count: number) => void;

function weighed(
  pass: Pass,
  divisorOf: (y: number) => number,
  padded: Float32Array,
  width: number,
  out: Float32Array,
): CarefulRun {
  const halo = passHalo(pass);
  const stride = width + 2 * halo.x;
  const sums = new Float64Array(RUN);
  const present = new Float64Array(RUN);
  const total = pass.taps.reduce((sum, { weight }) => sum + weight, 0);
  const whole = pass.taps.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  const isDerivative = cancels(pass.taps);
  return (start, y, count) => {
    const divisor = divisorOf(y);
    const centre = (y + halo.y) * stride + halo.x + start;
    sums.fill(0);
    present.fill(0);
    for (const { dx, dy, weight } of pass.taps) {
      const from = centre + dy * stride + dx;
      for (let x = 0; x < count; x++) {
        const neighbour = padded[from + x] as number;
        if (isFinite32(neighbour)) {
          sums[x] = (sums[x] as number) + weight * neighbour;
          present[x] = (present[x] as number) + weight;
        } else if (isDerivative) sums[x] = (sums[x] as number) + weight * (padded[centre + x] as number);
      }
    }
    for (let x = 0; x < count; x++) {
      const weights = { present: present[x] as number, total, size: whole, isDerivative };
      const isMissing = !isFinite32(padded[centre + x] as number);
      out[y * width + start + x] = isMissing ? Number.NaN : settled(sums[x] as number, weights) / divisor;
    }
  };
}

function isFinite32(value: number): boolean {
  return value - value === 0;
}

function medians(pass: Pass, padded: Float32Array, width: number, out: Float32Array): CarefulRun {
  const halo = passHalo(pass);
  const stride = width + 2 * halo.x;
  const offsets = Int32Array.from(pass.taps, ({ dx, dy }) => dy * stride + dx);
  const found = new Float32Array(offsets.length);
  return (start, y, count) => {
    const from = (y + halo.y) * stride + halo.x;
    for (let x = start; x < start + count; x++) out[y * width + x] = medianOf(padded, from + x, offsets, found);
  };
}

function medianOf(padded: Float32Array, place: number, offsets: Int32Array, found: Float32Array): number {
  if (!isFinite32(padded[place] as number)) return Number.NaN;
  let count = 0;
  for (let tap = 0; tap < offsets.length; tap++) {
    const neighbour = padded[place + (offsets[tap] as number)] as number;
    if (isFinite32(neighbour)) found[count++] = neighbour;
  }
  return middle(count === found.length ? found : found.subarray(0, count));
}
