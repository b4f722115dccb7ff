import { describe, expect, it } from "vitest";
import { checked, diagnose, refusal, written } from "./support.ts";

describe("the binding of operators", () => {
  /** Left and right are the same expression. */
  const same = [
    ["red + green * blue", "red + (green * blue)"],
    ["red - green - blue", "(red - green) - blue"],
    ["red / green / blue", "(red / green) / blue"],
    ["red % green * blue", "(red % green) * blue"],
    ["red ^ green ^ blue", "red ^ (green ^ blue)"],
    ["red ** green ** blue", "red ^ (green ^ blue)"],
    ["-red ^ 2", "-(red ^ 2)"],
    ["red ^ -2", "red ^ (-2)"],
    ["red ^ -green ^ 2", "red ^ (-(green ^ 2))"],
    ["-red * green", "(-red) * green"],
    ["!red == green", "(!red) == green"],
    ["--red", "red"],
    ["red - -green", "red - (-green)"],
    ["red + green < blue * 2", "(red + green) < (blue * 2)"],
    ["red > 1 && green > 2 || blue > 3", "((red > 1) && (green > 2)) || (blue > 3)"],
    ["red || green && blue", "red || (green && blue)"],
    ["red == green && blue != red", "(red == green) && (blue != red)"],
    ["red ? green : blue ? red : green", "red ? green : (blue ? red : green)"],
    ["red > 1 ? green : blue + 1", "(red > 1) ? green : (blue + 1)"],
    ["red ? green ? 1 : 2 : 3", "red ? (green ? 1 : 2) : 3"],
  ] as const;

  it.each(same)("reads %s as %s", (plain, bracketed) => {
    expect(written(plain)).toBe(written(bracketed));
  });

  const different = [
    ["red - green - blue", "red - (green - blue)"],
    ["red / green * blue", "red / (green * blue)"],
    ["(red ^ green) ^ blue", "red ^ green ^ blue"],
    ["(-red) ^ 2", "-red ^ 2"],
    ["!(red == green)", "!red == green"],
    ["(red || green) && blue", "red || green && blue"],
    ["red ^ (!green)", "red ^ (-green)"],
  ] as const;

  it.each(different)("tells %s from %s", (one, other) => {
    expect(written(one)).not.toBe(written(other));
  });
});

