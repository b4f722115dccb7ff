import { expect, it } from "vitest";
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
