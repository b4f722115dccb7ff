import { describe, expect, it } from "vitest";
import { MEASURES, type Statistics } from "../../src/formula/measures.ts";

const { percentiles, answer } = MEASURES.shown;

/** Statistics of values as a worker makes them. */
function measuredOf(values: Iterable<number>): Statistics {
  const sorted = Float32Array.from(values).sort();
  const at = (percent: number) => {
    const rank = (percent / 100) * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
    return low + (high - low) * (rank - Math.floor(rank));
  };
  return {
    validCount: sorted.length,
    mean: null,
    standardDeviation: null,
    percentiles: percentiles([]).map((percent) => (sorted.length === 0 ? null : at(percent))),
  };
}

const PIXELS = 20_000;

/** Numbers 0 … 1, always the same (Park and Miller 1988). */
function dice(): () => number {
  let state = 42;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Values of pixels by a random number each. */
function plane(value: (random: () => number) => number, pixels = PIXELS): readonly number[] {
  const random = dice();
  return Array.from({ length: pixels }, () => value(random));
}

/** About the mean, by the central limit. */
function noise(random: () => number, mean: number, deviation: number): number {
  const sum = Array.from({ length: 12 }, random).reduce((total, one) => total + one, 0);
  return Math.round(mean + deviation * (sum - 6));
}

const between = (random: () => number, low: number, high: number) => Math.round(low + (high - low) * random());

/** A share of the pixels has other values than the rest. */
function mixed(
  share: number,
  few: (random: () => number) => number,
  rest: (random: () => number) => number,
  pixels = PIXELS,
): readonly number[] {
  return plane((random) => (random() < share ? few(random) : rest(random)), pixels);
}

const field = (random: () => number) => between(random, 1000, 2000);
const dark = (random: () => number) => noise(random, 100, 5);

interface Case {
  readonly name: string;
  readonly values: readonly number[];
  /** What the file states. */
  readonly stated?: readonly [low: number, high: number];
  /** Bounds of each end. */
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
}

const CASES: readonly Case[] = [
  { name: "an even field", values: plane(field), low: [1000, 1010], high: [1990, 2000] },
  { name: "a long tail", values: plane((r) => -1000 * Math.log(r())), low: [0, 20], high: [4900, 5800] },
  { name: "noise with two hot pixels", values: [...plane(dark), 65_535, 65_535], low: [84, 90], high: [110, 116] },
  {
    name: "a hundred pixels of which one is hot",
    values: [...plane(field, 99), 65_535],
    low: [1000, 1060],
    high: [1900, 2000],
  },
  { name: "one value", values: plane(() => 7), low: [7, 7], high: [7, 7] },
  { name: "one value with a hot pixel", values: [...plane(() => 7), 65_535], low: [7, 7], high: [7, 7] },
  { name: "no value", values: [], low: [0, 0], high: [1, 1] },
  {
    name: "nothing, with a signal in four pixels of a thousand",
    values: mixed(
      0.004,
      (r) => between(r, 1000, 4000),
      () => 0,
    ),
    ...{ low: [0, 0], high: [3500, 4000] },
  },
  {
    name: "nothing, with a signal in ten pixels of a thousand",
    values: mixed(
      0.01,
      (r) => between(r, 1000, 4000),
      () => 0,
    ),
    ...{ low: [0, 0], high: [1500, 4000] },
  },
  {
    name: "white paper with a few dark dots",
    values: mixed(
      0.003,
      (r) => between(r, 0, 9000),
      () => 60_000,
    ),
    ...{ low: [0, 2000], high: [60_000, 60_000] },
  },
  {
    name: "a field with half a percent of glare",
    values: mixed(0.005, () => 60_000, field),
    ...{ low: [1000, 1010], high: [1980, 2000] },
  },
  {
    name: "a field with one percent of glare",
    values: mixed(0.01, (r) => between(r, 58_000, 60_000), field),
    ...{ low: [1000, 1010], high: [1970, 2000] },
  },
  {
    name: "a field with one percent of holes",
    values: mixed(
      0.01,
      () => 0,
      (r) => between(r, 40_000, 41_000),
    ),
    ...{ low: [40_000, 40_030], high: [40_990, 41_000] },
  },
  {
    name: "a field with one percent of glare and one of holes",
    values: plane((r) => {
      const which = r();
      return which < 0.01 ? 0 : which < 0.02 ? 65_535 : between(r, 20_000, 21_000);
    }),
    ...{ low: [20_000, 20_030], high: [20_970, 21_000] },
  },
  {
    name: "noise with a signal of many strengths in one percent of the pixels",
    values: mixed(0.01, (r) => between(r, 300, 4000), dark),
    ...{ low: [84, 90], high: [1500, 4000] },
  },
  {
    name: "noise with a signal in a tenth of the pixels",
    values: mixed(0.1, (r) => noise(r, 4000, 50), dark),
    ...{ low: [84, 90], high: [4050, 4200] },
  },
  {
    name: "a sky with stars",
    values: plane((r) => noise(r, 1000, 30) + Math.min(60_000, 2 / r())),
    ...{ low: [900, 935], high: [1080, 1600] },
  },
  {
    name: "a file that states the least and greatest value, one of them a hot pixel's",
    ...{ values: [...plane(dark), 65_535], stated: [80, 65_535], low: [84, 90], high: [110, 116] },
  },
  {
    name: "a file that states the range of other numbers than it has",
    ...{ values: plane(field), stated: [0, 255], low: [1000, 1010], high: [1990, 2000] },
  },
  {
    name: "a file whose window suits its pixels",
    values: plane(field),
    stated: [500, 5000],
    low: [500, 500],
    high: [5000, 5000],
  },
  {
    name: "a file whose window shows a part",
    values: plane(field),
    stated: [1400, 1500],
    low: [1400, 1400],
    high: [1500, 1500],
  },
  {
    name: "bytes that are classes",
    values: plane((r) => between(r, 0, 5)),
    stated: [0, 255],
    low: [0, 0],
    high: [5, 5],
  },
  {
    name: "an empty channel with a window",
    values: plane(() => 0),
    stated: [100, 900],
    low: [100, 100],
    high: [900, 900],
  },
];

describe("the default window", () => {
  it.each(CASES)("shows $name", ({ values, stated, low, high }) => {
    const [first = Number.NaN, last = Number.NaN] = answer([measuredOf(values)], stated ?? []);
    expect(first).toBeGreaterThanOrEqual(low[0]);
    expect(first).toBeLessThanOrEqual(low[1]);
    expect(last).toBeGreaterThanOrEqual(high[0]);
    expect(last).toBeLessThanOrEqual(high[1]);
  });

  it("is the same of the negative, turned round", () => {
    for (const { values, stated } of CASES) {
      if (values.length === 0 || stated) continue;
      const [low = 0, high = 0] = answer([measuredOf(values)], []);
      const turned = answer([measuredOf(values.map((one) => -one))], []);
      expect(turned[0]).toBeCloseTo(-high, 3);
      expect(turned[1]).toBeCloseTo(-low, 3);
    }
  });

  it("is one for all planes, whose blank ones decide nothing", () => {
    const planes = [plane(dark), plane((r) => noise(r, 2000, 50)), plane(() => 0), plane(() => 65_535)];
    const [low = 0, high = 0] = answer(planes.map(measuredOf), []);
    expect(low).toBeGreaterThan(80);
    expect(high).toBeGreaterThan(2080);
    expect(high).toBeLessThan(2200);
    expect(answer([plane(() => 3), plane(() => 9)].map(measuredOf), [])).toEqual([3, 9]);
  });

  it("is the file's where one plane is shown by it", () => {
    expect(answer([plane(dark), plane((r) => noise(r, 2000, 50))].map(measuredOf), [90, 3000])).toEqual([90, 3000]);
    expect(answer([measuredOf(plane(dark))], [90, 3000])).not.toEqual([90, 3000]);
  });
});
