import type { Interval } from "../expr.ts";
import { interval, UNKNOWN } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { shown } from "../problem.ts";
import { BLENDS, type Blend, type BlendMode } from "./blend-modes.ts";
import { alpha, components } from "./define.ts";
import type { CallContext, FunctionRow, Value } from "./row.ts";

/** A colour and whether its pixels can lack data at all: most cannot, and then nothing is asked. */
interface Layer<F> {
  readonly value: Value<F>;
  readonly nan: boolean;
}

/**
 * Source over backdrop with a blend (W3C Compositing and Blending, sections 5.1 and 10):
 *   Cs' = (1 − αb)·Cs + αb·B(Cb, Cs),  αo = αs + αb·(1 − αs),  Co = (αs·Cs' + αb·(1 − αs)·Cb) / αo.
 * A side without data (a NaN component) gives way to the other.
 */
function composite<F, D, B, C>(ops: Ops<F, D, B, C>, blend: Blend, backdrop: Layer<F>, top: Layer<F>): Layer<F> {
  const [below, above] = [components(backdrop.value), components(top.value)];
  const [alphaBelow, alphaAbove] = [alpha(backdrop.value), alpha(top.value)];
  const choose = chooser(ops, backdrop, top);
  const nan = backdrop.nan && top.nan;

  const mixed = blend(ops, below, above);
  if (alphaBelow === null && alphaAbove === null) {
    const mix = (index: 0 | 1 | 2) => choose(mixed[index], below[index], above[index]);
    return { value: [mix(0), mix(1), mix(2)], nan };
  }
  const one = ops.constant(1);
  const [ab, as] = [alphaBelow ?? one, alphaAbove ?? one];
  const rest = ops.mul(ab, ops.sub(one, as));
  const opacity = ops.add(as, rest);
  const nothing = ops.le(opacity, ops.constant(0));
  const mix = (index: 0 | 1 | 2) => {
    const [cb, cs] = [below[index], above[index]];
    const blended = ops.add(ops.mul(ops.sub(one, ab), cs), ops.mul(ab, mixed[index]));
    const sum = ops.add(ops.mul(as, blended), ops.mul(rest, cb));
    return choose(ops.select(nothing, ops.constant(0), ops.div(sum, opacity)), cb, cs);
  };
  return { value: [mix(0), mix(1), mix(2), choose(opacity, ab, as)], nan };
}

/** Picks the mixture, or the side that has data where only one has. */
function chooser<F, D, B, C>(ops: Ops<F, D, B, C>, backdrop: Layer<F>, top: Layer<F>) {
  const missingBelow = backdrop.nan ? isMissing(ops, backdrop.value) : null;
  const missingAbove = top.nan ? isMissing(ops, top.value) : null;
  return (mixed: F, below: F, above: F): F => {
    const fromBelow = missingBelow === null ? mixed : ops.select(missingBelow, above, mixed);
    return missingAbove === null ? fromBelow : ops.select(missingAbove, below, fromBelow);
  };
}

function isMissing<F, D, B, C>(ops: Ops<F, D, B, C>, value: Value<F>): B {
  const all: readonly F[] = value;
  return all.map((one) => ops.ne(one, one)).reduce((a, b) => ops.or(a, b));
}

function layers<F>(args: readonly Value<F>[], call: CallContext): readonly Layer<F>[] {
  return args.map((value, index) => ({ value, nan: call.args[index]?.interval.nan ?? true }));
}

/** Components within 0…1 stay there, but for the rounding of the division by alpha: of as many blends as a formula may have. */
const MOST = 1 + 2 ** -10;

function blendInterval(args: readonly Interval[]): Interval {
  if (!args.every((one) => one.min >= 0 && one.max <= MOST)) return UNKNOWN;
  const nan = args.every((one) => one.nan);
  return interval(0, MOST, nan);
}

function blending(name: string, blend: Blend, help: string, example: string): FunctionRow {
  return {
    name,
    category: "blending",
    parameters: [
      { name: "a", type: "color" },
      { name: "b", type: "color", rest: true },
    ],
    help,
    example,
    cost: 12,
    result: "color",
    interval: blendInterval,
    evaluate: (ops, args, call) =>
      layers(args, call).reduce((below, above) => composite(ops, blend, below, above)).value,
  };
}

/** The first colour lies in front, as its name says. */
function inFront(name: string, help: string, example: string): FunctionRow {
  return {
    ...blending(name, BLENDS.normal, help, example),
    evaluate: (ops, args, call) =>
      layers(args, call).reduceRight((below, above) => composite(ops, BLENDS.normal, below, above)).value,
  };
}

function readMode(text: string) {
  const option = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");
  if (Object.hasOwn(BLENDS, option)) return { option };
  return { problem: `There is no blend mode "${shown(text)}": write one of ${Object.keys(BLENDS).join(", ")}.` };
}

export const blendingRows: readonly FunctionRow[] = [
  inFront(
    "over",
    "The first colour in front of the second: where it is transparent or without data, the second shows.",
    'over(tint(red, "orange"), colour("navy"))',
  ),
  blending(
    "add",
    BLENDS["plus-lighter"],
    "Sum of the components, at most 1.",
    'add(tint(red, "red"), tint(green, "lime"))',
  ),
  blending(
    "screen",
    BLENDS.screen,
    "a + b − a·b: light on light, never beyond white.",
    'screen(tint(fir1, "orange"), tint(uv1, "blue"))',
  ),
  blending("multiply", BLENDS.multiply, "a·b: like inks over each other.", 'multiply(gray(red), colour("orange"))'),
  blending(
    "lighten",
    BLENDS.lighten,
    "The greater of each component.",
    'lighten(tint(red, "red"), tint(green, "lime"))',
  ),
  blending("darken", BLENDS.darken, "The lesser of each component.", 'darken(gray(red), tint(green, "yellow"))'),
  blending(
    "difference",
    BLENDS.difference,
    "|a − b| of each component: black where both agree.",
    "difference(gray(red), gray(green))",
  ),
  {
    name: "blend",
    category: "blending",
    parameters: [
      { name: "backdrop", type: "color" },
      { name: "source", type: "color" },
      { name: "mode", type: "text" },
    ],
    help: `The source over the backdrop in a mode of W3C's Compositing and Blending: ${Object.keys(BLENDS).join(", ")}.`,
    example: 'blend(rgb(red, green, blue), tint(nir1, "red"), "soft-light")',
    cost: 40,
    result: "color",
    readText: readMode,
    interval: blendInterval,
    evaluate: (ops, args, call) => {
      const blend: Blend = BLENDS[String(call.options[0]) as BlendMode];
      return layers(args, call).reduce((below, above) => composite(ops, blend, below, above)).value;
    },
  },
];
