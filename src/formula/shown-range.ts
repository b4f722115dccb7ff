/**
 * The range of values that a picture shows when nobody says which: decided by percentiles alone, so that it is cheap to ask for and the same
 * everywhere. It is said in words in docs/formula.md.
 */

/** What a range is made of: values at shares of the pixels, and how many pixels have one. */
interface Measured {
  readonly validCount: number;
  /** One for each of SHOWN_PERCENTILES; null where no pixel is valid. */
  readonly percentiles: readonly (number | null)[];
}

export type Range = readonly [low: number, high: number];

/** Left out at each end: hot and dead pixels. */
const LEFT_OUT = 0.5;
/** What so many percent of the pixels at one end carry are a few values; all others are the rest. */
const FEW = 2;
/** The few are far off where they would take more than so many times the room of the rest. */
const FAR = 4;
/** Far off they have shades of their own where their spread is at least this part of the gap before them. */
const SPREAD = 0.5;
/** The end of the spread of a few: beyond it are outliers. */
const OUTERMOST = 0.1;
/** Fewer pixels than this say nothing of a spread. */
const LEAST_SPREAD = 16;
/** Pixels that differ from all others are outliers if they are fewer. */
const LEAST_OTHERS = 8;
/** Of the pixels that differ from all others, one in so many is left out at each end. */
const OTHERS_LEFT_OUT = 20;
/** A stated window hides an image where nearly all pixels are within this part of its shades, at one end. */
const HIDDEN = 1 / 8;

/** Percent of the pixels beyond a value, ascending. */
const FINE = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05];
const STEPS = Array.from({ length: 20 }, (_, index) => (index + 1) / 10);
const SHARES: readonly number[] = [...FINE, ...STEPS];

/** What to ask of the pixels: as many from the low end as from the high end. */
export const SHOWN_PERCENTILES: readonly number[] = [...SHARES, ...SHARES.map((share) => 100 - share)];

/** Values outwards at one end: `at(0.5)` is what 0.5 percent of the pixels are beyond. Greater values are farther out. */
type Tail = (share: number) => number;

/**
 * The values that are shown of one plane: null where no pixel is valid. Equal ends where all pixels are alike.
 * Between the 0.5 and 99.5 percentiles, but for a few values far off, and for a few on a ground of one value.
 */
export function shownRange(measured: Measured): Range | null {
  const tails = tailsOf(measured);
  if (!tails) return null;
  const { lower, upper } = tails;
  const width = upper(FEW) + lower(FEW);
  const high = endOf(upper, width, measured.validCount);
  const low = -endOf(lower, width, measured.validCount);
  if (high > low) return [low, high];
  return [-othersOf(lower, -low, measured.validCount), othersOf(upper, high, measured.validCount)];
}

/** One range for several planes: what all show together. Planes that are all alike decide nothing beside others. */
export function shownTogether(ranges: readonly (Range | null)[]): Range | null {
  const known = ranges.filter((range) => range !== null);
  const varied = known.filter(([low, high]) => high > low);
  const chosen = varied.length > 0 ? varied : known;
  if (chosen.length === 0) return null;
  return [Math.min(...chosen.map(([low]) => low)), Math.max(...chosen.map(([, high]) => high))];
}

/** Whether a window that a file states would show some planes as nearly black or nearly white. Planes that are all alike tell nothing. */
export function isHidden([low, high]: Range, planes: readonly Measured[]): boolean {
  const tails = planes.flatMap((plane) => tailsOf(plane) ?? []);
  const least = Math.min(...tails.map(({ lower }) => -lower(OUTERMOST)));
  const most = Math.max(...tails.map(({ upper }) => upper(OUTERMOST)));
  if (!(most > least)) return false;
  const shade = (value: number) => (value - low) / (high - low);
  return shade(most) < HIDDEN || shade(least) > 1 - HIDDEN;
}

function tailsOf({ percentiles }: Measured): { readonly lower: Tail; readonly upper: Tail } | null {
  const known = percentiles.filter((one) => one !== null);
  if (known.length < SHOWN_PERCENTILES.length) return null;
  const at = (share: number) => SHARES.indexOf(share);
  return {
    lower: (share) => -(known[at(share)] ?? Number.NaN),
    upper: (share) => known[SHARES.length + at(share)] ?? Number.NaN,
  };
}

/** `width` of the rest. */
function endOf(tail: Tail, width: number, count: number): number {
  const [usual, rest] = [tail(LEFT_OUT), tail(FEW)];
  if (usual - rest <= FAR * width) return usual;
  if ((count * FEW) / 100 < LEAST_SPREAD) return rest;
  const { before, after } = widestGap(tail);
  const isSpread = tail(OUTERMOST) - after >= SPREAD * (after - before);
  return isSpread ? usual : before;
}

/** Among the few, outwards. It is sought between every other step: one may itself be a mean of the two sides. */
function widestGap(tail: Tail): { readonly before: number; readonly after: number } {
  const shares = STEPS.filter((share) => share >= LEFT_OUT).toReversed();
  const values = shares.map(tail);
  let [before, after] = [tail(FEW), tail(FEW)];
  for (const [index, outer] of values.slice(2).entries()) {
    const inner = values[index] ?? outer;
    if (outer - inner > after - before) [before, after] = [inner, outer];
  }
  return { before, after };
}

/** How far those reach that are not `value` as nearly all are; `value` where there are none, or too few. */
function othersOf(tail: Tail, value: number, count: number): number {
  const share = SHARES.findLast((one) => tail(one) > value);
  if (share === undefined || (count * share) / 100 < LEAST_OTHERS) return value;
  const kept = SHARES.findLast((one) => one <= share / OTHERS_LEFT_OUT);
  return tail(kept ?? SHARES[0] ?? share);
}
