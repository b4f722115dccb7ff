import { expect, it } from "vitest";
import { extremes } from "../../../src/service/geography/extremes.ts";

it("a curve bulges between its points as a parabola through three of them, not at corners", () => {
  // 5 − (x − 1.25)² at 0 … 3, a side of four steps.
  const bulging = [0, 1, 2, 3].map((x) => 5 - (x - 1.25) ** 2);
  expect(extremes(bulging, 4)).toEqual([bulging[3], 5]);
  expect(
    extremes(
      bulging.map((value) => -value),
      4,
    ),
  ).toEqual([-5, -(bulging[3] ?? 0)]);
  expect(extremes([0, 5, 0, 1, 9, 1, 0, 2], 4)).toEqual([0, 9]);
  expect(extremes([1, 1, 1, 1], 4)).toEqual([1, 1]);
  expect(extremes([2, 1, 1, 2, 3, 4, 3, 2], 4)[0]).toBeCloseTo(0.875, 9);
});
