import { describe, expect, it } from "vitest";
import { createPixelOps, SLACK_BYTES } from "../../src/kernel/index.ts";
import { Sketcher, statisticsOf } from "../../src/render/sketch.ts";
import { summarize } from "../../src/render/summary.ts";
import { generator } from "../formula/random-formula.ts";

/** No multiple of four. */
const PART = 701;
const PERCENTILES = [0, 0.5, 1, 25, 50, 75, 99.5, 100];

/** The same values in parts, by several sketchers. */
function sketched(values: Float32Array, bins: number) {
  const memory = new WebAssembly.Memory({ initial: 1024 });
  const pixels = createPixelOps(memory);
  let next = 1024;
  const allocate = (bytes: number) => {
    const at = next;
    next = Math.ceil((at + bytes + SLACK_BYTES) / 16) * 16;
    return at;
  };
  const sketchers = [new Sketcher(pixels, allocate), new Sketcher(pixels, allocate), new Sketcher(pixels, allocate)];
  const place = allocate(4 * PART);
  for (let at = 0, part = 0; at < values.length; at += PART, part++) {
    const some = values.subarray(at, at + PART);
    new Float32Array(memory.buffer, place, some.length).set(some);
    sketchers[part % sketchers.length]?.add(place, some.length);
  }
  return statisticsOf(
    sketchers.map((one) => one.result()),
    PERCENTILES,
    bins,
  );
}

function valuesOf(count: number, value: (random: () => number) => number): Float32Array {
  const random = generator(7);
  return Float32Array.from({ length: count }, () => value(random));
}

describe("statistics of sketches", () => {
  it("are those of all values where these are whole numbers up to 8,192 of either sign, and NaN", () => {
    const values = valuesOf(10_000, (random) =>
      random() < 0.1 ? Number.NaN : Math.round(random() ** 3 * 16_000 - 8000),
    );
    const found = sketched(values, 64);
    const exact = summarize(values.slice(), PERCENTILES, 64);
    expect({ ...found, mean: 0, standardDeviation: 0 }).toEqual({ ...exact, mean: 0, standardDeviation: 0 });
    expect(found.mean).toBeCloseTo(exact.mean ?? 0, 9);
    expect(found.standardDeviation).toBeCloseTo(exact.standardDeviation ?? 0, 9);
  });

  it("are true to one part in 8,192 for other numbers, their ends exact", () => {
    const values = valuesOf(10_000, (random) => (random() - 0.4) * 10 ** Math.round(random() * 12 - 6));
    const found = sketched(values, 16);
    const exact = summarize(values.slice(), PERCENTILES, 16);
    expect([found.min, found.max, found.count, found.validCount]).toEqual([exact.min, exact.max, 10_000, 10_000]);
    for (const [index, value] of exact.percentiles.entries())
      expect(Math.abs((found.percentiles[index] ?? 0) - (value ?? 0))).toBeLessThanOrEqual(Math.abs(value ?? 0) / 8192);
    expect(found.histogram.counts.reduce((sum, count) => sum + count)).toBe(10_000);
    expect((found.standardDeviation ?? 0) / (exact.standardDeviation ?? 1)).toBeCloseTo(1, 9);
  });

  it("keep their digits where the mean is large", () => {
    const values = valuesOf(5000, (random) => 1e7 + Math.round(random() * 4));
    const exact = summarize(values.slice(), [], 1);
    expect(sketched(values, 4).standardDeviation).toBeCloseTo(exact.standardDeviation ?? 0, 6);
  });

  it("are none where nothing is valid", () => {
    expect(sketched(new Float32Array(3).fill(Number.NaN), 4)).toEqual(
      summarize(new Float32Array(3).fill(Number.NaN), PERCENTILES, 4),
    );
  });
});
