import { describe, expect, it } from "vitest";
import { interpret } from "../../src/formula/interpret.ts";
import { channel, complete, scopeOf } from "./support.ts";

const SCOPE = scopeOf([channel("x", "float32", { nan: true })]);

function at(text: string, x: number): number {
  return valuesOf(text)(x);
}

/** A formula as a function, read once. */
function valuesOf(text: string): (x: number) => number {
  const [expr] = complete(`${text}; 0; 0; 0; 0`, SCOPE).values;
  return (x) => (expr && interpret(expr, () => x)[0]) ?? Number.NaN;
}

/** Numbers of all sizes and both signs. */
const NUMBERS = [-1, 1].flatMap((sign) =>
  Array.from({ length: 400 }, (_, index) => Math.fround(sign * 2 ** (index / 5 - 40) * (1 + (index % 7) / 9))),
);
const UNIT = Array.from({ length: 401 }, (_, index) => Math.fround(index / 200 - 1));

/** Around 88.72, where e^x overflows, up to 89.41, where its half does. */
const FAR = [-1, 1].flatMap((sign) =>
  Array.from({ length: 60 }, (_, index) => Math.fround(sign * (88.5 + index / 65))),
);

/** Steps of float32 between two numbers near `expected`. */
function ulps(actual: number, expected: number): number {
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(expected), 2 ** -126)));
  return Math.abs(actual - expected) / 2 ** (exponent - 23);
}

describe("elementary functions", () => {
  it.each([
    ["expm1", Math.expm1, NUMBERS.filter((x) => x < 80 && x > -80), 1],
    ["log1p", Math.log1p, NUMBERS.filter((x) => x > -1), 1],
    ["asin", Math.asin, UNIT, 3],
    ["acos", Math.acos, UNIT, 3],
    ["atan", Math.atan, NUMBERS, 2],
    ["sinh", Math.sinh, [...NUMBERS.filter((x) => Math.abs(x) < 80), ...FAR], 3],
    ["cosh", Math.cosh, [...NUMBERS.filter((x) => Math.abs(x) < 80), ...FAR], 3],
    ["tanh", Math.tanh, NUMBERS, 3],
    ["asinh", Math.asinh, NUMBERS, 4],
    ["acosh", Math.acosh, NUMBERS.filter((x) => x >= 1), 4],
    ["atanh", Math.atanh, UNIT.filter((x) => Math.abs(x) < 1), 4],
  ] as const)("%s is within a few steps of float32 of the exact value", (name, exact, numbers, most) => {
    const value = valuesOf(`${name}(x)`);
    for (const x of numbers) expect(ulps(value(x), exact(x)), `${name}(${x})`).toBeLessThanOrEqual(most);
  });

  it.each([
    ["log1p(x)", -1, Number.NaN],
    ["log1p(x)", -2, Number.NaN],
    ["asin(x)", 1.5, Number.NaN],
    ["acos(x)", -1.0000002, Number.NaN],
    ["acosh(x)", 0.5, Number.NaN],
    ["atanh(x)", 2, Number.NaN],
    ["atanh(x)", 1, Number.NaN],
    ["exp(log1p(x))", -1, 0],
    ["tanh(x)", 1e30, 1],
    ["sinh(x)", 0, 0],
    ["step(2, x)", 2, 1],
    ["step(2, x)", 1.99, 0],
    ["smoothstep(0, 4, x)", 1, 0.15625],
    ["smoothstep(0, 4, x)", -3, 0],
    ["smoothstep(0, 4, x)", 9, 1],
    ["between(x, 1, 3)", 1, 1],
    ["between(x, 1, 3)", 3, 1],
    ["between(x, 1, 3)", 3.1, 0],
    ["between(x, 1, 3)", Number.NaN, Number.NaN],
    ["step(2, x)", Number.NaN, Number.NaN],
    ["smoothstep(0, 4, x)", Number.NaN, Number.NaN],
    ["smoothstep(0, 4, x)", Number.POSITIVE_INFINITY, 1],
    ["smoothstep(0, 4, x)", Number.NEGATIVE_INFINITY, 0],
    ["smoothstep(4, 0, x)", Number.POSITIVE_INFINITY, 0],
    ["smoothstep(0, x, x)", Number.POSITIVE_INFINITY, Number.NaN],
    ["cosh(x)", 89, Math.fround(2.2448064e38)],
    ["cosh(x)", -89, Math.fround(2.2448064e38)],
    ["sinh(x)", -89, -Math.fround(2.2448064e38)],
    ["cosh(x)", 89.5, Number.NaN],
    ["sinh(x)", Number.POSITIVE_INFINITY, Number.NaN],
    ["coalesce(1 / x, 7)", 0, 7],
    ["coalesce(-1 / x, 7)", 0, 7],
    ["coalesce(log(x), 7)", 0, 7],
    ["coalesce(log(x), 7)", -1, 7],
    ["coalesce(x, 7)", Number.POSITIVE_INFINITY, 7],
    ["coalesce(x / (x - x), 7)", 3, 7],
    ["coalesce(nan, x, 7)", 2, 2],
    ["isnan(1 / x)", 0, 1],
    ["isnan(log(x))", 0, 1],
    ["isnan(exp(x))", 100, 1],
    ["isnan(1 / x)", 4, 0],
    ["valid(1 / x)", 0, 0],
    ["valid(log(x))", 0, 0],
    ["valid(x)", Number.NEGATIVE_INFINITY, 0],
    ["valid(x)", -3e38, 1],
  ])("%s at %d is %d", (text, x, expected) => {
    expect(at(text, x)).toBe(expected);
  });

  it("are known by numexpr's names too", () => {
    for (const [ours, theirs] of [
      ["asin", "arcsin"],
      ["acos", "arccos"],
      ["atan", "arctan"],
      ["asinh", "arcsinh"],
      ["acosh", "arccosh"],
      ["atanh", "arctanh"],
    ])
      expect(complete(`${theirs}(x); 0; 0; 0; 0`, SCOPE).canonical).toBe(
        complete(`${ours}(x); 0; 0; 0; 0`, SCOPE).canonical,
      );
  });
});
