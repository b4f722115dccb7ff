import { describe, expect, it } from "vitest";
import { colormapColours, colormapNames, colormapShades, findColormap } from "../../src/formula/colormaps/index.ts";
import { BLENDS, type Blend } from "../../src/formula/functions/blend-modes.ts";
import { interpret } from "../../src/formula/interpret.ts";
import { numberOps } from "../../src/formula/ops-number.ts";
import { complete, refusal } from "./support.ts";

/** Components of what a formula of red, green and blue (bytes) shows at one pixel. */
function shown(text: string, [red, green, blue]: readonly number[] = [0, 0, 0]): readonly number[] {
  const { display } = complete(text);
  if (!display) throw new Error(`${text} shows nothing`);
  return interpret(display, (channel) => [red, green, blue][channel] ?? Number.NaN);
}

function expectNear(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((one, index) => {
    expect(Math.abs(one - (expected[index] ?? 0)), `${actual} for ${expected}`).toBeLessThanOrEqual(tolerance);
  });
}

/** Colours in bytes; hue, saturation and value; saturation and lightness: Python's colorsys. L*a*b*: scikit-image 0.25. */
const COLOURS = [
  { bytes: [255, 0, 0], hsv: [0, 1, 1], hsl: [1, 0.5], lab: [53.241, 80.092, 67.203] },
  { bytes: [51, 102, 153], hsv: [0.583333, 0.666667, 0.6], hsl: [0.5, 0.4], lab: [42.008, -0.154, -32.843] },
  { bytes: [229.5, 25.5, 127.5], hsv: [0.916667, 0.888889, 0.9], hsl: [0.8, 0.5], lab: [50.696, 76.602, -2.332] },
  { bytes: [255, 255, 255], hsv: [0, 0, 1], hsl: [0, 1], lab: [100, -0.002, 0.005] },
  { bytes: [0, 0, 0], hsv: [0, 0, 0], hsl: [0, 0], lab: [0, 0, 0] },
  { bytes: [2.55, 5.1, 7.65], hsv: [0.583333, 0.666667, 0.03], hsl: [0.5, 0.02], lab: [1.3, -0.312, -1.2] },
] as const;

