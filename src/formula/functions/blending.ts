import { interval, UNKNOWN } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { alpha, components } from "./define.ts";
import type { CallContext, FunctionRow, Value } from "./row.ts";

/** Mixes one component of the backdrop with the source's (W3C Compositing and Blending, section 10). */
type Blend = <F, D, B, C>(ops: Ops<F, D, B, C>, backdrop: F, source: F) => F;

const add: Blend = (ops, a, b) => ops.min(ops.add(a, b), ops.constant(1));
const screen: Blend = (ops, a, b) => ops.sub(ops.add(a, b), ops.mul(a, b));
const multiply: Blend = (ops, a, b) => ops.mul(a, b);
const source: Blend = (_ops, _backdrop, top) => top;

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

  if (alphaBelow === null && alphaAbove === null) {
    const mix = (index: 0 | 1 | 2) => choose(blend(ops, below[index], above[index]), below[index], above[index]);
    return { value: [mix(0), mix(1), mix(2)], nan };
  }
  const one = ops.constant(1);
  const [ab, as] = [alphaBelow ?? one, alphaAbove ?? one];
  const rest = ops.mul(ab, ops.sub(one, as));
  const opacity = ops.add(as, rest);
  const nothing = ops.le(opacity, ops.constant(0));
  const mix = (index: 0 | 1 | 2) => {
    const [cb, cs] = [below[index], above[index]];
    const blended = ops.add(ops.mul(ops.sub(one, ab), cs), ops.mul(ab, blend(ops, cb, cs)));
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
    // Components within 0…1 stay there, but for the rounding of the division by alpha.
    interval: (args) =>
      args.every((one) => one.min >= 0 && one.max <= 1)
        ? interval(
            0,
            1 + 2 ** -20,
            args.every((one) => one.nan),
          )
        : UNKNOWN,
    evaluate: (ops, args, call) =>
      layers(args, call).reduce((below, above) => composite(ops, blend, below, above)).value,
  };
}

export const blendingRows: readonly FunctionRow[] = [
  {
    ...blending(
      "over",
      source,
      "The first colour in front of the second: where it is transparent or without data, the second shows.",
      'over(tint(red, "orange"), colour("navy"))',
    ),
    evaluate: (ops, args, call) =>
      layers(args, call).reduceRight((below, above) => composite(ops, source, below, above)).value,
  },
  blending("add", add, "Sum of the components, at most 1.", 'add(tint(red, "red"), tint(green, "lime"))'),
  blending(
    "screen",
    screen,
    "a + b − a·b: light on light, never beyond white.",
    'screen(tint(fir1, "orange"), tint(uv1, "blue"))',
  ),
  blending("multiply", multiply, "a·b: like inks over each other.", 'multiply(gray(red), colour("orange"))'),
];
