import { describe, expect, it } from "vitest";
import { interpretBytes } from "../../src/formula/index.ts";
import { canonical, channel, complete, scopeOf } from "./support.ts";

const TRANSPARENT = scopeOf([
  channel("red", "uint8", { nan: true }),
  channel("green", "uint8", { nan: true }),
  channel("blue", "uint8", { nan: true }),
  channel("alpha", "uint8", { alpha: true }),
  channel("nir", "uint16", { nan: true }),
]);

const PIXEL = [200, 100, 50, 51, 7];

/** Red, green, blue and alpha that a formula shows of the pixel. */
function shown(text: string, scope = TRANSPARENT, pixel = PIXEL): readonly number[] {
  const { display } = complete(text, scope);
  if (!display) throw new Error(`${text} makes no picture.`);
  return interpretBytes(display, "rgba8", (index) => pixel[index] ?? Number.NaN);
}

describe("a picture of an image with an alpha", () => {
  it.each([
    ["red; green; blue", [200, 100, 50, 51]],
    ["red", [200, 200, 200, 51]],
    ["window(red + green, 0, 300)", [255, 255, 255, 51]],
    ['tint(red, "#ff0000")', [200, 0, 0, 51]],
    ["rgba(red, green, blue, 0.5)", [200, 100, 50, 26]],
    ["opacity(rgb(red, green, blue), window(nir, 0, 14))", [200, 100, 50, 26]],
  ])("is as opaque as that says: %s", (text, wanted) => {
    expect(shown(text)).toEqual(wanted);
  });

  it.each([
    ["red; green; blue; alpha", [200, 100, 50, 51]],
    ["rgb(alpha, green, blue)", [51, 100, 50, 255]],
    ['colour("#102030")', [16, 32, 48, 255]],
  ])("is as its formula says that reads the alpha itself, or nothing of the image: %s", (text, wanted) => {
    expect(shown(text)).toEqual(wanted);
  });

  it("has the text and the numbers of any other", () => {
    const without = scopeOf(TRANSPARENT.channels.map((one) => ({ ...one, alpha: false })));
    for (const text of ["red; green; blue", "red + nir"]) {
      expect(canonical(text, TRANSPARENT)).toBe(canonical(text, without));
      expect(complete(text, TRANSPARENT).values.map((one) => one.text)).toEqual(
        complete(text, without).values.map((one) => one.text),
      );
    }
  });

  it.each([
    ["uint16", 65_535, 128],
    ["int16", 32_767, 128],
    ["float32", 1, 128],
  ] as const)("counts opacity up to what its type holds: %s", (type, full, wanted) => {
    const scope = scopeOf([channel("red"), channel("alpha", type, { alpha: true })]);
    expect(shown("window(red, 0, 255)", scope, [200, full * 0.502])).toEqual([200, 200, 200, wanted]);
  });

  it("follows the plane that is shown", () => {
    const stack = scopeOf([channel("red"), channel("alpha", "uint8", { alpha: true })], { depth: 3 });
    const { display } = complete("red[z=2]", stack);
    expect(display?.text).toContain("alpha[z=2]");
  });

  it("is opaque where several alphas say something", () => {
    const two = scopeOf([
      channel("red"),
      channel("a", "uint8", { alpha: true }),
      channel("b", "uint8", { alpha: true }),
    ]);
    expect(shown("window(red, 0, 255)", two, [200, 9, 9])).toEqual([200, 200, 200, 255]);
  });
});
