import type { Expr, Interval } from "../expr.ts";
import { interval } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { first, given, noDataUnless, number } from "./define.ts";
import type { FunctionRow, RewriteTools } from "./row.ts";

/** The greatest number below which float32 holds all whole ones: 2^24. */
const MOST = 2 ** 24;
const MOST_TEXT = "16,777,216";
/** 2^24 is the last bit of that number. */
const MOST_BITS = 24;

const DOMAIN = `whole numbers from −${MOST_TEXT} to ${MOST_TEXT}, negative ones in two's complement; no data for all others`;

/** What pixels may hold that has no bits here; null where nothing is known of such. */
function adviseOn(name: string, args: readonly Expr[], tools: Pick<RewriteTools, "isWhole">): string | null {
  if (args.some(({ interval: { min, max } }) => Math.max(-min, max) > MOST))
    return `${name} has no data where a number is beyond ${MOST_TEXT}, as this one may be: float32 does not hold the bits of larger ones.`;
  if (args.some((one) => !tools.isWhole(one)))
    return `${name} has no data where a number has a fraction, as this one may have: floor(…) takes it away.`;
  return null;
}

/** Whether a number is one whose bits are known. */
function hasBits<F, D, B, C>(ops: Ops<F, D, B, C>, x: F): B {
  return ops.and(ops.eq(ops.trunc(x), x), ops.le(ops.abs(x), ops.constant(MOST)));
}

/** All numbers of so many bits as the greatest argument has. */
function ones(args: readonly Interval[]): number {
  const most = Math.min(MOST, Math.max(...args.map(({ max }) => max), 0));
  return 2 ** Math.ceil(Math.log2(Math.floor(most) + 1)) - 1;
}

const isNatural = ({ min }: Interval) => min >= 0;
/** Also pixels of whole samples may have a fraction: the means of coarser levels. */
const bounds = (min: number, max: number) => interval(min, max, true);

function pair(
  name: "bitand" | "bitor" | "bitxor",
  alias: string,
  help: string,
  example: string,
  operation: "bitAnd" | "bitOr" | "bitXor",
  intervalOf: (args: readonly Interval[]) => Interval,
): FunctionRow {
  return {
    ...{
      name,
      aliases: [alias],
      category: "arithmetic",
      help,
      example,
      commutative: "pair",
      cost: 10,
      result: "number",
    },
    parameters: [number("a"), number("b")],
    ofCodes: true,
    advise: (args, tools) => adviseOn(name, args, tools),
    interval: intervalOf,
    evaluate: (ops, [a, b]) => {
      const [x, y] = [first(a), first(b)];
      return [noDataUnless(ops, ops.and(hasBits(ops, x), hasBits(ops, y)), ops[operation](x, y))];
    },
  };
}

/** A function of a number and of places among its bits, of which there are those from `least` to 24. */
function ofPlaces(
  definition: Pick<FunctionRow, "name" | "help" | "example" | "interval"> & {
    readonly least: number;
    /** `scaled` is the number with the bits n places to the left, rounded down. */
    readonly direction: 1 | -1;
    readonly apply: <F, D, B, C>(ops: Ops<F, D, B, C>, scaled: F) => F;
  },
): FunctionRow {
  const { least, direction, apply, ...rest } = definition;
  return {
    ...{ ...rest, category: "arithmetic", cost: 12, result: "number", ofCodes: true },
    parameters: [number("x"), number("n")],
    advise: ([x, n], tools) =>
      adviseOn(rest.name, [given(x)], tools) ?? advisePlaces(rest.name, given(n), least, tools),
    evaluate: (ops, [x, n]) => {
      const [value, places] = [first(x), first(n)];
      const isPlace = ops.and(
        ops.eq(ops.trunc(places), places),
        ops.and(ops.ge(places, ops.constant(least)), ops.le(places, ops.constant(MOST_BITS))),
      );
      const wide = ops.widen(places);
      const factor = ops.exp2i64(direction === 1 ? wide : ops.neg64(wide));
      const scaled = ops.narrow(ops.floor64(ops.mul64(ops.widen(value), factor)));
      return [noDataUnless(ops, ops.and(hasBits(ops, value), isPlace), apply(ops, scaled))];
    },
  };
}

function advisePlaces(name: string, n: Expr, least: number, tools: Pick<RewriteTools, "isWhole">): string | null {
  const { min, max } = n.interval;
  if (min >= least && max <= MOST_BITS && tools.isWhole(n)) return null;
  return `${name} has no data where n is no whole number from ${least} to ${MOST_BITS}, as this one may be.`;
}

export const bitRows: readonly FunctionRow[] = [
  pair(
    "bitand",
    "bitwise_and",
    `The bits that both numbers have, of ${DOMAIN}.`,
    "bitand(red, 96) != 0",
    "bitAnd",
    (args) => {
      const natural = args.filter(isNatural);
      if (natural.length === 0) return bounds(-MOST, MOST);
      return bounds(0, Math.min(MOST, ...natural.map(({ max }) => max)));
    },
  ),
  pair(
    "bitor",
    "bitwise_or",
    "The bits that one of two numbers has; of the same numbers as bitand.",
    "bitor(red, 31)",
    "bitOr",
    (args) => (args.every(isNatural) ? bounds(0, ones(args)) : bounds(-MOST, 2 * MOST)),
  ),
  pair(
    "bitxor",
    "bitwise_xor",
    "The bits in which two numbers differ; of the same numbers as bitand.",
    "bitxor(red, 255)",
    "bitXor",
    (args) => (args.every(isNatural) ? bounds(0, ones(args)) : bounds(-2 * MOST, 2 * MOST)),
  ),
  ofPlaces({
    name: "shift",
    help: `The bits of a number n places to the left, for a negative n to the right: x · 2^n rounded down; n from −${MOST_BITS} to ${MOST_BITS}, of the same numbers as bitand.`,
    example: "shift(red, -4)",
    least: -MOST_BITS,
    direction: 1,
    interval: ([x, n]) => {
      const factors = [given(n).min, given(n).max].map((end) => 2 ** Math.max(-MOST_BITS, Math.min(MOST_BITS, end)));
      const ends = [given(x).min, given(x).max].map((end) => Math.max(-MOST, Math.min(MOST, end)));
      const corners = ends.flatMap((end) => factors.map((factor) => Math.floor(end * factor)));
      return bounds(Math.min(...corners), Math.max(...corners));
    },
    apply: (_ops, scaled) => scaled,
  }),
  ofPlaces({
    name: "bit",
    help: `1 where bit n of a number is set, else 0; bit 0 is the lowest, n up to ${MOST_BITS}, of the same numbers as bitand.`,
    example: "bit(red, 6)",
    least: 0,
    direction: -1,
    interval: () => bounds(0, 1),
    apply: (ops, scaled) => {
      const half = ops.floor(ops.mul(scaled, ops.constant(0.5)));
      return ops.sub(scaled, ops.add(half, half));
    },
  }),
];
