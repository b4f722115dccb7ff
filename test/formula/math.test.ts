import { describe, expect, it } from "vitest";
import * as math from "../../src/formula/math/index.ts";
import { numberOps as ops } from "../../src/formula/ops-number.ts";
import { effort } from "../fixtures/effort.ts";

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Number of float32 steps between two results; NaN equals NaN, zeros are equal. */
function ulps(actual: number, expected: number): number {
  if (Number.isNaN(actual) && Number.isNaN(expected)) return 0;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Number.POSITIVE_INFINITY;
  return Math.abs(ordinal(actual) - ordinal(expected));
}

function ordinal(value: number): number {
  float[0] = value;
  const n = bits[0] as number;
  return n < 0 ? -(n & 0x7fffffff) : n;
}

const DENSE = effort(50_001, 200_001);

const EDGES = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  2.5,
  -2.5,
  1e-45,
  -1e-45,
  1.1754943508222875e-38,
  -1.1754943508222875e-38,
  1e-40,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  16777215,
  16777216,
  -16777215,
  88.7,
  -103.9,
  128,
  -149,
  -150,
  0.99999994,
  1.0000001,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
].map(Math.fround);

/** Floats spread over all exponents and both signs, the same in every run. */
function spread(count: number): number[] {
  const values: number[] = [];
  let state = 12345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bits[0] = state ^ (state >>> 15);
    values.push(float[0] as number);
  }
  return values;
}

function dense(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(from + ((to - from) * i) / (count - 1)));
}

/** The worst error, and the share of results that are not the float nearest to the true value. */
function measure(inputs: readonly number[], actual: (x: number) => number, expected: (x: number) => number) {
  let worst = 0;
  let where = Number.NaN;
  let wrong = 0;
  for (const x of inputs) {
    const error = ulps(actual(x), Math.fround(expected(x)));
    if (error > 0) wrong++;
    if (error > worst) [worst, where] = [error, x];
  }
  return { worst, where, wrongShare: wrong / inputs.length };
}

/** One float in a thousand may be the second nearest. */
const ROUNDED_WRONG = 1e-3;

const UNARY = [
  { name: "exp", actual: math.exp, expected: Math.exp, inputs: [...dense(-104, 89, DENSE), ...dense(-1, 1, 50_001)] },
  {
    name: "log",
    actual: math.log,
    expected: Math.log,
    inputs: [...dense(0.4, 2.5, DENSE), ...dense(0, 1e6, 50_001)],
  },
  {
    name: "log2",
    actual: math.log2,
    expected: Math.log2,
    inputs: [...dense(0.4, 2.5, DENSE), ...dense(0, 1e6, 50_001)],
  },
  {
    name: "log10",
    actual: math.log10,
    expected: Math.log10,
    inputs: [...dense(0.4, 2.5, DENSE), ...dense(0, 1e6, 50_001)],
  },
  {
    name: "sin",
    actual: math.sin,
    expected: Math.sin,
    inputs: [...dense(-7, 7, DENSE), ...dense(-8192, 8192, 100_001)],
  },
  {
    name: "cos",
    actual: math.cos,
    expected: Math.cos,
    inputs: [...dense(-7, 7, DENSE), ...dense(-8192, 8192, 100_001)],
  },
  {
    name: "tan",
    actual: math.tan,
    expected: Math.tan,
    inputs: [...dense(-7, 7, DENSE), ...dense(-8192, 8192, 100_001)],
  },
] as const;