describe("a colour", () => {
  const part = (name: string, bytes: readonly number[]) => {
    const { values } = complete(`window(component(rgb(red, green, blue), "${name}"), -128, 128)`);
    return values[0] ? interpret(values[0], (channel) => bytes[channel] ?? Number.NaN)[0] : Number.NaN;
  };

  it.each(COLOURS)("$bytes is taken apart and put together again", ({ bytes, hsv, hsl, lab }) => {
    expectNear(
      ["red", "green", "blue"].map((name) => (part(name, bytes) ?? 0) * 255),
      bytes,
      1e-4,
    );
    expectNear(
      ["hue", "saturation", "value"].map((name) => part(name, bytes) ?? 0),
      hsv,
    );
    expectNear(
      ["hsl-saturation", "lightness"].map((name) => part(name, bytes) ?? 0),
      hsl,
    );
    expectNear(
      ["l", "a", "b"].map((name) => part(name, bytes) ?? 0),
      lab,
      0.01,
    );

    const unit = bytes.map((one) => one / 255);
    expectNear(shown(`hsv(${hsv.join(", ")})`), unit);
    expectNear(shown(`hsl(${[hsv[0], ...hsl].join(", ")})`), unit);
    expectNear(shown(`lab(${lab.join(", ")})`), unit, 2e-4);
  });

  it("of L*a*b* that sRGB has is what scikit-image gives, and another is held to what it can show", () => {
    expectNear(shown("lab(50, 20, -30)"), [0.49636, 0.42926, 0.66684], 1e-4);
    expectNear(shown("lab(70, -40, 40)"), [0.4596, 0.73872, 0.37316], 1e-4);
    for (const one of shown("lab(100, 120, -120)")) expect(one >= 0 && one <= 1).toBe(true);
  });

  it("has a hue that goes round", () => {
    expectNear(shown("hsv(window(red, 0, 100), 1, 1)", [100]), shown("hsv(0, 1, 1)"));
  });

  it("is as bright as BT.709 says, and paler or stronger about that brightness", () => {
    expectNear(shown("luma(rgb(red, green, blue))", [255, 0, 0]), [0.2126]);
    expectNear(shown("luma(red)", [51]), [0.2]);
    const grey = 0.2126 * 0.2 + 0.7152 * 0.4 + 0.0722 * 0.6;
    expectNear(shown("saturate(rgb(red, green, blue), 0)", [51, 102, 153]), [grey, grey, grey]);
    expectNear(shown("saturate(rgb(red, green, blue), 1)", [51, 102, 153]), [0.2, 0.4, 0.6]);
    expectNear(
      shown("saturate(rgb(red, green, blue), 1.5)", [51, 102, 153]),
      [0.2, 0.4, 0.6].map((c) => grey + 1.5 * (c - grey)),
    );
    expectNear(shown("saturate(rgb(red, green, blue), 100)", [51, 102, 153]), [0, 1, 1]);
  });

  it("is toned component by component, and keeps its opacity", () => {
    expectNear(shown("gamma(rgb(red, green, blue), 2)", [51, 102, 153]), [0.2, 0.4, 0.6].map(Math.sqrt));
    expectNear(shown("invert(rgba(red, green, blue, 0.25))", [51, 102, 153]), [0.8, 0.6, 0.4, 0.25]);
    expectNear(shown("contrast(rgb(red, green, blue), 2)", [51, 102, 153]), [0, 0.3, 0.7]);
    expectNear(shown("contrast(red, 0.5)", [51]), [0.35]);
  });

  it("is bent by ImageMagick's sigmoidal contrast", () => {
    const curve = (x: number, contrast: number, middle: number) => {
      const s = (u: number) => 1 / (1 + Math.exp(contrast * (middle - u)));
      return (s(x) - s(0)) / (s(1) - s(0));
    };
    for (const x of [0, 51, 102, 153, 255]) {
      expectNear(shown("sigmoid(red, 6)", [x]), [curve(x / 255, 6, 0.5)]);
      expectNear(shown("sigmoid(red, 20, 0.25)", [x]), [curve(x / 255, 20, 0.25)]);
    }
    expect(refusal("sigmoid(red, -1)").message).toMatch(/positive number, not -1/);
    expect(refusal("contrast(red, 0)").message).toMatch(/positive number, not 0/);
  });

  /** Corners, what rounding leaves near them, and grays whose luminosity is no gray of theirs. */
  const COMPONENTS = [0, 1 / 255, 0.3, 128 / 255, Math.fround(1 - 2 ** -24), 1].map(Math.fround);

  it.each(Object.entries(BLENDS))("is blended by %s with any other, and neither is a hole then", (_, mode) => {
    const blend: Blend = mode;
    const colours = COMPONENTS.flatMap((r) => COMPONENTS.flatMap((g) => COMPONENTS.map((b) => [r, g, b] as const)));
    const wrong = colours.flatMap((backdrop) =>
      colours.filter((source) => !blend(numberOps, backdrop, source).every((one) => one >= 0 && one <= 1)),
    );
    expect(wrong).toEqual([]);
    const grays = Array.from({ length: 256 }, (_, level) => Math.fround(level / 255));
    const holes = grays.flatMap((a) =>
      grays.filter((b) => blend(numberOps, [a, a, a], [b, b, b]).some((one) => !(one >= 0 && one <= 1))),
    );
    expect(holes).toEqual([]);
  });

  it("of one gray is given the luminosity of another, also where rounding leaves nothing between them", () => {
    const text = 'blend(luma(rgb(0, 0, 128/255)), gray(norm(red)), "luminosity")';
    for (let level = 0; level <= 255; level++) {
      const gray = level / 255;
      expectNear(shown(text, [level]), [gray, gray, gray], 1e-6);
      expectNear(
        shown(`blend(gray(norm(green)), gray(norm(red)), "luminosity")`, [level, 255 - level]),
        [gray, gray, gray],
        1e-6,
      );
    }
    for (const color of ["#000080", "#800000", "#ffffff", "#010101", "#7f7f7f"])
      for (const level of [0, 1, 254, 255])
        for (const one of shown(`blend(luma(color("${color}")), window(red, 0, 255), "luminosity")`, [level]))
          expect(one).not.toBeNaN();
  });

  it.each([
    ['component(rgb(red, green, blue), "hues")', /no "hues": write one of red, green/],
    ['blend(rgb(red, green, blue), red, "soft")', /no blend mode "soft": write one of normal, multiply/],
    ["luma(1, 2)", /luma\(color\)/],
  ])("is asked for in a way that says how: %s", (text, message) => {
    expect(refusal(text).message).toMatch(message);
  });
});

