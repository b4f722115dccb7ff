import { type Triple, unit, weighted } from "../colour-spaces.ts";
import type { Ops } from "../ops.ts";

/** Mixes the backdrop's components with the source's, all 0…1. */
export type Blend = <F, D, B, C>(ops: Ops<F, D, B, C>, backdrop: Triple<F>, source: Triple<F>) => Triple<F>;

type Separable = <F, D, B, C>(ops: Ops<F, D, B, C>, backdrop: F, source: F) => F;

/** A mode that mixes each component on its own. */
function separable(mix: Separable): Blend {
  return (ops, [r, g, b], [red, green, blue]) => [mix(ops, r, red), mix(ops, g, green), mix(ops, b, blue)];
}

const screen: Separable = (ops, b, s) => ops.sub(ops.add(b, s), ops.mul(b, s));

const hardLight: Separable = (ops, b, s) => {
  const twice = ops.add(s, s);
  const light = screen(ops, b, ops.sub(twice, ops.constant(1)));
  return ops.select(ops.le(s, ops.constant(0.5)), ops.mul(b, twice), light);
};

const colorDodge: Separable = (ops, b, s) => {
  const [zero, one] = [ops.constant(0), ops.constant(1)];
  const dodged = ops.min(ops.div(b, ops.sub(one, s)), one);
  return ops.select(ops.le(b, zero), zero, ops.select(ops.ge(s, one), one, dodged));
};

const colorBurn: Separable = (ops, b, s) => {
  const [zero, one] = [ops.constant(0), ops.constant(1)];
  const burnt = ops.sub(one, ops.min(ops.div(ops.sub(one, b), s), one));
  return ops.select(ops.ge(b, one), one, ops.select(ops.le(s, zero), zero, burnt));
};

const softLight: Separable = (ops, b, s) => {
  const number = ops.constant;
  const one = number(1);
  const twice = ops.add(s, s);
  const darker = ops.sub(b, ops.mul(ops.mul(ops.sub(one, twice), b), ops.sub(one, b)));
  const cubic = ops.mul(ops.add(ops.mul(ops.sub(ops.mul(number(16), b), number(12)), b), number(4)), b);
  const curve = ops.select(ops.le(b, number(0.25)), cubic, ops.sqrt(b));
  const lighter = ops.add(b, ops.mul(ops.sub(twice, one), ops.sub(curve, b)));
  return unit(ops, ops.select(ops.le(s, number(0.5)), darker, lighter));
};

/** Lum of the specification. */
const LUMINOSITY = [0.3, 0.59, 0.11] as const;

function luminosity<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  return weighted(ops, color, LUMINOSITY);
}

function most<F, D, B, C>(ops: Ops<F, D, B, C>, [r, g, b]: Triple<F>): F {
  return ops.max(ops.max(r, g), b);
}

function least<F, D, B, C>(ops: Ops<F, D, B, C>, [r, g, b]: Triple<F>): F {
  return ops.min(ops.min(r, g), b);
}

function saturation<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>): F {
  return ops.sub(most(ops, color), least(ops, color));
}

/** SetLum and ClipColor. */
function withLuminosity<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>, wanted: F): Triple<F> {
  const [zero, one] = [ops.constant(0), ops.constant(1)];
  const shift = ops.sub(wanted, luminosity(ops, color));
  const shifted: Triple<F> = [ops.add(color[0], shift), ops.add(color[1], shift), ops.add(color[2], shift)];
  const [light, low, high] = [luminosity(ops, shifted), least(ops, shifted), most(ops, shifted)];
  // The luminosity of a gray may be rounded to just its components, or past them: then nothing remains to scale.
  const scaled = (c: F, room: F, range: F) => {
    const moved = ops.add(light, ops.div(ops.mul(ops.sub(c, light), room), range));
    return ops.select(ops.gt(range, zero), moved, light);
  };
  const [below, above] = [ops.sub(light, low), ops.sub(high, light)];
  const clip = (c: F) => {
    const first = ops.select(ops.lt(low, zero), scaled(c, light, below), c);
    const second = ops.select(ops.gt(high, one), scaled(first, ops.sub(one, light), above), first);
    return unit(ops, second);
  };
  return [clip(shifted[0]), clip(shifted[1]), clip(shifted[2])];
}

/** SetSat: the least component becomes 0, the greatest the saturation, the third keeps its place between them. */
function withSaturation<F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>, wanted: F): Triple<F> {
  const low = least(ops, color);
  const range = ops.sub(most(ops, color), low);
  const scaled = (c: F) => {
    const place = ops.div(ops.mul(ops.sub(c, low), wanted), range);
    return ops.select(ops.gt(range, ops.constant(0)), place, ops.constant(0));
  };
  return [scaled(color[0]), scaled(color[1]), scaled(color[2])];
}

/** W3C Compositing and Blending Level 1, section 10, by its names; plus-lighter of Level 2 is the sum, at most 1. */
export const BLENDS = {
  normal: (_ops, _backdrop, source) => source,
  multiply: separable((ops, b, s) => ops.mul(b, s)),
  screen: separable(screen),
  overlay: separable((ops, b, s) => hardLight(ops, s, b)),
  darken: separable((ops, b, s) => ops.min(b, s)),
  lighten: separable((ops, b, s) => ops.max(b, s)),
  "color-dodge": separable(colorDodge),
  "color-burn": separable(colorBurn),
  "hard-light": separable(hardLight),
  "soft-light": separable(softLight),
  difference: separable((ops, b, s) => ops.abs(ops.sub(b, s))),
  exclusion: separable((ops, b, s) => unit(ops, ops.sub(ops.add(b, s), ops.mul(ops.constant(2), ops.mul(b, s))))),
  hue: (ops, b, s) => withLuminosity(ops, withSaturation(ops, s, saturation(ops, b)), luminosity(ops, b)),
  saturation: (ops, b, s) => withLuminosity(ops, withSaturation(ops, b, saturation(ops, s)), luminosity(ops, b)),
  color: (ops, b, s) => withLuminosity(ops, s, luminosity(ops, b)),
  luminosity: (ops, b, s) => withLuminosity(ops, b, luminosity(ops, s)),
  "plus-lighter": separable((ops, b, s) => ops.min(ops.add(b, s), ops.constant(1))),
} as const satisfies Readonly<Record<string, Blend>>;

export type BlendMode = keyof typeof BLENDS;
