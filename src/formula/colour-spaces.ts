import { pow } from "./math/index.ts";
import type { Ops } from "./ops.ts";

/** Components of a colour, 0…1 unless said. */
export type Triple<F> = readonly [F, F, F];

/** Weights of red, green and blue in brightness (ITU-R BT.709), of gamma-encoded components. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;

/** Brightness of gamma-encoded components. */
export function luma<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  return weighted(ops, color, LUMA);
}

/** Red and green first, then blue. */
export function weighted<F, D, B, C>(ops: Ops<F, D, B, C>, [r, g, b]: Triple<F>, weights: Triple<number>): F {
  const [red, green, blue] = weights;
  const both = ops.add(ops.mul(r, ops.constant(red)), ops.mul(g, ops.constant(green)));
  return ops.add(both, ops.mul(b, ops.constant(blue)));
}

/** Held to 0…1; NaN stays. */
export function unit<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): F {
  return ops.min(ops.max(x, ops.constant(0)), ops.constant(1));
}

function modulo<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, period: number): F {
  return ops.sub(x, ops.mul(ops.constant(period), ops.floor(ops.div(x, ops.constant(period)))));
}

/** Hue in turns, of which the whole ones do not count; A. R. Smith 1978 in the closed form v − v·s·max(0, min(k, 4 − k, 1)). */
export function fromHsv<F, D, B, C>(ops: Ops<F, D, B, C>, [h, s, v]: Triple<F>): Triple<F> {
  const chroma = ops.mul(v, s);
  const component = (n: number) => {
    const k = modulo(ops, ops.add(ops.constant(n), ops.mul(h, ops.constant(6))), 6);
    const slope = unit(ops, ops.min(k, ops.sub(ops.constant(4), k)));
    return ops.sub(v, ops.mul(chroma, slope));
  };
  return [component(5), component(3), component(1)];
}

/** Hue in turns; CSS Color Module Level 4, section 7.1. */
export function fromHsl<F, D, B, C>(ops: Ops<F, D, B, C>, [h, s, l]: Triple<F>): Triple<F> {
  const amplitude = ops.mul(s, ops.min(l, ops.sub(ops.constant(1), l)));
  const component = (n: number) => {
    const k = modulo(ops, ops.add(ops.constant(n), ops.mul(h, ops.constant(12))), 12);
    const ramp = ops.min(ops.min(ops.sub(k, ops.constant(3)), ops.sub(ops.constant(9), k)), ops.constant(1));
    return unit(ops, ops.sub(l, ops.mul(amplitude, ops.max(ramp, ops.constant(-1)))));
  };
  return [component(0), component(8), component(4)];
}

/** Greatest and least component, and their difference. */
function extent<F, D, B, C>(ops: Ops<F, D, B, C>, [r, g, b]: Triple<F>) {
  const most = ops.max(ops.max(r, g), b);
  const least = ops.min(ops.min(r, g), b);
  return { most, least, range: ops.sub(most, least) };
}

/** In turns, 0 (red) to below 1; 0 of greys. */
export function hue<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  const [r, g, b] = color;
  const { most, range } = extent(ops, color);
  const sector = (a: F, c: F, offset: number) => ops.add(ops.div(ops.sub(a, c), range), ops.constant(offset));
  const ofRed = sector(g, b, 0);
  const sixths = ops.select(
    ops.eq(most, r),
    ops.select(ops.lt(ofRed, ops.constant(0)), ops.add(ofRed, ops.constant(6)), ofRed),
    ops.select(ops.eq(most, g), sector(b, r, 2), sector(r, g, 4)),
  );
  return ops.select(ops.eq(range, ops.constant(0)), ops.constant(0), ops.div(sixths, ops.constant(6)));
}

export function hsvSaturation<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  const { most, range } = extent(ops, color);
  const zero = ops.constant(0);
  return ops.select(ops.eq(range, zero), zero, ops.div(range, most));
}

