import { describe, expect, it } from "vitest";
import { canonical, channel, complete, diagnose, scopeOf, written } from "./support.ts";

const other = { channels: [channel("red"), channel("cover", "uint8", { categorical: true })], depth: 1, times: 1 };
const SCOPE = scopeOf(
  [
    channel("red"),
    channel("QA_PIXEL", "uint16"),
    channel("cover", "uint8", { categorical: true }),
    channel("heat", "float32"),
    channel("dapi", "uint16"),
  ],
  { key: "this", images: new Map([["o", other]]), averaged: true },
);

describe("nearest", () => {
  it.each([
    ["nearest(red)", "nearest(red)"],
    ["nearest(nearest(red))", "nearest(red)"],
    ["nearest(red + heat)", "nearest(heat) + nearest(red)"],
    ["let d = red - heat; nearest(d) + d", "nearest(red) - nearest(heat) + (red - heat)"],
    ["nearest(blur(red, 2))", "blur(nearest(red), 2)"],
    ["phys(nearest(red))", "nearest(red)"],
    ["nearest(cover)", "cover"],
    ["nearest(3)", "3"],
    ['nearest(image("o").red)', 'image("o", nearest).red'],
    ['nearest(image("this").red)', "nearest(red)"],
    ["nearest(mean(red))", "mean(nearest(red))"],
  ])("of an expression takes samples of the channels below it: %s is %s", (text, wanted) => {
    expect(written(text, SCOPE)).toBe(wanted);
    const again = complete(canonical(text, SCOPE), SCOPE);
    expect(again.canonical).toBe(canonical(text, SCOPE));
  });

  it("keeps planes of a stack, and may stand before or within a choice of them", () => {
    const stack = scopeOf([channel("dapi")], { depth: 3 });
    expect(written("nearest(dapi)[z=2]", stack)).toBe("nearest(dapi[z=2])");
    expect(written("nearest(dapi[z=2])", stack)).toBe("nearest(dapi[z=2])");
    expect(written("zmax(nearest(dapi))", stack)).toBe(
      "max(nearest(dapi[z=0]), nearest(dapi[z=1]), nearest(dapi[z=2]))",
    );
  });

  it("makes another formula of a formula, whose channels are the same", () => {
    const [plain, sampled] = [complete("red == 41", SCOPE), complete("nearest(red) == 41", SCOPE)];
    expect(sampled.hash).not.toBe(plain.hash);
    expect(sampled.channels).toEqual(plain.channels);
  });
});

describe("another image", () => {
  it("of codes is never read between its pixels, whatever is written", () => {
    for (const words of ["", ", bilinear", ", nearest"])
      expect(written(`image("o", dx=3${words}).cover`, SCOPE)).toBe('image("o", dx=3, nearest).cover');
    expect(written('image("o", dx=3).red', SCOPE)).toBe('image("o", dx=3).red');
  });
});

describe("a formula is sampled", () => {
  it.each([
    ["nearest(red)", true],
    ["cover", true],
    ["classes(cover, 1: 'navy')", true],
    ["nearest(red) + cover", true],
    ["nearest(red) + heat", false],
    ["red == 41", false],
    ["tint(3, 'red')", false],
    ['image("o").cover', true],
    ['image("o").red + cover', false],
  ])("where it reads no mean: %s", (text, sampled) => {
    expect(complete(text, SCOPE).sampled).toBe(sampled);
  });
});

describe("means of codes", () => {
  it.each([
    ["classes(red, 11: 'navy', 41: 'green')", "red"],
    ["red == 41", "red"],
    ["3 * (41 != red)", "red"],
    ["bit(QA_PIXEL, 3)", "QA_PIXEL"],
    ["where(bitand(QA_PIXEL, 24) != 0, heat, red)", "QA_PIXEL"],
    ["bitand(shift(QA_PIXEL, -8), 3)", "QA_PIXEL"],
    ["heat; red; dapi == 3", "dapi"],
    ['image("o", dx=0.5).red == 3', 'image("o", dx=0.5).red'],
  ])("are told of %s, with what to write", (text, name) => {
    expect(diagnose(text, SCOPE)).toEqual([
      expect.objectContaining({
        ...{ severity: "warning", code: "SAMPLING", from: 0 },
        message: expect.stringContaining(`write nearest(${name}) for samples, or call the channel categorical`),
      }),
    ]);
  });

  it.each([
    "nearest(red) == 41",
    "nearest(bit(QA_PIXEL, 3))",
    "classes(cover, 11: 'navy')",
    "red > 40",
    "intervals(red, 0: 'navy', 9: 'teal')",
    "classes(floor(red / 64), 1: 'navy')",
    "heat == 3",
    "red == dapi",
    'image("o", dx=0.5).cover == 3',
    'image("o").red == 3',
  ])("are none in %s", (text) => {
    expect(diagnose(text, SCOPE)).toEqual([]);
  });

  it("are none where all levels lie in the file", () => {
    expect(diagnose("red == 41", { ...SCOPE, averaged: false })).toEqual([]);
  });
});
