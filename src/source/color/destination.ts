/** CIE XYZ, where white has Y = 1. */
export type Xyz = readonly [x: number, y: number, z: number];

/** White of what profiles connect by (ICC.1:2022, section 7.2.16). */
const D50: Xyz = [0.9642, 1, 0.8249];
/** Full red, green and blue of sRGB, adapted to D50. */
const SRGB: Matrix = [
  [0.43607, 0.22249, 0.01392],
  [0.38515, 0.71687, 0.09708],
  [0.14307, 0.06061, 0.7141],
];
/** IEC 61966-2-1: a power behind a short line. */
const [POWER, OFFSET, SLOPE, BEND] = [2.4, 0.055, 12.92, 0.04045];
/** Of version 2: perceptual intent compensates nothing by itself, as that of version 4 would. */
const VERSION = 0x02400000;
const HEADER_BYTES = 128;
const TAG_BYTES = 12;
const UNIT = 65_536;
const MOST = 65_535;
/** Cube root of Y, where L* = 116 × it − 16. */
const LIGHTEST_BLACK = (50 + 16) / 116;

/** Columns. */
type Matrix = readonly [Xyz, Xyz, Xyz];
type Curves = readonly [Buffer, Buffer, Buffer];

/** Of a device whose three numbers of 16 bits are X, Y and Z as parts of those of white. */
export const MEASURE = matrixProfile(
  [
    [D50[0], 0, 0],
    [0, D50[1], 0],
    [0, 0, D50[2]],
  ],
  [parametric(0, [1]), parametric(0, [1]), parametric(0, [1])],
);

/** What a device of that profile reads of the darkest color of another: black of the same hue, which is no lighter than L* = 50. */
export function blackOf([x = 0, y = 0, z = 0]: Uint16Array): Xyz {
  const above = Math.max(0, Math.cbrt(y / MOST) - LIGHTEST_BLACK);
  const part = (value: number) => (above === 0 ? value / MOST : Math.max(0, Math.cbrt(value / MOST) - above) ** 3);
  return [part(x) * D50[0], part(y) * D50[1], part(z) * D50[2]];
}

/**
 * A profile of sRGB that takes a color for black, its hue included, and leaves white where it is: black point compensation as LittleCMS has
 * made it since 2.19, and libvips with it. The one in WebAssembly is older, and takes the lightness alone off. It is linear in XYZ, so that
 * the primaries and the curves of a profile hold it: the light of sRGB is that of its own primaries, less what black has of them.
 */
export function srgbBelow(black: Xyz): Uint8Array {
  const scales = D50.map((white, at) => white / (white - (black[at] ?? 0)));
  const scaled = (color: Xyz, factor: (at: number) => number) =>
    [color[0] * factor(0), color[1] * factor(1), color[2] * factor(2)] as const;
  const [red, green, blue] = partsOf(scaled(black, (at) => scales[at] ?? 1));
  const primary = (color: Xyz, part: number) => scaled(color, (at) => (1 + part) / (scales[at] ?? 1));
  return matrixProfile(
    [primary(SRGB[0], red), primary(SRGB[1], green), primary(SRGB[2], blue)],
    [curveAbove(red), curveAbove(green), curveAbove(blue)],
  );
}

/** How much red, green and blue of sRGB a color has (Cramer). */
function partsOf(color: Xyz): Xyz {
  const [red, green, blue] = SRGB;
  const all = determinant(red, green, blue);
  return [
    determinant(color, green, blue) / all,
    determinant(red, color, blue) / all,
    determinant(red, green, color) / all,
  ];
}

function determinant(a: Xyz, b: Xyz, c: Xyz): number {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
}

/** The curve of sRGB from the light of black up to 1. */
function curveAbove(black: number): Buffer {
  const share = 1 / (1 + black);
  const root = share ** (1 / POWER);
  const [gain, bias] = [root / (1 + OFFSET), (root * OFFSET) / (1 + OFFSET)];
  return parametric(4, [POWER, gain, bias, share / SLOPE, BEND, black * share, black * share]);
}

/** parametricCurveType (ICC.1:2022, section 10.18): y = (a x + b)^g + e from d on, below it c x + f. */
function parametric(type: 0 | 4, numbers: readonly number[]): Buffer {
  const data = Buffer.alloc(12 + 4 * numbers.length);
  data.write("para", "latin1");
  data.writeUInt16BE(type, 8);
  writeFixed(data, 12, numbers);
  return data;
}

function matrixProfile(primaries: Matrix, curves: Curves): Uint8Array {
  const colors = ["r", "g", "b"].flatMap((color, at): (readonly [string, Buffer])[] => [
    [`${color}XYZ`, point(primaries[at] ?? D50)],
    [`${color}TRC`, curves[at] ?? parametric(0, [1])],
  ]);
  const tags = [["wtpt", point(D50)] as const, ...colors];
  const head = Buffer.alloc(HEADER_BYTES + 4 + TAG_BYTES * tags.length);
  let end = head.length;
  for (const [index, [signature, { length }]] of tags.entries()) {
    const at = HEADER_BYTES + 4 + TAG_BYTES * index;
    head.write(signature, at, "latin1");
    head.writeUInt32BE(end, at + 4);
    head.writeUInt32BE(length, at + 8);
    end += length;
  }
  head.writeUInt32BE(end);
  head.writeUInt32BE(VERSION, 8);
  head.write("mntrRGB XYZ ", 12, "latin1");
  head.write("acsp", 36, "latin1");
  writeFixed(head, 68, D50);
  head.writeUInt32BE(tags.length, HEADER_BYTES);
  return new Uint8Array(Buffer.concat([head, ...tags.map(([, data]) => data)]));
}

function point(color: Xyz): Buffer {
  const data = Buffer.alloc(20);
  data.write("XYZ ", "latin1");
  writeFixed(data, 8, color);
  return data;
}

function writeFixed(data: Buffer, at: number, numbers: readonly number[]): void {
  for (const [index, number] of numbers.entries()) data.writeInt32BE(Math.round(number * UNIT), at + 4 * index);
}