export function hsvValue<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  return extent(ops, color).most;
}

export function hslLightness<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  const { most, least } = extent(ops, color);
  return ops.mul(ops.add(most, least), ops.constant(0.5));
}

export function hslSaturation<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  const { range } = extent(ops, color);
  const l = hslLightness(ops, color);
  const zero = ops.constant(0);
  const widest = ops.mul(ops.constant(2), ops.min(l, ops.sub(ops.constant(1), l)));
  return ops.select(ops.eq(range, zero), zero, unit(ops, ops.div(range, widest)));
}

/** Reference white D65, 2° observer. */
const WHITE = [0.95047, 1, 1.08883] as const;
/** Linear sRGB to CIE XYZ (IEC 61966-2-1), and back. */
const TO_XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
] as const;
const FROM_XYZ = [
  [3.2404542, -1.5371385, -0.4985314],
  [-0.969266, 1.8760108, 0.041556],
  [0.0556434, -0.2040259, 1.0572252],
] as const;
/** CIE 15:2004: below (6/29)³ the cube root goes over into a straight line. */
const KNEE = 6 / 29;

function weigh<F, D, B, C>(ops: Ops<F, D, B, C>, rows: typeof TO_XYZ | typeof FROM_XYZ, color: Triple<F>): Triple<F> {
  return [weighted(ops, color, rows[0]), weighted(ops, color, rows[1]), weighted(ops, color, rows[2])];
}

/** L* 0…100, a* and b* about −128…127, of a gamma-encoded sRGB colour. */
export function toLab<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): Triple<F> {
  const number = ops.constant;
  const linear = (c: F) =>
    ops.select(
      ops.le(c, number(0.04045)),
      ops.div(c, number(12.92)),
      pow(ops, ops.div(ops.add(c, number(0.055)), number(1.055)), number(2.4)),
    );
  const xyz = weigh(ops, TO_XYZ, [linear(color[0]), linear(color[1]), linear(color[2])]);
  const [x, y, z] = xyz.map((one, index) => {
    const relative = ops.div(one, number(WHITE[index] ?? 1));
    const line = ops.add(ops.div(relative, number(3 * KNEE ** 2)), number(4 / 29));
    return ops.select(ops.gt(relative, number(KNEE ** 3)), pow(ops, relative, number(1 / 3)), line);
  }) as [F, F, F];
  return [
    ops.sub(ops.mul(number(116), y), number(16)),
    ops.mul(number(500), ops.sub(x, y)),
    ops.mul(number(200), ops.sub(y, z)),
  ];
}

/** The inverse of `toLab`; colours that sRGB has not are held to 0…1, component by component. */
export function fromLab<F, D, B, C>(ops: Ops<F, D, B, C>, [l, a, b]: Triple<F>): Triple<F> {
  const number = ops.constant;
  const y = ops.div(ops.add(l, number(16)), number(116));
  const x = ops.add(y, ops.div(a, number(500)));
  const z = ops.sub(y, ops.div(b, number(200)));
  const xyz = [x, y, z].map((one, index) => {
    const cube = ops.mul(ops.mul(one, one), one);
    const line = ops.mul(number(3 * KNEE ** 2), ops.sub(one, number(4 / 29)));
    return ops.mul(ops.select(ops.gt(one, number(KNEE)), cube, line), number(WHITE[index] ?? 1));
  }) as [F, F, F];
  const encoded = (linear: F) => {
    const held = unit(ops, linear);
    const power = pow(ops, held, number(1 / 2.4));
    const curve = ops.sub(ops.mul(number(1.055), power), number(0.055));
    return unit(ops, ops.select(ops.le(held, number(0.0031308)), ops.mul(number(12.92), held), curve));
  };
  const [red, green, blue] = weigh(ops, FROM_XYZ, xyz);
  return [encoded(red), encoded(green), encoded(blue)];
}
