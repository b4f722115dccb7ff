import type { Interval } from "../expr.ts";
import { anyNan } from "../interval.ts";
import type { Ops } from "../ops.ts";
import type { FunctionCategory, FunctionRow, Parameter, Value } from "./row.ts";

/** A function of one number, as most rows are. */
export interface UnaryDefinition {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly help: string;
  readonly example: string;
  readonly cost: number;
  readonly interval: (x: Interval) => Interval;
  readonly apply: <F, D, B, C>(ops: Ops<F, D, B, C>, x: F) => F;
}

export function number(name: string): Parameter {
  return { name, type: "number" };
}

export function unary(category: FunctionCategory, definition: UnaryDefinition): FunctionRow {
  const { interval, apply, ...rest } = definition;
  return {
    ...rest,
    category,
    parameters: [number("x")],
    result: "number",
    interval: ([x]) => interval(given(x)),
    evaluate: (ops, [x]) => [apply(ops, first(x))],
  };
}

/** An argument that the check has made sure of. */
export function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("A checked call has all its arguments.");
  return value;
}

/** The only component of a number or a shade. */
export function first<F>(value: readonly [F, ...F[]] | undefined): F {
  if (value === undefined) throw new Error("A checked call has all its arguments.");
  return value[0];
}

/** Components of a color; a shade is a grey. */
export function components<F>(value: Value<F>): readonly [F, F, F] {
  return value.length === 1 ? [value[0], value[0], value[0]] : [value[0], value[1], value[2]];
}

/** Alpha, or null where the value is opaque whatever the pixel. */
export function alpha<F>(value: Value<F>): F | null {
  return value.length === 4 ? value[3] : null;
}

/** Apply to numbers as they are; to colors by component, numbers among them repeated, with the least alpha. */
export function componentwise<F, D, B, C>(
  ops: Ops<F, D, B, C>,
  args: readonly Value<F>[],
  apply: (...components: F[]) => F,
): Value<F> {
  if (args.every((value) => value.length === 1)) {
    const numbers: readonly F[] = args.map((value) => value[0]);
    return [apply(...numbers)];
  }
  const split = args.map(components);
  const channel = (index: 0 | 1 | 2) => apply(...split.map((one) => one[index]));
  const alphas: readonly F[] = args.flatMap((value) => (value.length === 4 ? [value[3]] : []));
  const [r, g, b] = [channel(0), channel(1), channel(2)];
  return alphas.length === 0 ? [r, g, b] : [r, g, b, alphas.reduce((a, c) => ops.min(a, c))];
}

/** NaN where the operands of a logical operation have no data, else 1 or 0. */
export function truth<F, D, B, C>(ops: Ops<F, D, B, C>, condition: B, operands: readonly F[]): F {
  const answer = ops.select(condition, ops.constant(1), ops.constant(0));
  return noDataOf(ops, answer, operands);
}

/** `value`, but NaN where any operand is. */
export function noDataOf<F, D, B, C>(ops: Ops<F, D, B, C>, value: F, operands: readonly F[]): F {
  const missing = operands.map((one) => ops.ne(one, one)).reduce((a, b) => ops.or(a, b));
  return ops.select(missing, ops.constant(Number.NaN), value);
}

/** `value` where the condition holds, elsewhere NaN. */
export function noDataUnless<F, D, B, C>(ops: Ops<F, D, B, C>, condition: B, value: F): F {
  return ops.select(condition, value, ops.constant(Number.NaN));
}

export function truthInterval(args: readonly Interval[]): Interval {
  return { min: 0, max: 1, nan: anyNan(args) };
}
