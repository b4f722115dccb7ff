import { expect, it } from "vitest";
import { checked, complete } from "./support.ts";

it.each([
  "red == 41",
  "red > 40 && green < 3",
  "!(red > 40)",
  "classes(nir, 1: 'navy', 2: 'green')",
  "intervals(red, 0: '#000', 50: 'teal')",
  "bitand(nir, 8)",
  "bitand(nir, 8) != 0",
  "bit(nir, 3) * 255",
  "shift(nir, -8)",
  "valid(heat)",
  "between(red, 3, 9)",
  "red > percentile(red, 90)",
  "red == 1; red == 2; red == 3",
  "tint(red == 41, 'orange')",
  "where(red == 1, color('navy'), color('teal'))",
  "over(classes(red, 1: 'navy'), color('white'))",
  "let forest = red == 41; forest + 2 * (green == 3)",
])("pixels of %s are kinds or states", (text) => {
  expect(checked(text).categorical).toBe(true);
  expect(complete(text).categorical).toBe(true);
});

it.each([
  "red",
  "red * (green == 3)",
  "where(red == 41, red, 0)",
  "ramp(red, 0: 'black', 9: 'white')",
  "floor(red / 16)",
  "colormap(red, 'tab10')",
  "red > 3; green; blue",
  "over(classes(red, 1: 'navy'), gray(green))",
  "mean(red)",
  "3",
  "color('navy')",
])("pixels of %s are amounts", (text) => {
  expect(checked(text).categorical).toBe(false);
  expect(complete(text).categorical).toBe(false);
});
