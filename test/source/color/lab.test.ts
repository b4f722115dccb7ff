import { describe, expect, it } from "vitest";
import type { DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { codes, colored, farthest, open, srgbOf } from "./support.ts";

describe("L*a*b*", () => {
  /** Of CIE 15 and IEC 61966-2-1, by way of D50 and Bradford. */
  function srgbOfLab(lightness: number, a: number, b: number): readonly number[] {
    const y = (lightness + 16) / 116;
    const back = (t: number) => (t > 6 / 29 ? t ** 3 : ((3 * (6 / 29) ** 2 * (t - 4 / 29)) as number));
    const [X, Y, Z] = [0.9642 * back(y + a / 500), back(y), 0.8249 * back(y - b / 200)];
    const linear = [
      3.1338561 * X - 1.6168667 * Y - 0.4906146 * Z,
      -0.9787684 * X + 1.9161415 * Y + 0.033454 * Z,
      0.0719453 * X - 0.2289914 * Y + 1.4052427 * Z,
    ];
    const code = (v: number) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
    return linear.map((v) => 255 * Math.min(1, Math.max(0, code(Math.min(1, Math.max(0, v))))));
  }

  /** Within sRGB: what lies outside is cut by each engine in its own way. */
  const LAB = [
    [0, 0, 0],
    [50, 0, 0],
    [100, 0, 0],
    [60, 40, -20],
    [60, -35, 25],
    [40, 30, 30],
    [75, 5, -25],
  ] as const;
  const IMAGE_OF_LAB: DirectorySpec = { width: LAB.length, height: 1, samples: 3 };

  const bits = (value: number, size: number) => ((Math.round(value) % size) + size) % size;
  it.each<[string, number, "uint8" | "uint16", (value: number, component: number) => number]>([
    ["TIFF's own of 8 bits", 8, "uint8", (v, c) => (c === 0 ? (v * 255) / 100 : bits(v, 256))],
    ["TIFF's own of 16 bits", 8, "uint16", (v, c) => (c === 0 ? (v * 65_535) / 100 : bits(v * 256, 65_536))],
    ["the ICC's of 8 bits", 9, "uint8", (v, c) => (c === 0 ? (v * 255) / 100 : v + 128)],
    ["the ICC's of 16 bits", 9, "uint16", (v, c) => (c === 0 ? (v * 65_280) / 100 : (v + 128) * 256)],
  ])("is shown in sRGB: %s", async (_, photometric, type, code) => {
    const value: DirectorySpec["value"] = (x, _y, component) => Math.round(code(LAB[x]?.[component] ?? 0, component));
    const source = await open(colored({ ...IMAGE_OF_LAB, type, value }, photometric, null));
    const found = await srgbOf(source);
    const expected = [0, 1, 2].map((at) => LAB.map(([l, a, b]) => srgbOfLab(l, a, b)[at] ?? 0));
    expect(farthest(found, expected)).toBeLessThanOrEqual(type === "uint8" ? 2 : 1);
    expect(codes(source)).toEqual(["COLORS_CONVERTED"]);
  });
});
