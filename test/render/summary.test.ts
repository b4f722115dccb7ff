import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarize } from "../../src/render/summary.ts";

describe("statistics of values", () => {
  it("are those of numpy", () => {
    const { histogram, ...rest } = summarize(Float32Array.of(4, 1, Number.NaN, 2, 10), [0, 25, 50, 90, 100], 3);
    expect(rest).toEqual({
      count: 5,
      validCount: 4,
      min: 1,
      max: 10,
      mean: 4.25,
      standardDeviation: Math.sqrt((3.25 ** 2 + 2.25 ** 2 + 0.25 ** 2 + 5.75 ** 2) / 4),
      percentiles: [1, 1.75, 3, expect.closeTo(8.2, 12), 10],
    });
    expect(histogram).toEqual({ min: 1, max: 10, counts: [2, 1, 1] });
  });

  it("have no numbers where no pixel is valid", () => {
    expect(summarize(Float32Array.of(Number.NaN, Number.NaN), [50], 2)).toEqual({
      count: 2,
      validCount: 0,
      min: null,
      max: null,
      mean: null,
      standardDeviation: null,
      percentiles: [null],
      histogram: { min: 0, max: 1, counts: [0, 0] },
    });
  });

  it("open the histogram of equal values by one", () => {
    const { histogram } = summarize(Float32Array.of(7, 7, 7), [], 4);
    expect(histogram).toEqual({ min: 7, max: 8, counts: [3, 0, 0, 0] });
  });

  it("count every valid value in one bin, and order percentiles", () => {
    // + 0 turns −0 into 0, which sorts and compares otherwise.
    const values = fc.array(
      fc.float({ noDefaultInfinity: true }).map((value) => value + 0),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 300 }), (list, bins) => {
        const result = summarize(Float32Array.from(list), [0, 10, 50, 99.5, 100], bins);
        const valid = list.filter((value) => !Number.isNaN(value));
        expect(result.validCount).toBe(valid.length);
        expect(result.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(valid.length);
        if (valid.length === 0) return;
        expect(result.min).toBe(Math.min(...valid));
        expect(result.max).toBe(Math.max(...valid));
        const percentiles = result.percentiles.map((value) => value ?? Number.NaN);
        for (const [index, value] of percentiles.entries())
          expect(value).toBeGreaterThanOrEqual(percentiles[index - 1] ?? Number.NEGATIVE_INFINITY);
        expect([percentiles[0], percentiles.at(-1)]).toEqual([result.min, result.max]);
      }),
    );
  });
});
