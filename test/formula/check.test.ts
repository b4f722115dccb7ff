import { describe, expect, it } from "vitest";
import {
  checkFormula,
  DEFAULT_FORMULA_LIMITS,
  functionTable,
  interpret,
  interpretBytes,
} from "../../src/formula/index.ts";
import { channel, checked, complete, diagnose, refusal, SCOPE, scopeOf } from "./support.ts";

/** Value of a formula's first output where every channel has the given value. */
function numberOf(text: string, read = 7): number {
  const [output] = checked(text).outputs;
  if (!output) throw new Error("A formula has an output.");
  return interpret(output, () => read)[0] ?? Number.NaN;
}

describe("calls", () => {
  it.each([
    ["min()", 0, 5],
    ["min(red)", 0, 8],
    ["if(1)", 0, 5],
    ["red + sqrt()", 6, 12],
    ["sqrt(red, green)", 0, 16],
    ["window(red, 3)", 0, 14],
    ["rgb(red, green)", 0, 15],
    ["over(gray(red))", 0, 15],
  ])("refuse the wrong number of arguments in %s", (text, from, to) => {
    expect(refusal(text)).toMatchObject({ code: "WRONG_ARITY", from, to });
    expect(refusal(text).message).toMatch(/it is written .*as in /);
  });

  it.each([
    ["sqrt(gray(red))", "TYPE_MISMATCH", 5, 14],
    ["-gray(red)", "TYPE_MISMATCH", 1, 10],
    ["gray(red) < 1", "TYPE_MISMATCH", 0, 9],
    ["where(gray(red), 1, 2)", "TYPE_MISMATCH", 6, 15],
    ["rgb(gray(red), green, blue)", "TYPE_MISMATCH", 4, 13],
    ["gray(red); green; blue", "TYPE_MISMATCH", 0, 9],
    ['"orange" + "what"', "TYPE_MISMATCH", 11, 17],
    ["tint(red, orange)", "TYPE_MISMATCH", 10, 16],
    ["colormap(red, 3)", "TYPE_MISMATCH", 14, 15],
    ['tint(red, "#12345")', "BAD_ARGUMENT", 10, 18],
    ["window(red, 5, 1)", "BAD_ARGUMENT", 0, 17],
    ["window(red, 5, 5)", "BAD_ARGUMENT", 0, 17],
    ["window(red, (0/0), 5)", "BAD_ARGUMENT", 0, 21],
    ["window(red, 0, 1e999)", "BAD_ARGUMENT", 0, 21],
    ["gamma(red, 0)", "BAD_ARGUMENT", 0, 13],
    ["gamma(red, -2)", "BAD_ARGUMENT", 0, 14],
    ["stretch(red, 98, 2)", "BAD_ARGUMENT", 0, 19],
    ["stretch(red, 99.8)", "BAD_ARGUMENT", 0, 18],
    ["stretch(red, green)", "BAD_ARGUMENT", 0, 19],
    ["stretch(red, -1, 99)", "BAD_ARGUMENT", 0, 20],
    ["norm(heat)", "BAD_ARGUMENT", 0, 10],
    ["norm(red + 1)", "BAD_ARGUMENT", 0, 13],
    ["phys(2 * red)", "BAD_ARGUMENT", 0, 13],
  ] as const)("refuse %s with %s", (text, code, from, to) => {
    expect(refusal(text)).toMatchObject({ code, from, to });
  });

  it("suggest the colormap that may be meant", () => {
    expect(refusal('colormap(red, "virdis")').message).toContain('Did you mean "viridis"?');
    expect(refusal('colormap(red, "zzz")').message).toContain("rdylgn");
  });

  it("tell all errors of a formula, at most twenty and the next", () => {
    expect(diagnose("foo + sqr(red) + min(1)").map(({ code }) => code)).toEqual([
      "UNKNOWN_NAME",
      "UNKNOWN_FUNCTION",
      "WRONG_ARITY",
    ]);
    expect(diagnose(Array(100).fill("nope").join("+")).length).toBeLessThanOrEqual(21);
  });

  it("are shown by examples that work", () => {
    const scope = scopeOf(["red", "green", "blue", "uv1", "fir1", "nir1"].map((name) => channel(name)));
    for (const { name, example } of functionTable) {
      const problems = diagnose(example, scope).filter(({ severity }) => severity !== "info");
      expect(problems, `${name}: ${example}`).toEqual([]);
    }
  });
});