describe("texts that are no formula", () => {
  const cases: readonly [text: string, code: string, from: number, to: number, message: RegExp][] = [
    ["", "EMPTY", 0, 0, /empty/],
    ["   ", "EMPTY", 0, 0, /empty/],
    ["/* only a remark */", "EMPTY", 0, 0, /empty/],
    ["// a remark", "UNEXPECTED_TOKEN", 0, 2, /a comment is written \/\* so \*\//],
    ["red // of a plate", "UNEXPECTED_TOKEN", 10, 11, /rounds down: a comment is written/],
    ["red +", "UNEXPECTED_TOKEN", 5, 5, /ends here/],
    ["(red", "UNEXPECTED_TOKEN", 0, 1, /never closed/],
    ["red))", "UNEXPECTED_TOKEN", 3, 4, /no \( that this \) would close/],
    ["()", "UNEXPECTED_TOKEN", 1, 2, /value is due/],
    ["red green", "UNEXPECTED_TOKEN", 0, 9, /operator missing between "red" and "green"/],
    ["2 red", "UNEXPECTED_TOKEN", 2, 5, /operator missing before "red"/],
    ["red (green)", "UNKNOWN_FUNCTION", 0, 3, /no function red/],
    ["1..2", "BAD_NUMBER", 0, 4, /1\.\.2/],
    ["0x", "BAD_NUMBER", 0, 2, /0x/],
    ["0x1F", "BAD_NUMBER", 0, 4, /0x1F/],
    ["1e", "BAD_NUMBER", 0, 2, /1e/],
    ["2red", "BAD_NUMBER", 0, 4, /\* between a number and a name/],
    ["1.5.2", "BAD_NUMBER", 0, 5, /one point/],
    ["+red", "UNEXPECTED_TOKEN", 0, 1, /no unary plus/],
    ["red = green", "UNEXPECTED_TOKEN", 4, 5, /==/],
    ["red < green < blue", "CHAINED_COMPARISON", 0, 13, /a < b && b < c/],
    ["red == green != blue", "CHAINED_COMPARISON", 0, 15, /do not chain/],
    ["red < green == blue", "CHAINED_COMPARISON", 0, 14, /do not chain/],
    ["red == green < blue", "CHAINED_COMPARISON", 7, 19, /do not chain/],
    ["red & green", "UNEXPECTED_TOKEN", 4, 5, /bitand\(red, green\); between conditions write &&/],
    ["red & 8", "UNEXPECTED_TOKEN", 4, 5, /On bits, & is written bitand\(red, 8\)\.$/],
    ["red >> 3", "UNEXPECTED_TOKEN", 4, 6, /shift\(red, -3\)/],
    ["red << 3", "UNEXPECTED_TOKEN", 4, 6, /shift\(red, 3\)/],
    ["red > 1 | green > 1", "UNEXPECTED_TOKEN", 8, 9, /write \|\|/],
    ["~red", "UNEXPECTED_TOKEN", 0, 1, /write !/],
    ["red ? green", "UNEXPECTED_TOKEN", 11, 11, /two results/],
    ["red; ; green", "UNEXPECTED_TOKEN", 5, 6, /value is due/],
    ["let d = red", "UNEXPECTED_TOKEN", 11, 11, /let ends with ;/],
    ["let d red; d", "UNEXPECTED_TOKEN", 6, 9, /=/],
    ["use a = image('b'); red", "UNKNOWN_IMAGE", 14, 17, /no image b here/],
    ["before.red", "UNKNOWN_IMAGE", 0, 6, /no image before here/],
    ["use a = red; a.red", "UNEXPECTED_TOKEN", 8, 11, /use gives a name to an image/],
    ["use a image('b'); red", "UNEXPECTED_TOKEN", 6, 11, /stands =/],
    ["image(b).red", "UNEXPECTED_TOKEN", 0, 7, /in quotes/],
    ["image('b', dx=-x).red", "BAD_NUMBER", 15, 16, /plain number/],
    ["image('b', dx=1", "UNEXPECTED_TOKEN", 5, 6, /never closed/],
    ["`red", "BAD_STRING", 0, 4, /never closed/],
    ['tint(red, "orange)', "BAD_STRING", 10, 18, /never closed/],
    ["red /* why", "UNEXPECTED_CHARACTER", 4, 6, /comment is never closed/],
    ["@", "UNEXPECTED_CHARACTER", 0, 1, /@3/],
    ["red # green", "UNEXPECTED_CHARACTER", 4, 5, /U\+0023/],
    ["red[3]", "UNEXPECTED_TOKEN", 4, 5, /chosen by its axis/],
    ["red[z=1.5]", "BAD_NUMBER", 6, 9, /whole number/],
    ["red[z=-1]", "BAD_NUMBER", 6, 7, /whole number/],
  ];

  it.each(cases)("refuses %j with %s at %i–%i", (text, code, from, to, message) => {
    const found = refusal(text);
    expect(found).toMatchObject({ severity: "error", code, from, to });
    expect(found.message).toMatch(message);
  });

  it("counts lines and columns from 1, at every kind of line end", () => {
    for (const [text, line, column] of [
      ["red +\n  green +\n  # blue", 3, 3],
      ["red +\r\n@", 2, 1],
      ["red\r+ #", 2, 3],
      ["/* 1\n2 */ ;", 2, 6],
    ] as const) {
      expect(refusal(text), JSON.stringify(text)).toMatchObject({ line, column });
    }
  });

  it("suggests a replacement that mends the text", () => {
    for (const text of [
      "(red + green",
      "red))",
      "+red",
      "red − green",
      "red = green",
      "red & green",
      "max(red, green",
    ]) {
      const [suggestion] = refusal(text).suggestions;
      if (!suggestion) throw new Error(`nothing is suggested for ${text}`);
      const { from, to, replacement } = suggestion;
      const mended = text.slice(0, from) + replacement + text.slice(to);
      // Two parentheses too many take two steps.
      expect(diagnose(mended === "red)" ? "red" : mended), mended).toEqual([]);
    }
  });

  it("names the plain character for one that only looks like it", () => {
    for (const [text, replacement] of [
      ["red − green", "-"],
      ["red × 2", "*"],
      ["red ≤ 2", "<="],
      ["（red）", "("],
      ["red\u00a0+ 2", " "],
      ["tint(red, “orange”)", '"'],
    ] as const) {
      expect(refusal(text).code, text).toBe("UNEXPECTED_CHARACTER");
      expect(refusal(text).suggestions[0]?.replacement, text).toBe(replacement);
    }
  });
});

describe("what other programs write", () => {
  const pasted = [
    ["(b2-b1)/(b2+b1)", "ndi(@2, @1)"],
    ["b1*2 + b2**2", "@1 * 2 + @2 ^ 2"],
    ["where(b1>0,b1,0)", "@1 > 0 ? @1 : 0"],
    ["where((b1>0)&(b2>0),b1,0)", "where(@1 > 0 && @2 > 0, @1, 0)"],
    ["where((b1>0)|~(b2>0),b1,0)", "where(@1 > 0 || !(@2 > 0), @1, 0)"],
    ["(b1>0) & (b2>0) & (b3>0)", "b1 > 0 && b2 > 0 && b3 > 0"],
    ["arctan2(b1,b2)", "atan2(b1, b2)"],
    ["maximum(b1,b2) - minimum(b1,b2)", "max(b1, b2) - min(b1, b2)"],
    ["absolute(b1-b2)", "abs(b1 - b2)"],
    ["rint(b1/3) + fix(b2/3)", "round(b1 / 3) + trunc(b2 / 3)"],
    ["power(b1,2)", "b1 ^ 2"],
    ["clip(b1,1,2)", "clamp(b1, 1, 2)"],
  ] as const;

  it.each(pasted)("takes %s as %s", (foreign, own) => {
    expect(written(foreign)).toBe(written(own));
  });

  it("takes b1;b2;b3 as a colour, with a ; behind the last or without", () => {
    expect(checked("b1;b2;b3").outputs).toHaveLength(3);
    expect(checked("b1; b2; b3;").outputs).toHaveLength(3);
    expect(checked("b1;b2;b3").display?.text).toBe(checked("rgb(b1, b2, b3)").display?.text);
  });
});
