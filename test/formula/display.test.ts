import { describe, expect, it } from "vitest";
import type { DataType } from "../../src/core/dtype.ts";
import {
  type Answer,
  completeFormula,
  type FormulaScope,
  measuredArguments,
  normaliseColour,
} from "../../src/formula/index.ts";
import { canonical, channel, checked, complete, SCOPE, scopeOf } from "./support.ts";

/** The window that the display rules put around a number: its ends, or null where the pixels decide. */
function rule(text: string, scope = SCOPE): readonly [low: number, high: number] | null {
  const formula = checked(text, scope);
  if (formula.measured.length > 0) return null;
  const [range] = completeFormula(formula, []).windows;
  if (!range) throw new Error(`${text} has no window`);
  return [range.low, range.high];
}

describe("a number that is shown without a window", () => {
  it.each([
    ["norm(red)", 0, 1],
    ["red > 3", 0, 1],
    ["valid(heat)", 0, 1],
    ["sin(red) ^ 2", 0, 1],
    ["0.5", 0, 1],
    ["(0/0)", 0, 1],
    ["ndi(red, green)", -1, 1],
    ["(nir - red) / (red + nir)", -1, 1],
    ["sin(red)", -1, 1],
    ["norm(red) - norm(green)", -1, 1],
    ["-0.5", -1, 1],
  ])("%s keeps its static bounds %d … %d", (text, low, high) => {
    expect(rule(text)).toEqual([low, high]);
  });

  it.each([
    "red",
    "red + green",
    "red - green",
    "abs(red - green) + 2",
    "red / 2",
    "max(red, uv1)",
    "mix(red, green, 0.3)",
  ])("%s of bytes is shown as bytes, 0 … 255", (text) => {
    expect(rule(text)).toEqual([0, 255]);
  });

  it.each(["red / 4", "red * 1e38 * 10", "red / green", "red + nir", "nir", "heat", "exp(red)"])(
    "%s is shown by what its pixels hold",
    (text) => {
      expect(rule(text)).toBeNull();
      expect(checked(text).measured[0]).toMatchObject({ measure: "shown", parameters: [] });
    },
  );

  it("of another type than bytes is shown by the window in its file unless the pixels disagree, if it is a bare channel and the window one", () => {
    const stated = (low: number, high: number, type: DataType = "uint16", text = "x") =>
      checked(text, scopeOf([channel("x", type, { window: [low, high] })])).measured[0]?.parameters;
    expect(stated(100, 4000)).toEqual([100, 4000]);
    expect(stated(-1, 65_534)).toEqual([-1, 65_534]);
    expect(stated(0, 65_535, "float32")).toEqual([0, 65_535]);
    expect(stated(100, 4000, "uint16", "x + 1")).toEqual([]);
    for (const [low, high] of [
      [5, 5],
      [5, 1],
      [Number.NaN, 1],
      [Number.NEGATIVE_INFINITY, 1],
      [0, Number.POSITIVE_INFINITY],
      [0, 1e300],
      [1e8, 1e8 + 1],
      [0, 65_535],
      [-10, 70_000],
    ] as const) {
      expect(stated(low, high), `${low} … ${high}`).toEqual([]);
    }
  });

  it("of bytes is shown as bytes; a channel alone by the window in its file, else as bytes, where its pixels agree", () => {
    const gray = (window?: readonly [number, number]) => scopeOf([channel("x", "uint8", window ? { window } : {})]);
    const stated = (scope: FormulaScope) => checked("x", scope).measured[0]?.parameters;
    expect(rule("x + 0", gray([3, 40]))).toEqual([0, 255]);
    expect(stated(gray([3, 40]))).toEqual([3, 40]);
    expect(stated(gray())).toEqual([0, 255]);
    expect(stated(gray([0, 255]))).toEqual([0, 255]);
    const colors = ["Red", "GREEN", "blue"].map((name) => channel(name));
    expect(rule("Red", scopeOf(colors))).toEqual([0, 255]);
    expect(rule("Red", scopeOf(colors.slice(0, 2)))).toBeNull();
  });

  it("and is the same everywhere begins its window with itself", () => {
    expect(rule("42")).toEqual([42, 43]);
    expect(rule("-42")).toEqual([-42, -41]);
    expect(rule("1e999")).toEqual([0, 1]);
    expect(rule("2 * window(9, 0, 10)")).toEqual([Math.fround(1.8), Math.fround(Math.fround(1.8) + 1)]);
    expect(rule("stretch(42)")).toEqual([42, 43]);
    const [low, high] = rule("1e30") ?? [];
    expect(low).toBe(Math.fround(1e30));
    expect(high).toBeGreaterThan(Math.fround(1e30));
    expect(canonical(canonical("1e30"))).toBe(canonical("1e30"));
    expect(canonical(canonical("3.4028235e38"))).toBe(canonical("3.4028235e38"));
  });

  it("gets its window also as part of a list and as an argument of colours and blends", () => {
    expect(canonical("red; norm(green); nir")).toBe(
      "rgb(window(red, 0, 255), window(green / 255, 0, 1), window(nir, 10, 20))",
    );
    expect(canonical("tint(red, 'lime')")).toBe('tint(window(red, 0, 255), "#00ff00")');
    expect(canonical("colormap(nir, 'jet')")).toBe('colormap(window(nir, 10, 20), "jet")');
    expect(canonical("over(red, gray(nir))")).toBe("over(window(red, 0, 255), gray(window(nir, 10, 20)))");
    expect(canonical("gamma(red, 2)")).toBe("gamma(window(red, 0, 255), 2)");
  });

  it("keeps the window that is written, and a shade needs none", () => {
    expect(canonical("window(nir, 3, 9)")).toBe("window(nir, 3, 9)");
    expect(canonical("window(red)")).toBe("window(red, 0, 255)");
    expect(canonical("invert(window(nir, 3, 9))")).toBe("invert(window(nir, 3, 9))");
    expect(canonical("2 * window(nir, 3, 9)")).toMatch(/^window\(2 \* window\(nir, 3, 9\), /);
  });
});

describe("windows that the pixels decide", () => {
  it("are listed in order of appearance, each once, inner ones before outer ones", () => {
    const formula = checked("stretch(heat) * nir; nir; stretch(heat, 2, 98)");
    expect(formula.measured.map(({ argument, parameters }) => [argument.text, ...parameters])).toEqual([
      ["heat", 0.5, 99.5],
      ["nir * stretch(heat, 0.5, 99.5)"],
      ["nir"],
      ["heat", 2, 98],
    ]);
  });

  it("are completed in that order", () => {
    const formula = checked("nir; red; heat");
    const { canonical: text, windows } = completeFormula(formula, [
      [100, 900],
      [-0.5, 0.25],
    ]);
    expect(text).toBe("rgb(window(nir, 100, 900), window(red, 0, 255), window(heat, -0.5, 0.25))");
    expect(windows).toEqual([
      { low: 100, high: 900 },
      { low: 0, high: 255 },
      { low: -0.5, high: 0.25 },
    ]);
  });

  it("are widened where they are empty, and rounded to float32", () => {
    const [only] = [checked("nir")];
    const text = (low: number, high: number) => completeFormula(only, [[low, high]]).canonical;
    expect(text(7, 7)).toBe("window(nir, 7, 8)");
    expect(text(0.1, 0.2)).toBe("window(nir, 0.1, 0.2)");
    expect(text(16777216, 16777216)).toBe("window(nir, 16777216, 16777232)");
  });

  it("leave open what is asked for, with those within it written in", () => {
    const formula = checked("stretch(heat) * nir");
    const texts = (index: number, known: readonly Answer[]) =>
      measuredArguments(formula, index, known).map(({ text }) => text);
    expect(texts(0, [])).toEqual(["heat"]);
    expect(texts(1, [[2, 3]])).toEqual(["nir * window(heat, 2, 3)"]);
    expect(
      completeFormula(formula, [
        [2, 3],
        [4, 5],
      ]).canonical,
    ).toBe("window(nir * window(heat, 2, 3), 4, 5)");
  });

  it("must be given all, and no more", () => {
    expect(() => completeFormula(checked("nir"), [])).toThrow(/1 measures open, and 0/);
    expect(() => completeFormula(checked("red"), [[0, 1]])).toThrow(/0 measures open, and 1/);
  });

  it("differ in the hash as they differ", () => {
    const formula = checked("nir");
    const hash = (high: number) => completeFormula(formula, [[0, high]]).hash;
    expect(hash(100)).toBe(hash(100));
    expect(hash(100)).not.toBe(hash(101));
  });
});

describe("a complete formula", () => {
  it("gives the numbers before the display chain, in order, with their windows", () => {
    for (const [text, values, windows] of [
      ["red", ["red"], [[0, 255]]],
      ["gamma(invert(window(red - green, 2, 9)), 2)", ["red - green"], [[2, 9]]],
      [
        "red; red; blue",
        ["red", "red", "blue"],
        [
          [0, 255],
          [0, 255],
          [0, 255],
        ],
      ],
      [
        "rgb(window(red, 0, 9), window(red, 3, 4), blue)",
        ["red", "red", "blue"],
        [
          [0, 9],
          [3, 4],
          [0, 255],
        ],
      ],
      ["colormap(ndi(nir, red), 'rdylgn')", ["ndi(nir, red)"], [[-1, 1]]],
      [
        "add(tint(red, 'red'), tint(nir, 'lime'))",
        ["red", "nir"],
        [
          [0, 255],
          [10, 20],
        ],
      ],
      ["2 * window(red, 0, 9)", ["2 * window(red, 0, 9)"], [[10, 20]]],
      ["window(red, green, 300)", ["red"], []],
      ["colour('navy')", ['colour("#000080")'], []],
      ["2 * window(red, 0, 9); nir", ["2 * window(red, 0, 9)", "nir"], []],
    ] as const) {
      const formula = complete(text);
      expect(
        formula.values.map((one) => one.text),
        text,
      ).toEqual(values);
      expect(
        formula.windows.map(({ low, high }) => [low, high]),
        text,
      ).toEqual(windows);
    }
  });

  it("has the type of what was written, before the display default", () => {
    expect(complete("red").type).toBe("number");
    expect(complete("window(red)").type).toBe("shade");
    expect(complete("gray(red)").type).toBe("color");
    expect(complete("red; green; blue").type).toBe("color");
    expect(complete("red; green").type).toBe("number");
    expect(complete("where(red > 1, window(red), window(green))").type).toBe("shade");
    expect(complete("where(red > 1, window(red), green)").type).toBe("number");
  });

  it("knows its bounds, its channels and what it costs", () => {
    expect(complete("red - green").interval).toEqual({ min: -255, max: 255, nan: false });
    expect(complete("nir + red + nir").channels).toEqual([0, 4]);
    expect(complete("sqrt(red)").cost).toBeGreaterThan(complete("red").cost);
    expect(complete("(red ^ 0.3) * (red ^ 0.3)").cost).toBeLessThan(complete("(red ^ 0.3) * (red ^ 0.4)").cost);
  });

  it("applies the file's scale only where phys asks for it", () => {
    const scope = scopeOf([channel("t", "int16", { scale: 0.25, offset: -273 }), channel("p", "uint8")]);
    expect(complete("phys(t)", scope).values[0]?.text).toBe("-273 + 0.25 * t");
    expect(complete("phys(p)", scope).values[0]?.text).toBe("p");
    expect(complete("norm(t)", scope).values[0]?.text).toBe("(t - -32768) / 65535");
  });
});

describe("colours", () => {
  it.each([
    ["#ff8800", "#ff8800"],
    ["#F80", "#ff8800"],
    ["Orange", "#ffa500"],
    [" lime ", "#00ff00"],
    ["GREY", "#808080"],
    ["cyan", "#00ffff"],
  ])("%j is %s", (text, normal) => {
    expect(normaliseColour(text)).toBe(normal);
  });

  it.each(["", "#", "#12", "#12345", "#gggggg", "#ff88001", "constructor", "__proto__", "rgb(1,2,3)", "ＯＲＡＮＧＥ"])(
    "%j is none",
    (text) => {
      expect(normaliseColour(text)).toBeNull();
    },
  );
});