describe("outputs", () => {
  it("make a picture when there are 1, 3 or 4; else they are numbers only, up to 16", () => {
    const list = (count: number) => Array(count).fill("red").join(";");
    for (const count of [1, 3, 4]) expect(checked(list(count)).display, `${count}`).not.toBeNull();
    for (const count of [2, 5, 16]) {
      expect(checked(list(count)).display, `${count}`).toBeNull();
      expect(complete(list(count)).values).toHaveLength(count);
    }
    expect(refusal(list(17)).code).toBe("OUTPUT_COUNT");
  });

  it("need no channel", () => {
    expect(complete("42").channels).toEqual([]);
    expect(complete("colour('navy')").type).toBe("color");
  });
});

describe("limits", () => {
  const limits = { length: 200, depth: 8, nodes: 20, channels: 2, halo: 8, taps: 100 };

  it("bound the characters", () => {
    const text = `red${" ".repeat(198)}`;
    expect(refusal(text, SCOPE, limits)).toMatchObject({ code: "TOO_LONG", from: 0, to: 201 });
    expect(diagnose(text.slice(0, 200), SCOPE, limits)).toEqual([]);
  });

  it("bound the nesting of brackets, calls, signs, exponents and conditions", () => {
    const nests = [
      (n: number) => `${"(".repeat(n)}red${")".repeat(n)}`,
      (n: number) => `${"abs(".repeat(n)}red${")".repeat(n)}`,
      (n: number) => `${"-".repeat(n)}red`,
      (n: number) => Array(n).fill("red").join("^"),
      (n: number) => `${"red ? 1 : ".repeat(n)}red`,
    ];
    for (const nest of nests) {
      expect(refusal(nest(9), SCOPE, limits), nest(9)).toMatchObject({ code: "TOO_DEEP" });
      expect(diagnose(nest(3), SCOPE, limits), nest(3)).toEqual([]);
    }
  });

  it("bound the parts, those that let repeats included", () => {
    expect(refusal(Array(11).fill("red").join("+"), SCOPE, limits).code).toBe("TOO_MANY_NODES");
    expect(diagnose(Array(7).fill("red").join("+"), SCOPE, limits)).toEqual([]);
    const doubled = "let a = red + red; let b = a + a; let c = b + b; c + c";
    expect(refusal(doubled, SCOPE, limits).code).toBe("TOO_MANY_NODES");
    expect(diagnose(doubled, SCOPE, { ...limits, nodes: 50 })).toEqual([]);
    const bomb = `let a0 = red + green; ${Array.from({ length: 200 }, (_, i) => `let a${i + 1} = a${i} * a${i} - a${i};`).join("")} a200`;
    expect(refusal(bomb).code).toBe("TOO_MANY_NODES");
  });

  it("bound the channels", () => {
    expect(refusal("red + green + blue", SCOPE, limits)).toMatchObject({ code: "TOO_MANY_CHANNELS" });
    expect(diagnose("red + green + red", SCOPE, limits)).toEqual([]);
  });

  it("hold for the canonical text, which URLs carry: let and windows are written out in it", () => {
    const steps = Array.from({ length: 100 }, (_, i) => `let x${i + 1} = (x${i} + green) * 2;`).join("");
    expect(refusal(`let x0 = red; ${steps} x100`)).toMatchObject({ code: "TOO_DEEP", from: 0 });
    const long = scopeOf([channel("n".repeat(300))]);
    expect(refusal(Array(100).fill("b1").join("+"), long)).toMatchObject({ code: "TOO_LONG" });
  });

  it("do not nest a long sum, in whatever order its names come", () => {
    const names = Array.from({ length: 60 }, (_, index) => channel(`c${String(99 - index)}`));
    const scope = scopeOf(names);
    const terms = [...names, ...names].map(({ name }) => name);
    const withConstants = terms.flatMap((name, index) => [name, `${index}`, `(${name} / 2)`]);
    for (const operator of ["+", "*", "&&", "-"]) {
      for (const list of [terms, withConstants]) {
        const { canonical } = complete(list.join(operator), scope);
        expect(complete(canonical, scope).canonical, operator).toBe(canonical);
      }
    }
  });

  it("allow what the design promises", () => {
    expect(DEFAULT_FORMULA_LIMITS).toEqual({
      length: 16_384,
      depth: 64,
      nodes: 1000,
      channels: 64,
      halo: 128,
      taps: 4000,
    });
    expect(diagnose(Array(490).fill("red").join("+"))).toEqual([]);
    expect(diagnose(`${"(".repeat(60)}red${")".repeat(60)}`)).toEqual([]);
  });
});

