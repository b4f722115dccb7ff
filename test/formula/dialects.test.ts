import { describe, expect, it } from "vitest";
import { BandloomError } from "../../src/core/errors.ts";
import { checkFormula, type Dialect, interpret, translate } from "../../src/formula/index.ts";
import { channel, complete, scopeOf } from "./support.ts";

const SCOPE = scopeOf([..."abcdefghij"].map((name) => channel(`${name} ${name}`, "uint16")));

/** What another server is told, and what that is here. */
const TRANSLATIONS: readonly (readonly [Dialect, string, string])[] = [
  ["rio-tiler", "(b2-b1)/(b2+b1)", "(@2-@1)/(@2+@1)"],
  ["rio-tiler", "b1;b2; b3;", "@1; @2; @3"],
  ["rio-tiler", "where(b1>0,b1,0)", "where(@1>0,@1,0)"],
  [
    "rio-tiler",
    "where((b1 > 0) & (b2 < 3), b1 ** 2, arctan2(b1, b2))",
    "where((@1 > 0) & (@2 < 3), @1 ** 2, arctan2(@1, @2))",
  ],
  ["rio-tiler", "b1//2", "@1//2"],
  ["rio-tiler", "where((b1 & 8) != 0, b2, 0)", "where((bitand(@1, 8)) != 0, @2, 0)"],
  ["rio-tiler", "(b1 >> 3) & b2", "bitand((shift(@1, -3)), @2)"],
  ["gdal", "A//3 + numpy.floor_divide(B, A+1)", "@1//3 + ((@2) // (@1+1))"],
  ["gdal", "numpy.right_shift(A, 8) & 3", "bitand(shift(@1, -(8)), 3)"],
  ["gdal", "bitwise_and(A, 8) == 0", "bitwise_and(@1, 8) == 0"],
  ["gdal", "A*~(B==3)", "@1*~(@2==3)"],
  ["gdal", "numpy.invert(A > 3)", "~(@1 > 3)"],
  ["gdal", "numpy.fmod(A, 3)", "((@1) % (3))"],
  ["gdal", "(A-B)/(A+B)", "(@1-@2)/(@1+@2)"],
  ["gdal", "(A.astype(float)-B)/(A.astype(numpy.float32)+B)", "(@1-@2)/(@1+@2)"],
  ["gdal", "numpy.where(A > 0, numpy.sqrt(C), 0)", "where(@1 > 0, sqrt(@3), 0)"],
  ["gdal", "A*(A>3)", "@1*(@1>3)"],
  ["gdal", "logical_and(A>100,logical_or(A<150,B==2))", "((@1>100) && (((@1<150) || (@2==2))))"],
  [
    "omero",
    "c=1|100:600$FF0000,2|0:255$00FF00,-3|0:1$0000FF&m=c",
    'add(tint(window(@1, 100, 600), "#ff0000"), tint(window(@2, 0, 255), "#00ff00"))',
  ],
  ["omero", "1|0:100r$cool.lut", 'colormap(invert(window(@1, 0, 100)), "cool")'],
  ["omero", "https://x/render?c=2|5:9$FFFFFF,3|0:1$F00&m=g", "gray(window(@2, 5, 9))"],
  [
    "iip",
    "FIF=a.tif&MINMAX=1:0,4000&GAM=0.5&JTL=1,2",
    "clamp((window(@1, 0, 4000)) ^ 0.5, 0, 1); clamp((window(@2, 0, 255)) ^ 0.5, 0, 1); clamp((window(@3, 0, 255)) ^ 0.5, 0, 1)",
  ],
  [
    "iip",
    "CTW=[0,0,1;0,0.5,0.5;1,0,0]",
    "window(@3, 0, 255); clamp(0.5 * window(@2, 0, 255) + 0.5 * window(@3, 0, 255), 0, 1); window(@1, 0, 255)",
  ],
  ["iip", "MINMAX=1:10,20&INV&CMP=JET", 'colormap(invert(window(@1, 10, 20)), "jet")'],
  ["large-image", '{"band": 2, "min": 0, "max": 100}', "gray(window(@2, 0, 100))"],
  [
    "large-image",
    '{"bands": [{"band": 1, "min": 5, "max": 10, "palette": "#f00"}, {"band": 3, "palette": ["#000", "lime"]}]}',
    'lighten(tint(window(@1, 5, 10), "#ff0000"), tint(@3, "#00ff00"))',
  ],
  [
    "large-image",
    '{"band": 1, "min": 0, "max": 100, "palette": ["#fff", "#f00", "#000"]}',
    'ramp(@1, 0: "#ffffff", 50: "#ff0000", 100: "#000000")',
  ],
];

