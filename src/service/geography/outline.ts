import type { Size } from "../../core/geometry.ts";
import type { Georeference } from "../../source/index.ts";

export type Affine = Georeference["affine"];

/** Smallest and largest coordinates in the image's own reference system, in its units. */
export interface Extent {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** Coordinates of a place that is told in full-resolution pixels from the top left corner of the image. */
export function place([a, b, c, d, e, f]: Affine, column: number, row: number): readonly [x: number, y: number] {
  return [a * column + b * row + c, d * column + e * row + f];
}

/** The pixel that lies at some coordinates; fractions are within it. */
export function pixelAt([a, b, c, d, e, f]: Affine, x: number, y: number): readonly [column: number, row: number] {
  const determinant = a * e - b * d;
  return [(e * (x - c) - b * (y - f)) / determinant, (a * (y - f) - d * (x - c)) / determinant];
}

/** An affine map takes corners to corners. */
export function extentOf(affine: Affine, size: Size): Extent {
  const corners = outline(affine, size, 1);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return { minX: Math.min(...xs), minY: Math.min(...ys), maxX: Math.max(...xs), maxY: Math.max(...ys) };
}

/** Coordinates round the image from its top left corner, `steps` to a side. */
export function outline(
  affine: Affine,
  { width, height }: Size,
  steps: number,
): readonly (readonly [number, number])[] {
  const along = Array.from({ length: steps }, (_, index) => index / steps);
  return [
    ...along.map((part) => place(affine, part * width, 0)),
    ...along.map((part) => place(affine, width, part * height)),
    ...along.map((part) => place(affine, (1 - part) * width, height)),
    ...along.map((part) => place(affine, 0, (1 - part) * height)),
  ];
}
