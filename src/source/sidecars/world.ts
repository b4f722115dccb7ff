import { finiteNumber } from "../tiff/metadata/xml.ts";
import type { Georeference } from "../types.ts";
import { unreadable } from "../unreadable.ts";

/** a, d, b, e, and x and y of the center of the first pixel: a line each. */
const NUMBERS = 6;

/** The place that a world file tells. SOURCE_UNREADABLE for what is none. Some locales write a comma. */
export function parseWorld(text: string): Georeference["affine"] {
  const numbers = text
    .trim()
    .split(/\s+/)
    .slice(0, NUMBERS)
    .map((one) => finiteNumber(one.replace(",", ".")));
  const [a, d, b, e, x, y] = numbers.map((one) => one ?? Number.NaN);
  if (a === undefined || d === undefined || b === undefined || e === undefined || x === undefined || y === undefined)
    throw unreadable("it has no six numbers");
  if (numbers.includes(null)) throw unreadable("it has other than numbers");
  if (a * e - b * d === 0) throw unreadable("its numbers give pixels no size");
  return [a, b, x - (a + b) / 2, d, e, y - (d + e) / 2];
}
