import { expect, it } from "vitest";
import { MEASURES } from "../../src/formula/measures.ts";
import { zscaleRange } from "../../src/formula/zscale.ts";

/** A thousand numbers from 0 to 1: a linear congruence that any language can repeat. */
function uniform(): readonly number[] {
  let state = 1n;
  return Array.from({ length: 1000 }, () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number(state) / 2147483648;
  });
}

/** Ends as astropy 7's ZScaleInterval gives them for the same samples. */
it.each([
  [
    "a plane with a bright tail",
    (u: number) => 100 + 20 * u + (u > 0.97 ? 5000 * (u - 0.97) : 0),
    0.25,
    100.02512398175895,
    149.8072898945888,
  ],
  [
    "the same with less contrast",
    (u: number) => 100 + 20 * u + (u > 0.97 ? 5000 * (u - 0.97) : 0),
    0.1,
    100.02512398175895,
    208.94979107406112,
  ],
  ["a dark field", (u: number) => u ** 8 * 1000, 0.25, 6.201086508331561e-21, 375.81625156578673],
  ["an exponential", (u: number) => Math.exp(12 * u), 0.25, 1.015188580726442, 32065.840333778586],
  ["one value", () => 5, 0.25, 5, 5],
])("the zscale of %s is astropy's", (_, value, contrast, low, high) => {
  const samples = uniform()
    .map(value)
    .toSorted((a, b) => a - b);
  const [first, last] = zscaleRange(samples, contrast);
  expect(first).toBeCloseTo(low, 6);
  expect(Math.abs(last - high) / Math.max(1, high)).toBeLessThan(1e-9);
});

it("the zscale of too few samples is their ends", () => {
  expect(zscaleRange([1, 2, 9], 0.25)).toEqual([1, 9]);
});

/** The same congruence, four numbers a pixel. */
function quadruples(pixels: number): readonly (readonly [number, number, number, number])[] {
  let state = 1n;
  const next = () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number(state) / 2147483648;
  };
  return Array.from({ length: pixels }, () => [next(), next(), next(), next()]);
}

const PIXELS = 60_000;
const noise = ([a, b, c]: readonly [number, number, number, number]) => a + b + c - 1.5;

/** With linear interpolation between sorted values, as statistics have them. */
function percentileOf(sorted: readonly number[], percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  return below + ((sorted[Math.ceil(place)] ?? 0) - below) * (place - Math.floor(place));
}

/** Ends as astropy 8's ZScaleInterval gives them on average: it takes every 60th pixel, from the first, the second … the 60th on. */
it.each([
  ["an empty sky", (u) => 100 + 20 * noise(u), 73.596, 126.92388],
  ["stars", (u) => 100 + 20 * noise(u) + (u[3] > 0.98 ? (u[3] - 0.98) * 100_000 : 0), 73.596, 164.13162],
  ["a slope", (u, index) => (index / PIXELS) * 500 + 30 * noise(u), -23.614408, 514.21954],
  ["a long tail", (u) => -100 * Math.log(u[0] + 1e-9), 0.10806, 483.82747],
] as const satisfies readonly (readonly [
  string,
  (u: readonly [number, number, number, number], index: number) => number,
  number,
  number,
])[])("the zscale of an image of %s is astropy's within the spread of its samples", (_, value, low, high) => {
  const { percentiles, answer } = MEASURES.zscale;
  const sorted = quadruples(PIXELS)
    .map((u, index) => Math.fround(value(u, index)))
    .toSorted((a, b) => a - b);
  const [first = 0, last = 0] = answer(
    [
      {
        validCount: sorted.length,
        mean: null,
        standardDeviation: null,
        percentiles: percentiles([0.25]).map((percent) => percentileOf(sorted, percent)),
      },
    ],
    [0.25],
  );
  expect(Math.abs(first - low) / (high - low)).toBeLessThan(0.025);
  expect(Math.abs(last - high) / (high - low)).toBeLessThan(0.025);
});
