import { describe, expect, it } from "vitest";
import { channel, complete, diagnose, scopeOf } from "./support.ts";

const SCOPE = scopeOf([
  channel("labels", "uint32"),
  channel("signed", "int32"),
  channel("elevation", "float64"),
  channel("red", "uint16"),
  channel("heat", "float32"),
]);

describe("advice", () => {
  it.each([
    ["labels + 1", "labels", "24 bits"],
    ["signed", "signed", "24 bits"],
    ["2 * elevation", "elevation", "7 digits"],
    ["red + @3", "@3", "7 digits"],
  ])("of %s tells that float32 cannot hold the samples", (text, place, lost) => {
    const from = text.indexOf(place);
    expect(diagnose(text, SCOPE)).toEqual([
      expect.objectContaining({
        ...{ severity: "warning", code: "PRECISION", from, to: from + place.length },
        message: expect.stringContaining(lost),
      }),
    ]);
  });

  it("of precision is given once for a channel, and not where float32 holds every sample", () => {
    expect(diagnose("labels + labels * labels", SCOPE)).toHaveLength(1);
    expect(diagnose("red * heat", SCOPE)).toEqual([]);
  });

  it("of a neighbourhood tells how far and how much it reads, those within each other together", () => {
    const [told] = diagnose("conv(conv(red, 1, 2, 1, 2, 4, 2, 1, 2, 1), 1, 1, 1, 1, 1, 1, 1, 1, 1)", SCOPE);
    expect(told).toMatchObject({ severity: "info", code: "NEIGHBOURHOOD", from: 0 });
    expect(told?.message).toMatch(/reads 2 pixels beyond each of its sides \(of 128 .* each pixel 18 neighbours/);
    expect(complete("blur(red, 2)", SCOPE).halo).toBe(6);
    expect(complete("red + 1", SCOPE).halo).toBe(0);
  });
});
