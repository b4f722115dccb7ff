import { expect, it } from "vitest";
import { interpret } from "../../src/formula/index.ts";
import { canonical, channel, checked, refusal, scopeOf, written } from "./support.ts";

const SCOPE = scopeOf([channel("b1", "uint16"), channel("x", "float32"), channel("y", "float32")]);

function resultOf(text: string, ...values: readonly number[]): number {
  const [output] = checked(text, SCOPE).outputs;
  return (output && interpret(output, (index) => Math.fround(values[index] ?? 0))[0]) ?? Number.NaN;
}

/** As Python has it for the same float32 numbers. */
it.each([
  [3101, 2, 1550],
  [-7, 2, -4],
  [7, -2, -4],
  [-7, -2, 3],
  [7.5, 2, 3],
  [-0.5, 4, -1],
  [0, 5, 0],
  // The quotient is just below 10, and 10 when it is rounded to float32.
  [1, 0.1, 9],
  [0.3, 0.1, 3],
  [6, 0.1, 59],
  [1e-30, -1e30, -1],
  [16777216, 3, 5592405],
  [3e38, 1, Math.fround(3e38)],
])("%d // %d is %d", (a, b, expected) => {
  expect(resultOf("x // y", 0, a, b)).toBe(expected);
});

it("by zero is no data", () => {
  expect(resultOf("x // 0", 0, 5)).toBeNaN();
  expect(resultOf("x // x", 0, 0)).toBeNaN();
});

it("binds as / does, to the left, and stands in the canonical text", () => {
  expect(written("b1//2", SCOPE)).toBe("b1 // 2");
  expect(written("b1 // x // 2", SCOPE)).toBe("b1 // x // 2");
  expect(written("b1 // (x // 2)", SCOPE)).toBe("b1 // (x // 2)");
  expect(written("b1 * x // 2 / y", SCOPE)).toBe("b1 * x // 2 / y");
  expect(written("-b1 // 2 + 1", SCOPE)).toBe("1 + -b1 // 2");
  expect(written("7 // 2 * b1", SCOPE)).toBe("3 * b1");
  expect(canonical("b1//2", SCOPE)).toBe("window(b1 // 2, 10, 20)");
  expect(canonical(canonical("b1//2", SCOPE), SCOPE)).toBe(canonical("b1//2", SCOPE));
});

it.each([
  ["b1 // 2", 0, 32767, false],
  ["(b1 - 3) // 4", -1, 16383, false],
  ["b1 // -7", -9363, 0, false],
  ["b1 // x", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, true],
])("%s lies between %d and %d", (text, min, max, nan) => {
  const interval = checked(text, SCOPE).outputs[0]?.interval;
  expect({ ...interval, min: (interval?.min ?? 0) + 0, max: (interval?.max ?? 0) + 0 }).toEqual({ min, max, nan });
});

it("is no comment: those stand between /* and */", () => {
  expect(written("b1 /* the first // of all */ // 2 /* lines\n */", SCOPE)).toBe("b1 // 2");
  expect(refusal("b1 // the first", SCOPE).message).toMatch(/a comment is written \/\* so \*\//);
  expect(refusal("b1 +\n// the first\nx", SCOPE).message).toMatch(/a comment is written \/\* so \*\//);
});
