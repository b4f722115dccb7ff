import { describe, expect, it } from "vitest";
import { interpret } from "../../src/formula/index.ts";
import { canonical, channel, checked, diagnose, refusal, scopeOf, written } from "./support.ts";

const SCOPE = scopeOf([
  channel("QA_PIXEL", "uint16"),
  channel("state", "int16"),
  channel("QC", "uint32"),
  channel("heat", "float32"),
]);
const MOST = 2 ** 24;

function resultOf(text: string, ...values: readonly number[]): number {
  const [output] = checked(text, SCOPE).outputs;
  return (output && interpret(output, (index) => values[index] ?? Number.NaN)[0]) ?? Number.NaN;
}

describe("operations on bits", () => {
  /** As numpy has them for int64. */
  it.each([
    ["bitand(QA_PIXEL, 8)", 21824, 0],
    ["bitand(QA_PIXEL, 8)", 22280, 8],
    ["bitand(QA_PIXEL, 12)", 65535, 12],
    ["bitor(QA_PIXEL, 8)", 21824, 21832],
    ["bitxor(QA_PIXEL, 65535)", 21824, 43711],
    ["shift(QA_PIXEL, -8)", 22280, 87],
    ["shift(QA_PIXEL, 3)", 22280, 178240],
    ["bitand(shift(QA_PIXEL, -8), 3)", 22280, 3],
    ["bit(QA_PIXEL, 3)", 22280, 1],
    ["bit(QA_PIXEL, 4)", 22280, 0],
    ["bit(QA_PIXEL, 14)", 22280, 1],
  ])("%s of %d is %d", (text, value, expected) => {
    expect(resultOf(text, value)).toBe(expected);
  });

  it("take negative numbers in two's complement", () => {
    expect(resultOf("bitand(state, 8)", 0, -1)).toBe(8);
    expect(resultOf("bitor(state, 8)", 0, -16)).toBe(-8);
    expect(resultOf("bitxor(state, -1)", 0, 5)).toBe(-6);
    expect(resultOf("shift(state, -1)", 0, -5)).toBe(-3);
    expect(resultOf("bit(state, 2)", 0, -5)).toBe(0);
    expect(resultOf("bit(state, 24)", 0, -5)).toBe(1);
  });

  it("are exact up to 2^24, and no data beyond and for fractions", () => {
    for (const x of [MOST, MOST - 1, MOST - 2, 8388609, -MOST, 1 - MOST]) {
      expect(resultOf("bitand(heat, 8388609)", 0, 0, 0, x), `${x}`).toBe(x & 8388609);
      expect(resultOf("bitxor(heat, heat)", 0, 0, 0, x), `${x}`).toBe(0);
      expect(resultOf("bit(heat, 0)", 0, 0, 0, x), `${x}`).toBe(x & 1);
      expect(resultOf("bit(heat, 24)", 0, 0, 0, x), `${x}`).toBe((x >> 24) & 1);
      expect(resultOf("shift(heat, 24)", 0, 0, 0, x), `${x}`).toBe(x * MOST);
    }
    for (const x of [MOST + 2, -MOST - 2, 1e30, 0.5, -2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const text of ["bitand(heat, 3)", "bitor(3, heat)", "bitxor(heat, 3)", "shift(heat, 1)", "bit(heat, 0)"])
        expect(resultOf(text, 0, 0, 0, x), `${text} of ${x}`).toBeNaN();
    }
  });

  it("take the number of a bit from a channel, and none where there is no such bit", () => {
    expect(resultOf("bit(QA_PIXEL, state)", 8, 3)).toBe(1);
    expect(resultOf("shift(QA_PIXEL, state)", 8, -2)).toBe(2);
    for (const n of [-1, 25, 0.5, Number.NaN]) expect(resultOf("bit(QA_PIXEL, heat)", 8, 0, 0, n), `${n}`).toBeNaN();
    for (const n of [-25, 25, 0.5, Number.NaN]) expect(resultOf("shift(QA_PIXEL, heat)", 8, 0, 0, n), `${n}`).toBeNaN();
  });

  it("are folded, ordered, and known by numpy's names", () => {
    expect(written("bitand(12, 10) + QA_PIXEL", SCOPE)).toBe("8 + QA_PIXEL");
    expect(written("bitand(QA_PIXEL, 8)", SCOPE)).toBe(written("bitwise_and(8, QA_PIXEL)", SCOPE));
    expect(canonical("bit(QA_PIXEL, 3)", SCOPE)).toBe("window(bit(QA_PIXEL, 3), 0, 1)");
  });

  it.each([
    ["bitand(QA_PIXEL, 12)", 0, 12],
    ["bitand(state, QA_PIXEL)", 0, 65535],
    ["bitand(state, state)", -MOST, MOST],
    ["bitor(QA_PIXEL, 3)", 0, 65535],
    ["bitxor(QA_PIXEL, 65536)", 0, 131071],
    ["bitxor(state, 1)", -2 * MOST, 2 * MOST],
    ["shift(QA_PIXEL, -8)", 0, 255],
    ["shift(state, 1)", -65536, 65534],
    ["bit(QC, 3)", 0, 1],
  ])("%s lies between %d and %d", (text, min, max) => {
    expect(checked(text, SCOPE).outputs[0]?.interval).toEqual({ min, max, nan: true });
  });

  it.each([
    ["bitand(QC, 1)", /no data where a number is beyond 16,777,216/],
    ["bitand(heat, 1)", /no data where a number is beyond 16,777,216/],
    ["bitand(QA_PIXEL, 33554432)", /no data where a number is beyond/],
    ["bit(QA_PIXEL / 8, 0)", /no data where a number has a fraction, as this one may have: floor/],
    ["bitand(QA_PIXEL, 0.5)", /has a fraction/],
    ["bit(QA_PIXEL, 25)", /n is no whole number from 0 to 24/],
    ["shift(QA_PIXEL, 0.5)", /n is no whole number from -24 to 24/],
  ])("%s is warned about: what may have no bits", (text, message) => {
    const warnings = diagnose(text, SCOPE).filter(({ from }) => from === 0);
    expect(warnings).toEqual([
      expect.objectContaining({
        ...{ severity: "warning", code: "PRECISION", to: text.length },
        message: expect.stringMatching(message),
      }),
    ]);
  });

  it.each([
    "bitand(QA_PIXEL, 8) != 0",
    "bit(state, 2)",
    "bitand(QA_PIXEL // 8, 3)",
    "bitand(floor(QA_PIXEL / 8), 3)",
    "bit(where(QA_PIXEL > 3, QA_PIXEL, 2 * state), 1)",
    "bit(clamp(floor(heat), 0, 255), 1)",
  ])("%s is not warned about", (text) => {
    expect(diagnose(text, SCOPE)).toEqual([]);
  });
});