describe("colormaps", () => {
  it("are matplotlib's and cmocean's, in any case, with their other names", () => {
    expect(colormapNames.length).toBeGreaterThan(100);
    expect(["RdYlGn_r", "cmo.thermal", "cmo.gray", "Grays", "GIST_YERG", "tab20c_r"].map(findColormap)).toEqual([
      "rdylgn_r",
      "thermal",
      "cmo.gray",
      "greys",
      "gist_yarg",
      "tab20c_r",
    ]);
    expect(["cmo.nothing", "_r", "viridis_r_r", "constructor", "__proto__"].map(findColormap)).toEqual(
      Array(5).fill(null),
    );
  });

  it("have the colours of their packages at both ends", () => {
    const ends = (name: string) => [colormapColours(name)[0], colormapColours(name).at(-1)];
    expect(ends("viridis")).toEqual(["#440154", "#fde724"]);
    expect(ends("cividis")).toEqual(["#00224d", "#fde737"]);
    expect(ends("thermal_r")).toEqual(["#e7fa5a", "#032333"]);
    expect(ends("tab10")).toEqual(["#1f77b4", "#17becf"]);
  });

  it("are listed as matplotlib steps through them: entry floor(size · shade)", () => {
    const entries = (name: string, count: number) => {
      const colours = colormapColours(name);
      return colormapShades(name, count).map((colour) => colours.indexOf(colour));
    };
    expect(entries("tab10", 16)).toEqual([0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 9]);
    expect(entries("set1", 5)).toEqual([0, 2, 4, 6, 8]);
    expect(entries("set1", 4)).toEqual([0, 3, 6, 8]);
    expect(entries("accent", 2)).toEqual([0, 7]);
    expect(colormapShades("viridis", 256)).toEqual(colormapColours("viridis"));
  });

  it("of ten colours have ten steps", () => {
    const colours = colormapColours("tab10");
    expect(colours).toHaveLength(10);
    for (const [value, step] of [
      [0, 0],
      [25, 0],
      [26, 1],
      [254, 9],
      [255, 9],
    ] as const) {
      const [r = 0, g = 0, b = 0] = shown('colormap(red, "tab10")', [value]).map((one) => Math.round(one * 255));
      expect(`#${Buffer.from([r, g, b]).toString("hex")}`).toBe(colours[step]);
    }
  });
});

describe("a scale of colours", () => {
  const at = (text: string, value: number) => shown(text, [value]).map((one) => Math.round(one * 1000) / 1000);

  it("mixes between its numbers, and goes on at its ends", () => {
    const text = 'ramp(red - 50, 0: "#000", 50: "teal", 100: "#fff")';
    expect([0, 50, 75, 100, 125, 150, 255].map((value) => at(text, value))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0.251, 0.251],
      [0, 0.502, 0.502],
      [0.5, 0.751, 0.751],
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  it("of intervals has the colour of the number below", () => {
    const text = 'intervals(red, 10: "#f00", 20: "#0f0", 200: "#00f")';
    expect([9, 10, 19, 20, 199, 200, 255].map((value) => at(text, value))).toEqual([
      [Number.NaN, Number.NaN, Number.NaN],
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });

  it("of classes has nothing but its values", () => {
    const text = 'classes(red, 7: "#f00", 3: "#0f0")';
    expect([3, 7, 5].map((value) => at(text, value))).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [Number.NaN, Number.NaN, Number.NaN],
    ]);
  });

  it("has no data where its number is infinite or missing", () => {
    expect(at('ramp(1 / red, 0: "#000", 1: "#fff")', 0)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it("is written with calculated numbers, and stands in the canonical text as numbers and colours", () => {
    expect(complete('ramp(red, 10 * 2 - 30: "BLACK", (red_ > 1 ? 2 : 3): "#f80")'.replace("red_", "2")).canonical).toBe(
      'ramp(red, -10: "#000000", 2: "#ff8800")',
    );
  });

  it.each([
    ['ramp(red, 0: "black")', /At least 2 colours/],
    ['ramp(red, 1: "black", 0: "white")', /rise from colour to colour, and 0 does not/],
    ['intervals(red, 1: "black", 1: "white")', /rise/],
    ['classes(red, 1: "black", 1: "white")', /Each number has one colour/],
    ['ramp(red, 0: "blak", 1: "white")', /Behind the : stands a colour such as/],
    ['ramp(red, 0: black, 1: "white")', /Behind the : stands a colour such as/],
    ['ramp(red, green: "black", 1: "white")', /is a plain number/],
    ['ramp(red, 1e99: "black", 1: "white")', /is a plain number/],
    ['ramp(red, "black", 1: "white")', /takes numbers with their colours/],
    ['max(1: "black", red)', /stands only in ramp, intervals and classes/],
    ["ramp(red)", /ramp\(x, number: colour, …\)/],
    [
      `classes(red, ${Array.from({ length: 65 }, (_, index) => `${index}: "red"`).join(", ")})`,
      /65 colours; 64 are allowed/,
    ],
  ])("is refused with what is wrong: %s", (text, message) => {
    expect(refusal(text).message).toMatch(message);
  });
});
