import { describe, expect, it } from "vitest";
import { channel, checked, diagnose, refusal, scopeOf } from "./support.ts";

const bands = (names: readonly string[]) => scopeOf(names.map((name) => channel(name, "uint16")));
const prefixed = (prefix: string, names: readonly string[]) => names.map((name) => `${prefix}${name}`);
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

const SENTINEL = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"];
const FOUR = ["B02", "B03", "B04", "B08"];

/** Which channel a text is, from 1. */
function numberOf(text: string, names: readonly string[]): number {
  const [output] = checked(text, bands(names)).outputs;
  if (output?.kind !== "channel") throw new Error(`${text} is no channel`);
  return output.channel + 1;
}

/** Codes of what is said about a text. */
const told = (text: string, names: readonly string[]) => diagnose(text, bands(names)).map(({ code }) => code);

describe("a band of a satellite", () => {
  const lists: readonly (readonly [
    what: string,
    names: readonly string[],
    places: Readonly<Record<string, number>>,
  ])[] = [
    [
      "Sentinel-2, all of it",
      SENTINEL,
      { B1: 1, b2: 2, B4: 4, B04: 4, B004: 4, B8: 8, B08: 8, B8A: 9, b8a: 9, B08A: 9, B9: 10, B11: 12, B12: 13 },
    ],
    ["Sentinel-2, four bands", FOUR, { B2: 1, B3: 2, B4: 3, B8: 4, b4: 3 }],
    ["Sentinel-2 without zeros", ["B2", "B3", "B8", "B8A"], { B02: 1, B08: 3, B8: 3, B8A: 4 }],
    [
      "Sentinel-2 with a prefix",
      prefixed("T32TQM_20260714_", SENTINEL),
      { B1: 1, B4: 4, B8: 8, B8A: 9, B9: 10, B12: 13 },
    ],
    ["Sentinel-2 with a resolution", FOUR.map((name) => `S2_${name}_10m`), { B2: 1, B04: 3, B8: 4 }],
    ["Landsat 8, level 1", numbered("B", 11), { B1: 1, B04: 4, B10: 10, B11: 11 }],
    [
      "Landsat 8, level 2",
      [...numbered("SR_B", 7), "ST_B10", "QA_PIXEL"],
      { B1: 1, B4: 4, B04: 4, B7: 7, B10: 8, sr_b4: 4, SR_B04: 4 },
    ],
    ["Landsat 8, four bands", ["SR_B5", "SR_B4", "SR_B3", "SR_B2"], { B5: 1, B4: 2, B2: 4 }],
    ["MODIS", prefixed("sur_refl_", ["b01", "b02", "b03", "b04", "b05", "b06", "b07"]), { b1: 1, B7: 7, b04: 4 }],
    ["MODIS, out of order", ["Nadir_Reflectance_Band2", "Nadir_Reflectance_Band1"], { b1: 2, b2: 1 }],
    ["Planet", ["coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"], { b8: 8, B1: 1 }],
    ["Planet by number", ["Band 1 - Blue", "Band 2 - Green", "Band 4 - NIR"], { b1: 1, b2: 2, B4: 3 }],
  ];

  it.each(lists)("of %s is found by its name, with and without zeros", (_, names, places) => {
    expect(Object.fromEntries(Object.keys(places).map((text) => [text, numberOf(text, names)]))).toEqual(places);
  });

  it("tells where the number would be another channel", () => {
    const [told] = diagnose("B4", bands(FOUR));
    expect(told).toMatchObject({ severity: "warning", code: "MISLEADING_NAME", from: 0, to: 2 });
    expect(told?.message).toBe("B4 is the channel B04, which is number 3; channel number 4 is @4.");
    expect(told && diagnose("B9", bands(SENTINEL))[0]?.message).toMatch(/channel B09, which is number 10/);
    expect(diagnose("B4", bands(prefixed("S2_", FOUR)))[0]?.message).toMatch(/channel S2_B04, which is number 3/);
  });

  it("is not warned about where name and number are one, or there is no such number", () => {
    for (const text of ["B1", "B4", "B8", "B8A"]) expect(told(text, SENTINEL), text).toEqual([]);
    expect(told("B8 + B08", FOUR)).toEqual([]);
    expect(told("@4 + `B04`", FOUR)).toEqual([]);
  });

  it("that the file lacks is the number still, with a warning", () => {
    expect(numberOf("b1", FOUR)).toBe(1);
    expect(diagnose("b1", bands(FOUR))[0]).toMatchObject({
      severity: "warning",
      code: "MISLEADING_NAME",
      message:
        "b1 is channel number 1, which the file names B02: there is no band 1. Write @1 where the number is meant.",
    });
    expect(told("b2", ["red", "green"])).toEqual([]);
    expect(told("B3", ["SR_B1", "SR_B2", "QA_PIXEL"])).toHaveLength(1);
    expect(told("b1", ["red", "green", "blue", "b4"])).toEqual([]);
  });

  it("is never one with a letter behind its number", () => {
    expect(numberOf("B8", ["B8A", "B08"])).toBe(2);
    expect(refusal("B8", bands(["B8A", "B09"])).code).toBe("UNKNOWN_NAME");
  });

  it("is a word of its own, and the only band of its name", () => {
    for (const name of ["grab4", "b4xy", "b4a", "B4-B8 ratio", "b 4.5"])
      expect(numberOf("b4", [name, "red", "green", "nir"]), name).toBe(4);
  });

  it("is refused where several channels have it", () => {
    expect(refusal("B4", bands(["B04", "B004"])).code).toBe("AMBIGUOUS_NAME");
    expect(refusal("B4", bands(["B04_10m", "B04_20m"])).message).toContain("@1 (B04_10m), @2 (B04_20m)");
    expect(numberOf("B4", ["B4", "B04"])).toBe(1);
  });

  it("makes an index of two bands, and not of one twice", () => {
    expect(checked("(B8-B4)/(B8+B4)", bands(FOUR)).outputs[0]?.text).toBe("ndi(B08, B04)");
  });

  it("is found so in other names too, and in backticks", () => {
    expect(numberOf("ch1", ["Ch 01", "Ch 02"])).toBe(1);
    expect(numberOf("`B4`", FOUR)).toBe(3);
    expect(refusal("`B1`", bands(FOUR)).code).toBe("UNKNOWN_NAME");
  });
});