describe("arithmetic at its edges", () => {
  it.each([
    ["red / 0", 7],
    ["(red - red) / (red - red)", 7],
    ["log(0 * red)", 7],
    ["log(-red)", 7],
    ["sqrt(-red)", 7],
    ["(0 * red) ^ -1", 7],
    ["exp(1e6 * red)", 7],
    ["1e38 * 10 * red", 7],
    ["red % 0", 7],
    ["1 / -0", 7],
    ["red > 0 ? 1 : 0", Number.NaN],
    ["where(red, 1, 2)", Number.NaN],
    ["red && 1", Number.NaN],
    ["!red", Number.NaN],
    ["max(red, 1)", Number.NaN],
    ["clamp(red, 0, 1)", Number.NaN],
    ["red ^ 0", Number.NaN],
  ])("%s of %d is no data, never a number", (text, read) => {
    expect(numberOf(text, read)).toBeNaN();
  });

  it.each([
    ["(0 * red) ^ 0", 1],
    ["-7 % 3", -1],
    ["7 % -3", 1],
    ["red % 4", 3],
    ["-7.5 % 2", -1.5],
    ["round(2.5)", 2],
    ["round(-0.5)", -0],
    ["trunc(-1.7)", -1],
    ["1e400 > 1e38", 1],
    ["1e-400 + red", 7],
    ["-0", -0],
    ["coalesce(0/0, red)", 7],
    ["isnan(red / 0 - red / 0)", 1],
    ["where(0, 0/0, red)", 7],
    ["1 ? 2 : 0/0", 2],
    ["mix(10, 20, 0.25)", 12.5],
    ["sign(-3) + sign(0)", -1],
  ])("%s is %d", (text, value) => {
    expect(Object.is(numberOf(text), value), `${numberOf(text)}`).toBe(true);
  });

  it("does not wrap: 16-bit channels become floats before anything is calculated", () => {
    const scope = scopeOf([channel("B3", "uint16"), channel("B4", "uint16")]);
    const [difference, product] = checked("B3 - B4; B3 * B4", scope).outputs;
    const read = (index: number) => (index === 0 ? 1 : 65535);
    expect(difference && interpret(difference, read)).toEqual([-65534]);
    const large = (index: number) => (index === 0 ? 60000 : 65535);
    expect(product && interpret(product, large)).toEqual([Math.fround(60000 * 65535)]);
  });

  it("makes infinities transparent in the picture, not white or black", () => {
    for (const text of ["window(red / 0, 0, 1)", "window(-red / 0, 0, 1)", "window(log(red - 7), 0, 1)"]) {
      const { display } = complete(text);
      expect(display && interpretBytes(display, "rgba8", () => 7), text).toEqual([0, 0, 0, 0]);
    }
  });

  it("gives no data for a gamma that is not positive, and never leaves 0 … 1", () => {
    const { display } = complete("invert(gamma(window(red, 0, 10), green - 8))");
    if (!display) throw new Error("a shade is a picture");
    expect(interpret(display, (index) => (index === 0 ? 5 : 7))).toEqual([Number.NaN]);
    expect(interpret(display, (index) => (index === 0 ? 5 : 10))[0]).toBeCloseTo(1 - Math.SQRT1_2, 6);
  });
});

describe("checkFormula", () => {
  it("takes channels of every size and type as plain values: their sizes are the planner's matter", () => {
    expect(checkFormula("red / nir + heat", SCOPE).ok).toBe(true);
  });
});
