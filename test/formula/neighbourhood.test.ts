import { describe, expect, it } from "vitest";
import { interpret, mirrored, type Pitch, passAt, passHalo, perPixel, runPass } from "../../src/formula/index.ts";
import { canonical, channel, complete, refusal, scopeOf } from "./support.ts";

const IMAGE = scopeOf([channel("x", "float32", { nan: true }), channel("y", "uint8")]);
const WIDTH = 7;
const HEIGHT = 5;

/** What a formula gives of a picture of 7 × 5 pixels, pixel by pixel. */
function evaluated(text: string, value: (x: number, y: number) => number, pitch: Pitch = { x: 1, y: 1 }): number[][] {
  const [expr] = complete(`${text}; 0; 0; 0; 0`, IMAGE).values;
  if (!expr) throw new Error("There is no value.");
  return Array.from({ length: HEIGHT }, (_, y) =>
    Array.from({ length: WIDTH }, (_, x) => {
      const place = { x, y, width: WIDTH, height: HEIGHT, pitch };
      return interpret(expr, (_channel, _z, _t, atX, atY) => value(atX, atY), place)[0] ?? Number.NaN;
    }),
  );
}

const at = (planes: number[][], x: number, y: number) => planes[y]?.[x] ?? Number.NaN;
const spot = (x: number, y: number) => (x === 3 && y === 2 ? 1 : 0);