describe.each(UNARY)("$name", ({ name, actual, expected, inputs }) => {
  const trigonometric = name === "sin" || name === "cos" || name === "tan";

  it("is within 1 ulp of float64's result, and nearly always the nearest float", () => {
    const all = [...inputs, ...spread(DENSE).filter((x) => !trigonometric || Math.abs(x) <= 8192), ...EDGES];
    const usable = all.filter((x) => !trigonometric || !(Math.abs(x) > 8192 && Math.abs(x) < Number.POSITIVE_INFINITY));
    const { worst, where, wrongShare } = measure(usable, (x) => actual(ops, x), expected);
    expect(worst, `at ${where}`).toBeLessThanOrEqual(1);
    expect(wrongShare).toBeLessThan(ROUNDED_WRONG);
  });

  it("gives the sign of zero, the infinities and NaN that C99 gives", () => {
    for (const x of [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      expect(Object.is(actual(ops, x), Math.fround(expected(x))), `${name}(${x})`).toBe(true);
    }
  });
});

describe("trigonometry of huge arguments", () => {
  it("stays finite and within the functions' range", () => {
    const inside = spread(50_000)
      .filter((x) => Number.isFinite(x))
      .every(
        (x) => Math.abs(math.sin(ops, x)) <= 1 && Math.abs(math.cos(ops, x)) <= 1 && Number.isFinite(math.tan(ops, x)),
      );
    expect(inside).toBe(true);
  });
});

describe("logarithms", () => {
  it("are exact at the powers of their base", () => {
    for (let k = -149; k <= 127; k++) expect(math.log2(ops, 2 ** k)).toBe(k);
    for (let k = 0; k <= 10; k++) expect(math.log10(ops, 10 ** k)).toBe(k);
  });
});

/** C99's pow: JavaScript's differs where 1 or −1 meets infinity or NaN. */
function c99Pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1;
  return x ** y;
}

describe("pow", () => {
  it("answers every pair of edge values as C99 does", () => {
    for (const x of EDGES) {
      for (const y of EDGES) {
        const [actual, expected] = [math.pow(ops, x, y), Math.fround(c99Pow(x, y))];
        expect(ulps(actual, expected), `pow(${x}, ${y}) is ${actual}, not ${expected}`).toBeLessThanOrEqual(1);
        if (expected === 0) expect(Object.is(actual, expected), `sign of pow(${x}, ${y})`).toBe(true);
      }
    }
  });

  it("is within 1 ulp over bases and exponents of all sizes", () => {
    const bases = [...dense(0.01, 4, 2001), ...spread(500)];
    const exponents = [...dense(-20, 20, 101), ...spread(20)];
    for (const y of exponents) {
      const { worst, where, wrongShare } = measure(
        bases,
        (x) => math.pow(ops, x, y),
        (x) => c99Pow(x, y),
      );
      expect(worst, `pow(${where}, ${y})`).toBeLessThanOrEqual(1);
      expect(wrongShare).toBeLessThan(0.01);
    }
  });
});

describe("atan2", () => {
  it("answers every pair of edge values as C99 does, signs of zeros included", () => {
    for (const y of EDGES) {
      for (const x of EDGES) {
        const [actual, expected] = [math.atan2(ops, y, x), Math.fround(Math.atan2(y, x))];
        expect(ulps(actual, expected), `atan2(${y}, ${x}) is ${actual}, not ${expected}`).toBeLessThanOrEqual(1);
        if (expected === 0) expect(Object.is(actual, expected), `sign of atan2(${y}, ${x})`).toBe(true);
      }
    }
  });

  it("is within 1 ulp all around", () => {
    const points = spread(20_000);
    for (const x of [1, -1, 1e-3, 250, -7.5]) {
      const { worst, where, wrongShare } = measure(
        [...dense(-4, 4, 20_001), ...points],
        (y) => math.atan2(ops, y, Math.fround(x)),
        (y) => Math.atan2(y, Math.fround(x)),
      );
      expect(worst, `atan2(${where}, ${x})`).toBeLessThanOrEqual(1);
      expect(wrongShare).toBeLessThan(ROUNDED_WRONG);
    }
  });
});

describe("hypot", () => {
  it("neither overflows nor loses small legs, and keeps NaN even beside infinity", () => {
    expect(math.hypot(ops, 3, 4)).toBe(5);
    expect(math.hypot(ops, Math.fround(2e38), Math.fround(2e38))).toBe(
      Math.fround(Math.hypot(Math.fround(2e38), Math.fround(2e38))),
    );
    expect(math.hypot(ops, Math.fround(1e-44), 0)).toBe(Math.fround(1e-44));
    expect(math.hypot(ops, Number.NEGATIVE_INFINITY, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(math.hypot(ops, Number.POSITIVE_INFINITY, Number.NaN)).toBeNaN();
    const points = spread(2000);
    for (const x of points.slice(0, 50)) {
      const { worst } = measure(
        points.filter((y) => !Number.isNaN(y + x)),
        (y) => math.hypot(ops, x, y),
        (y) => Math.hypot(x, y),
      );
      expect(worst).toBeLessThanOrEqual(1);
    }
  });
});
