import { describe, expect, it } from "vitest";
import { atLeast, atMost, formatRows, isMissed, note } from "./row.ts";

const lines = (...targets: ReturnType<typeof note>[]) =>
  formatRows([{ name: "row", unit: "tile", p50: 1, p99: 2, cpu: 3, targets }])
    .split("\n")
    .slice(2)
    .map((line) => line.trim());

describe("a target of the bench", () => {
  it("is met at its limit, and missed beyond it", () => {
    expect([atMost("time", 50, 50, "ms"), atMost("time", 51, 50, "ms")].map(isMissed)).toEqual([false, true]);
    expect([atLeast("rate", 0.9, 0.9, "C"), atLeast("rate", 0.8, 0.9, "C")].map(isMissed)).toEqual([false, true]);
  });

  it("is missed when nothing was measured, and a note never is", () => {
    expect(isMissed(atMost("time", Number.NaN, 50, "ms"))).toBe(true);
    expect(isMissed(note("time", Number.NaN, "ms"))).toBe(false);
  });

  it("says by how much it was met or missed, and of none at all only that", () => {
    expect(
      lines(atMost("time", 60, 50, "ms"), atMost("refused", 0, 0, "requests"), atMost("refused", 2, 0, "requests")),
    ).toEqual([
      "time: 60.0 ms, target ≤ 50 ms: MISSED by 20 %",
      "refused: 0 requests, target ≤ 0 requests: met",
      "refused: 2.00 requests, target ≤ 0 requests: MISSED",
    ]);
  });
});
