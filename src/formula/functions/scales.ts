import { colourComponents } from "../colour.ts";
import type { Interval } from "../expr.ts";
import { interval, isBounded } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { printNumber } from "../print.ts";
import { first, given, number } from "./define.ts";
import type { CallContext, FunctionRow, Parameter, Value } from "./row.ts";

/** Each is looked at for every pixel. */
const MAX_STOPS = 64;

/** A number and its colour, as an option of a call: part of the kernel, as a colormap is. */
export function stopOption(at: number, colour: string): string {
  return `${printNumber(at)}:${colour}`;
}

interface Stop {
  readonly at: number;
  readonly colour: readonly [r: number, g: number, b: number];
}

function stopOf(option: string | number): Stop {
  const [at = "", colour = ""] = String(option).split(":");
  return { at: Math.fround(Number(at)), colour: colourComponents(colour) };
}

function stopsOf({ options }: CallContext): readonly Stop[] {
  return options.map(stopOf);
}

function refuseStops(least: number, rising: boolean): FunctionRow["refuse"] & {} {
  return (_, options) => {
    const places = options.map((option) => stopOf(option).at);
    if (places.length < least) return `At least ${least} colours are due, each with its number.`;
    if (places.length > MAX_STOPS) return `There are ${places.length} colours; ${MAX_STOPS} are allowed.`;
    const wrong = places.findIndex((at, index) => index > 0 && !(at > (places[index - 1] ?? at)));
    if (rising && wrong > 0)
      return `The numbers rise from colour to colour, and ${printNumber(places[wrong] ?? 0)} does not.`;
    if (new Set(places).size < places.length) return "Each number has one colour.";
    return null;
  };
}

const PARAMETERS: readonly Parameter[] = [number("x"), { name: "number: colour", type: "stop", rest: true }];

function scale(
  definition: Pick<FunctionRow, "name" | "help" | "example" | "interval" | "evaluate"> & {
    readonly aliases?: readonly string[];
    readonly ofCodes?: boolean;
    readonly least: number;
    readonly rising: boolean;
  },
): FunctionRow {
  const { least, rising, ...rest } = definition;
  return {
    ...rest,
    category: "colour",
    parameters: PARAMETERS,
    cost: 40,
    result: "color",
    refuse: refuseStops(least, rising),
    printOption: (option) => option.replace(/^(.*):(.*)$/, '$1: "$2"'),
  };
}

/** Component by component; no data where x is no finite number, as of a window. */
function byComponent<F, D, B, C>(ops: Ops<F, D, B, C>, x: F, choose: (component: 0 | 1 | 2) => F): Value<F> {
  const valid = (component: 0 | 1 | 2) =>
    ops.select(ops.eq(ops.sub(x, x), ops.constant(0)), choose(component), ops.constant(Number.NaN));
  return [valid(0), valid(1), valid(2)];
}

/** Mixtures may be above 1 by a rounding. */
const covered = ([x]: readonly Interval[]): Interval => interval(0, 1 + 2 ** -20, given(x).nan || !isBounded(given(x)));
const gaps = (): Interval => interval(0, 1, true);

export const scaleRows: readonly FunctionRow[] = [
  scale({
    name: "ramp",
    help: "A number through colours at numbers of your own, mixed in between; the first and the last go on.",
    example: 'ramp(red, 40: "navy", 110: "teal", 200: "white")',
    least: 2,
    rising: true,
    interval: covered,
    evaluate: (ops, [x], call) => {
      const value = first(x);
      const stops = stopsOf(call);
      return byComponent(ops, value, (component) =>
        stops.slice(1).reduce(
          (below, { at, colour }, index) => {
            const start = given(stops[index]);
            const step = ops.sub(value, ops.constant(start.at));
            const share = ops.div(step, ops.constant(Math.fround(at - start.at)));
            const [from, to] = [start.colour[component], colour[component]];
            const mixed = ops.add(ops.constant(from), ops.mul(share, ops.constant(Math.fround(to - from))));
            const between = ops.select(ops.ge(value, ops.constant(start.at)), mixed, below);
            return ops.select(ops.ge(value, ops.constant(at)), ops.constant(to), between);
          },
          ops.constant(given(stops[0]).colour[component]),
        ),
      );
    },
  }),
  scale({
    name: "intervals",
    help: "A colour for each interval: of the greatest number that is not above the value; no data below the first.",
    example: 'intervals(red, 0: "#000", 50: "teal", 150: "#fff")',
    least: 1,
    rising: true,
    interval: ([x], { options }) =>
      interval(0, 1, given(x).nan || !isBounded(given(x)) || given(x).min < stopOf(given(options[0])).at),
    evaluate: (ops, [x], call) => {
      const value = first(x);
      return byComponent(ops, value, (component) =>
        stopsOf(call).reduce(
          (below, { at, colour }) =>
            ops.select(ops.ge(value, ops.constant(at)), ops.constant(colour[component]), below),
          ops.constant(Number.NaN),
        ),
      );
    },
  }),
  scale({
    name: "classes",
    ofCodes: true,
    help: "A colour for each value of a map of classes; no data for all others.",
    example: 'classes(floor(red / 64), 0: "navy", 1: "green", 2: "yellow", 3: "white")',
    least: 1,
    rising: false,
    interval: gaps,
    evaluate: (ops, [x], call) => {
      const value = first(x);
      return byComponent(ops, value, (component) =>
        stopsOf(call).reduce(
          (below, { at, colour }) =>
            ops.select(ops.eq(value, ops.constant(at)), ops.constant(colour[component]), below),
          ops.constant(Number.NaN),
        ),
      );
    },
  }),
];