describe("a neighbourhood", () => {
  it("is mirrored at the edges, the outermost pixel included", () => {
    expect([-8, -2, -1, 0, 6, 7, 8, 14, 15].map((index) => mirrored(index, 7))).toEqual([6, 1, 0, 0, 6, 6, 5, 0, 1]);
    expect([-3, -1, 0, 1, 5].map((index) => mirrored(index, 1))).toEqual([0, 0, 0, 0, 0]);
  });

  it("blurred is scipy's gaussian_filter with truncate 3", () => {
    // scipy.ndimage.gaussian_filter(spot, 1, truncate=3), float64.
    const blurred = evaluated("blur(x, 1)", spot);
    expect(at(blurred, 3, 2)).toBeCloseTo(0.15924113, 6);
    expect(at(blurred, 2, 2)).toBeCloseTo(0.09658462, 6);
    expect(at(blurred, 2, 1)).toBeCloseTo(0.05858155, 6);
    const sum = evaluated("blur(x, 1)", () => 7).flat();
    for (const one of sum) expect(one).toBe(7);
  });

  it("is weighed row by row", () => {
    const moved = evaluated("conv(x, 0, 0, 0, 0, 0, 1, 0, 0, 0)", (x, y) => 10 * y + x);
    expect(at(moved, 2, 1)).toBe(13);
    expect(at(moved, 6, 1)).toBe(16);
    const sharp = evaluated("conv(x, 0, -1, 0, -1, 5, -1, 0, -1, 0)", spot);
    expect([at(sharp, 3, 2), at(sharp, 3, 1), at(sharp, 2, 1)]).toEqual([5, -1, 0]);
    expect(evaluated("laplace(x)", spot)[2]?.slice(2, 5)).toEqual([1, -4, 1]);
  });

  it("has its median", () => {
    expect(evaluated("median(x, 1)", spot).flat()).toEqual(new Array(35).fill(0));
    const rows = evaluated("median(x, 1)", (x, y) => 10 * y + x);
    expect(at(rows, 3, 2)).toBe(23);
    expect(at(rows, 0, 0)).toBe(1);
  });

  it("has edges, slopes, aspects and shades of a plane as geometry says", () => {
    const plane = (x: number, y: number) => 3 * x + 4 * y;
    const inside = (text: string, pitch?: Pitch) => at(evaluated(text, plane, pitch), 3, 2);
    expect([inside("gradx(x)"), inside("grady(x)")]).toEqual([3, 4]);
    expect([inside("gradx(x)", { x: 2, y: 8 }), inside("grady(x)", { x: 2, y: 8 })]).toEqual([1.5, 0.5]);
    expect(inside("sobel(x)")).toBe(40);
    expect(inside("slope(x)")).toBeCloseTo((Math.atan(5) * 180) / Math.PI, 4);
    expect(inside("slope(x, 5)")).toBeCloseTo(45, 4);
    // It falls to the left and up: north-west.
    expect(inside("aspect(x)")).toBeCloseTo(360 - (Math.atan2(3, 4) * 180) / Math.PI, 3);
    expect(
      at(
        evaluated("aspect(x)", () => 5),
        3,
        2,
      ),
    ).toBeNaN();
    const light = [
      Math.sin((315 * Math.PI) / 180) * Math.SQRT1_2,
      Math.cos((315 * Math.PI) / 180) * Math.SQRT1_2,
      Math.SQRT1_2,
    ];
    const normal = [-3, 4, 1].map((one) => one / Math.hypot(3, 4, 1));
    const shade = light.reduce((sum, one, index) => sum + one * (normal[index] ?? 0), 0);
    expect(inside("hillshade(x)")).toBeCloseTo(shade, 5);
    expect(
      at(
        evaluated("hillshade(x, 90, 30)", () => 5),
        3,
        2,
      ),
    ).toBeCloseTo(0.5, 6);
  });

  it("has lines of equal value", () => {
    const lines = evaluated("contour(x, 10)", (x) => 4 * x);
    expect(lines[2]).toEqual([0, 0, 1, 0, 1, 0, 0]);
  });

  it("is sharpened by what a blur takes away", () => {
    const [sharp, blurred] = [evaluated("sharpen(x, 2, 1)", spot), evaluated("blur(x, 1)", spot)];
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++)
        expect(at(sharp, x, y)).toBeCloseTo(spot(x, y) + 2 * (spot(x, y) - at(blurred, x, y)), 6);
  });

  it("leaves out neighbours without data, and raises the weights of the others", () => {
    const hole = (x: number, y: number) => (x === 3 && y === 2 ? Number.NaN : x === 0 ? Number.POSITIVE_INFINITY : 8);
    for (const text of ["blur(x, 1)", "median(x, 2)", "conv(x, 1, 1, 1, 1, 1, 1, 1, 1, 1) / 9"]) {
      const filled = evaluated(text, hole);
      expect(at(filled, 3, 2)).toBeNaN();
      expect(at(filled, 0, 2)).toBeNaN();
      expect(at(filled, 2, 2)).toBeCloseTo(8, 5);
      expect(at(filled, 1, 1)).toBeCloseTo(8, 5);
    }
    expect(at(evaluated("gradx(x)", hole), 2, 2)).toBe(0);
    expect(at(evaluated("conv(x, 0, 0, 0, 0, 0, 1, 0, 0, 0)", hole), 2, 2)).toBeNaN();
  });

  it("of a whole plane is what it is pixel by pixel", () => {
    const value = (x: number, y: number) =>
      (x * 31 + y * 17) % 11 === 0 ? Number.NaN : Math.sin(x * 12.9 + y * 78.2) * 50;
    for (const text of [
      "blur(x, 0.7)",
      "median(x, 2)",
      "conv(x, 1, -2, 3, 0, 5, 0, -1, 2, 4)",
      "gradx(x)",
      "grady(x)",
      "risex(x)",
      "risey(x)",
    ]) {
      const [expr] = complete(`${text}; 0; 0; 0; 0`, IMAGE).values;
      if (expr?.kind !== "call" || !expr.row.neighbourhood) throw new Error(`${text} is no neighbourhood.`);
      for (const pass of expr.row.neighbourhood(expr.args)) {
        const pitch = { x: 3, y: 0.5, ground: (row: number) => ({ x: 3 + row, y: 7 }) };
        const halo = passHalo(pass);
        const stride = WIDTH + 2 * halo.x;
        const padded = Float32Array.from({ length: stride * (HEIGHT + 2 * halo.y) }, (_, index) =>
          value(mirrored((index % stride) - halo.x, WIDTH), mirrored(Math.floor(index / stride) - halo.y, HEIGHT)),
        );
        const plane = runPass(pass, (y) => perPixel(pass, pitch, y), padded, { width: WIDTH, height: HEIGHT });
        const single = Float32Array.from({ length: WIDTH * HEIGHT }, (_, index) =>
          passAt(pass, perPixel(pass, pitch, Math.floor(index / WIDTH)), (dx, dy) =>
            Math.fround(value(mirrored((index % WIDTH) + dx, WIDTH), mirrored(Math.floor(index / WIDTH) + dy, HEIGHT))),
          ),
        );
        expect(plane).toEqual(single);
      }
    }
  });

  it("stands in the canonical text as it is written, or as what it is made of", () => {
    expect(canonical("blur(y, 2)", IMAGE)).toBe("window(blur(y, 2), 0, 255)");
    expect(canonical("window(laplace(y), 0, 1)", IMAGE)).toBe("window(conv(y, 0, 1, 0, 1, -4, 1, 0, 1, 0), 0, 1)");
    expect(canonical("window(sharpen(y), 0, 1)", IMAGE)).toBe("window(1 * (y - blur(y, 1)) + y, 0, 1)");
  });

  it.each([
    ["blur(x, 0)", /above 0, up to 16/],
    ["blur(x, 17)", /above 0, up to 16/],
    ["blur(x, x)", /plain number/],
    ["blur(3, 1)", /differs from pixel to pixel/],
    ["slope(1 + 2)", /differs from pixel to pixel/],
    ["median(x, 1.5)", /whole number from 1 to 4; for the median of the image write percentile/],
    ["conv(x, 1, 2, 3)", /9, 25 or 49 weights, and there are 3/],
    ["conv(x, 0, 0, 0, 0, 0, 0, 0, 0, 0)", /not 0/],
    ["conv(x, 1, 1, 1, 1, x, 1, 1, 1, 1)", /plain numbers/],
    ["hillshade(x, y)", /plain numbers/],
    ["contour(x, 0)", /above 0/],
    [
      Array.from({ length: 3 }, (_, index) => `median(x + ${index}, 4)`).join(" + "),
      /would read 4860 neighbours .* 4000 are allowed/,
    ],
    [Array.from({ length: 45 }, (_, index) => `blur(x, ${15 + index / 100})`).join(" + "), /neighbours/],
    ["blur(blur(blur(x, 16), 16), 16)", /reads 144 pixels beyond each side of a tile; 128 are allowed/],
  ])("is refused with what is wrong: %s", (text, message) => {
    expect(refusal(text, IMAGE).message).toMatch(message);
  });
});