describe("a formula of another server", () => {
  it.each(TRANSLATIONS)("%s: %s", (dialect, text, ours) => {
    expect(translate(dialect, text)).toBe(ours);
    const result = checkFormula(ours, SCOPE);
    expect(result.ok ? [] : result.diagnostics.map(({ message }) => message)).toEqual([]);
  });

  it.each<[Dialect, string, RegExp]>([
    ["omero", "c=x|0:1", /"x\|0:1" is no channel/],
    ["omero", "c=-1|0:1$FF0000", /shows no channel/],
    ["omero", "c=1|0:1$nothing.lut", /no colormap "nothing.lut"/],
    ["omero", "c=0|0:1$FF0000", /numbered from 1/],
    ["iip", "CMP=COLD", /COLD is iipsrv's own/],
    ["iip", "SHD=1,2", /SHD is no command about colours/],
    ["iip", "CTW=[1,a]", /"a" is none/],
    ["gdal", "A.mean()", /method of an array/],
    ["gdal", "logical_and(A)", /takes two arguments/],
    ["gdal", "logical_and(A, B", /never closed/],
    ["large-image", "{", /no JSON/],
    ["large-image", '{"band": -1}', /no style of large_image/],
    ["large-image", '{"band": 1, "palette": ["#f00", "#0f0", "#00f"]}', /needs min and max/],
    ["rio-tiler", " ; ", /empty/],
    ["rio-tiler", "~b1", /turns the bits of a number/],
    ["rio-tiler", "b1 ^ b2", /exclusive or of bits/],
    ["gdal", "A * ~B", /turns the bits of a number/],
    ["gdal", "A ^ 2", /exclusive or of bits/],
    ["gdal", `A${" % A".repeat(20)}`, /within each other/],
  ])("%s: %s is refused with the part that is meant", (dialect, text, message) => {
    const attempt = () => translate(dialect, text);
    expect(attempt).toThrow(BandloomError);
    expect(attempt).toThrow(message);
  });

  /** What numpy gives for A = −7, B = 2, C = 5.5. */
  it.each([
    ["A % 3", 2],
    ["A % -3", -1],
    ["-A % -3", -2],
    ["C % B", 1.5],
    ["2 * A % 5 + 1", 2],
    ["10 + A % 4 % 3", 11],
    ["B * (A + 1) % (B + 3)", 3],
    ["where(A % 2 == 1, B, C) * 2", 4],
    ["(A) % (B) ** 2", 1],
    ["numpy.mod(A, 3)", 2],
    ["numpy.remainder(A % 4, B)", 1],
    ["numpy.fmod(A, 3)", -1],
    ["numpy.mod(numpy.fmod(A, 3), 3) + A % 3", 4],
  ])("gdal's %s is %d, as numpy's remainders are", (text, expected) => {
    const scope = scopeOf(["x", "y", "z"].map((name) => channel(name, "float32")));
    const [expr] = complete(`${translate("gdal", text)}; 0; 0; 0; 0`, scope).values;
    expect(expr && interpret(expr, (index) => [-7, 2, 5.5][index] ?? 0)[0]).toBe(expected);
  });

  /** Operators that numexpr documents, with the numbers that it gives for b1 = 7, b2 = 2, b3 = 0.5, in float64. */
  it.each([
    ["b1 + b2 * b3", 8],
    ["b1 - b2 - b3", 4.5],
    ["b1 / b2", 3.5],
    ["b1 % b2", 1],
    ["b1 // b2", 3],
    ["b2 - 1 - b1 // b2", -2],
    ["b1 ** b2", 49],
    ["-b1", -7],
    ["b1 > b2", 1],
    ["b1 <= b2", 0],
    ["(b1 > b2) & (b2 > b3)", 1],
    ["(b1 < b2) | (b2 < b3)", 0],
    ["~(b1 < b2)", 1],
    ["where(b1 == 7, b2, b3)", 2],
    ["sqrt(b2)", Math.SQRT2],
    ["arctan2(b1, b2)", Math.atan2(7, 2)],
    ["arcsin(b3)", Math.asin(0.5)],
    ["arccosh(b1)", Math.acosh(7)],
    ["log10(b1)", Math.log10(7)],
    ["log1p(b3)", Math.log1p(0.5)],
    ["expm1(b3)", Math.expm1(0.5)],
    ["exp(b3)", Math.exp(0.5)],
    ["tanh(b3)", Math.tanh(0.5)],
    ["floor(b1 / b2)", 3],
    ["ceil(b3)", 1],
    ["abs(b2 - b1)", 5],
    ["minimum(b1, b2)", 2],
    ["maximum(b1, b2)", 7],
    ["(b1 - b2) / (b1 + b2 + 0.5) * 1.5", 0.7894736842105263],
  ])("rio-tiler's %s runs unchanged and is %d", (text, expected) => {
    const scope = scopeOf(["x", "y", "z"].map((name) => channel(name, "float32")));
    for (const source of [text, translate("rio-tiler", text)]) {
      const [expr] = complete(`${source}; 0; 0; 0; 0`, scope).values;
      const value = expr && interpret(expr, (index) => [7, 2, 0.5][index] ?? 0)[0];
      expect(value).toBeCloseTo(expected, 5);
    }
  });
});