describe("the quick fix of an operator on bits", () => {
  /** The text after the first fix, again and again until nothing is wrong. */
  function mended(text: string): string {
    const problem = diagnose(text, SCOPE).find(({ severity }) => severity === "error");
    if (!problem) return text;
    const [fix] = problem.suggestions;
    if (!fix) throw new Error(`nothing is suggested for ${text}: ${problem.message}`);
    return mended(text.slice(0, fix.from) + fix.replacement + text.slice(fix.to));
  }

  it.each([
    ["QA_PIXEL & 8", "bitand(QA_PIXEL, 8)"],
    ["8 & QA_PIXEL", "bitand(8, QA_PIXEL)"],
    ["(QA_PIXEL & 8) != 0", "(bitand(QA_PIXEL, 8)) != 0"],
    ["QA_PIXEL & 8 != 0", "bitand(QA_PIXEL, 8) != 0"],
    ["0 != QA_PIXEL & 8", "0 != bitand(QA_PIXEL, 8)"],
    ["QA_PIXEL & (8 + 4)", "bitand(QA_PIXEL, (8 + 4))"],
    ["(QA_PIXEL + 1) & 3 == 2", "bitand((QA_PIXEL + 1), 3) == 2"],
    ["QA_PIXEL & 8 | 4", "bitor(bitand(QA_PIXEL, 8), 4)"],
    ["QA_PIXEL & -8", "bitand(QA_PIXEL, -8)"],
    ["QA_PIXEL & (1 << 3)", "bitand(QA_PIXEL, (shift(1, 3)))"],
    ["(QA_PIXEL >> 8) & 3", "bitand((shift(QA_PIXEL, -8)), 3)"],
    ["@1 >> 3", "shift(@1, -3)"],
    ["QA_PIXEL & state", "bitand(QA_PIXEL, state)"],
    ["QA_PIXEL > 3 & state > 4", "QA_PIXEL > 3 && state > 4"],
    ["QA_PIXEL == 3 | state == 4", "QA_PIXEL == 3 || state == 4"],
  ])("turns %s into %s", (text, expected) => {
    expect(mended(text)).toBe(expected);
  });

  it.each(["QA_PIXEL & 8", "8 & QA_PIXEL", "QA_PIXEL | 8", "QA_PIXEL & 8 != 0", "state + 1 & 4", "state & 2 * 2"])(
    "of %s, beside a number, is never the logical operator",
    (text) => {
      for (const { replacement } of refusal(text, SCOPE).suggestions) expect(replacement).toMatch(/^bit(and|or)\(/);
      expect(refusal(text, SCOPE).suggestions).toHaveLength(1);
    },
  );

  it("is none where nobody can tell what is shifted, or for ~", () => {
    for (const text of ["state + 1 >> 3", "state >> 3 * 2", "(state) >> 3", "~state"])
      expect(refusal(text, SCOPE).suggestions, text).toEqual([]);
  });
});
