import type { Expr, Interval } from "../expr.ts";
import { interval, isBounded, UNKNOWN } from "../interval.ts";
import { exp } from "../math/index.ts";
import type { Pass, Tap } from "../neighbourhood.ts";
import { numberOps } from "../ops-number.ts";
import { given, number } from "./define.ts";
import type { FunctionRow, Parameter, RewriteTools } from "./row.ts";

const MAX_SIGMA = 16;
const MAX_RADIUS = 4;
/** Sides of the squares of weights. */
const SIDES = [3, 5, 7];

function constants(args: readonly Expr[]): readonly number[] {
  return args.slice(1).map((one) => (one.kind === "const" ? one.value : Number.NaN));
}

function square(radius: number, weightOf: (dx: number, dy: number) => number): readonly Tap[] {
  const side = 2 * radius + 1;
  return Array.from({ length: side * side }, (_, index) => {
    const [dx, dy] = [(index % side) - radius, Math.floor(index / side) - radius];
    return { dx, dy, weight: weightOf(dx, dy) };
  });
}

/** Weights e^(−d²/2σ²) up to 3σ, of sum 1. */
function gaussian(sigma: number): readonly { readonly distance: number; readonly weight: number }[] {
  const radius = Math.ceil(3 * sigma);
  const heights = Array.from({ length: 2 * radius + 1 }, (_, index) => {
    const distance = index - radius;
    return { distance, weight: exp(numberOps, Math.fround((-distance * distance) / (2 * sigma * sigma))) };
  });
  const sum = heights.reduce((total, { weight }) => total + weight, 0);
  return heights.map(({ distance, weight }) => ({ distance, weight: weight / sum }));
}

function conv(weights: readonly number[], per: Pass["per"] = null): readonly Pass[] {
  const side = Math.sqrt(weights.length);
  const radius = (side - 1) / 2;
  const taps = square(radius, (dx, dy) => weights[(dy + radius) * side + dx + radius] ?? 0);
  // Neighbours that do not count are not read: they may have no data.
  return [{ kind: "weigh", taps: taps.filter(({ weight }) => weight !== 0), per }];
}

/** Horn 1981: differences across three rows, nearer ones twice. */
const HORN_X = [-1, 0, 1, -2, 0, 2, -1, 0, 1].map((weight) => weight / 8);
const HORN_Y = [-1, -2, -1, 0, 0, 0, 1, 2, 1].map((weight) => weight / 8);

interface Definition extends Pick<FunctionRow, "name" | "help" | "example" | "cost"> {
  readonly parameters: readonly Parameter[];
  readonly passes: (parameters: readonly number[]) => readonly Pass[];
  readonly bounds?: (x: Interval) => Interval;
  readonly check?: (parameters: readonly number[]) => string | null;
}

function neighbourhood({ passes, bounds, check, ...rest }: Definition): FunctionRow {
  return {
    ...rest,
    category: "neighbourhood",
    parameters: [number("x"), ...rest.parameters],
    result: "number",
    refuse: (args) => {
      if (!variesByPixel(given(args[0])))
        return `${rest.name} takes what differs from pixel to pixel, such as a channel.`;
      return check?.(constants(args)) ?? null;
    },
    interval: ([x]) => bounds?.(given(x)) ?? UNKNOWN,
    evaluate: () => {
      throw new Error("A neighbourhood is calculated of planes, not of one pixel.");
    },
    neighbourhood: (args) => passes(constants(args)),
  };
}

function variesByPixel(expr: Expr): boolean {
  if (expr.kind === "call") return expr.args.some(variesByPixel);
  return (
    expr.kind === "channel" || expr.kind === "placed" || (expr.kind === "measured" && variesByPixel(expr.argument))
  );
}

const amongItsNeighbours = (x: Interval) => interval(x.min, x.max, x.nan || !isBounded(x));

/** A function that is made of others when it is checked. */
export function made(
  definition: Pick<FunctionRow, "name" | "aliases" | "help" | "example" | "advise"> & {
    readonly parameters: readonly Parameter[];
    readonly build: (x: Expr, parameters: readonly number[], tools: RewriteTools) => Expr | string;
  },
): FunctionRow {
  const { build, parameters, ...rest } = definition;
  return {
    ...rest,
    category: "neighbourhood",
    parameters: [number("x"), ...parameters],
    cost: 40,
    result: "number",
    interval: () => UNKNOWN,
    evaluate: () => {
      throw new Error("A rewritten call is never evaluated.");
    },
    rewrite: (args, tools) => {
      const x = given(args[0]);
      if (!variesByPixel(x)) return `${rest.name} takes what differs from pixel to pixel, such as a channel.`;
      const written = constants(args);
      if (!written.every(Number.isFinite))
        return `All that follows the first argument of ${rest.name} is plain numbers.`;
      const values = parameters.map((one, index) => written[index] ?? one.default ?? Number.NaN);
      return build(x, values, tools);
    },
  };
}

export function convolution(x: Expr, weights: readonly number[], { call, constant }: RewriteTools): Expr {
  return call("conv", [x, ...weights.map(constant)]);
}

export const option = (name: string, value: number): Parameter => ({ name, type: "number", default: value });

export const neighbourhoodRows: readonly FunctionRow[] = [
  neighbourhood({
    name: "blur",
    parameters: [number("sigma")],
    help: "Gaussian blur; sigma in pixels of the level that is shown, up to 16; rows first, then columns.",
    example: "blur(red, 2)",
    cost: 60,
    bounds: amongItsNeighbours,
    check: ([sigma = Number.NaN]) =>
      sigma > 0 && sigma <= MAX_SIGMA
        ? null
        : `The sigma of blur is a plain number above 0, up to ${MAX_SIGMA} pixels.`,
    passes: ([sigma = 1]) => {
      const weights = gaussian(sigma);
      return [
        { kind: "weigh", per: null, taps: weights.map(({ distance, weight }) => ({ dx: distance, dy: 0, weight })) },
        { kind: "weigh", per: null, taps: weights.map(({ distance, weight }) => ({ dx: 0, dy: distance, weight })) },
      ];
    },
  }),
  neighbourhood({
    name: "median",
    parameters: [number("radius")],
    help: "Median of the square of 2 · radius + 1 pixels a side, radius 1 to 4: takes single hot and dead pixels away.",
    example: "median(red, 1)",
    cost: 200,
    bounds: amongItsNeighbours,
    check: ([radius = Number.NaN]) =>
      Number.isInteger(radius) && radius >= 1 && radius <= MAX_RADIUS
        ? null
        : `The radius of median is a whole number from 1 to ${MAX_RADIUS}; for the median of the image write percentile(x, 50).`,
    passes: ([radius = 1]) => [{ kind: "median", per: null, taps: square(radius, () => 1) }],
  }),
  neighbourhood({
    name: "conv",
    parameters: [{ ...number("weight"), rest: true }],
    help: "Sum of the neighbours times weights, row by row: 9 for 3 × 3 pixels, 25 for 5 × 5, 49 for 7 × 7; not divided by their sum.",
    example: "conv(red, 0, -1, 0, -1, 5, -1, 0, -1, 0)",
    cost: 60,
    check: (weights) => {
      if (!SIDES.includes(Math.sqrt(weights.length)))
        return `conv takes 9, 25 or 49 weights, and there are ${weights.length}.`;
      if (!weights.every(Number.isFinite)) return "The weights of conv are plain numbers.";
      return weights.every((one) => one === 0) ? "One weight of conv at least is not 0." : null;
    },
    passes: (weights) => conv(weights),
  }),
  neighbourhood({
    name: "gradx",
    parameters: [],
    help: "Rise to the right for each unit of length (of the image's place, else for each pixel of full resolution); Horn 1981.",
    example: "gradx(red)",
    cost: 40,
    passes: () => conv(HORN_X, "x"),
  }),
  neighbourhood({
    name: "grady",
    parameters: [],
    help: "Rise downwards for each unit of length (of the image's place, else for each pixel of full resolution); Horn 1981.",
    example: "grady(red)",
    cost: 40,
    passes: () => conv(HORN_Y, "y"),
  }),
  neighbourhood({
    name: "risex",
    parameters: [],
    help: "Rise to the right for each meter on the ground: gradx where a place counts in degrees or feet; Horn 1981.",
    example: "risex(red)",
    cost: 40,
    passes: () => conv(HORN_X, "ground x"),
  }),
  neighbourhood({
    name: "risey",
    parameters: [],
    help: "Rise downwards for each meter on the ground: grady where a place counts in degrees or feet; Horn 1981.",
    example: "risey(red)",
    cost: 40,
    passes: () => conv(HORN_Y, "ground y"),
  }),
  made({
    name: "sharpen",
    parameters: [option("amount", 1), option("sigma", 1)],
    help: "Unsharp mask: x + amount · (x − blur(x, sigma)).",
    example: "sharpen(red, 1.5, 2)",
    build: (x, [amount = 1, sigma = 1], { call, constant }) => {
      if (!(sigma > 0 && sigma <= MAX_SIGMA)) return `The sigma of sharpen is above 0, up to ${MAX_SIGMA} pixels.`;
      const detail = call("-", [x, call("blur", [x, constant(sigma)])]);
      return call("+", [x, call("*", [constant(amount), detail])]);
    },
  }),
  made({
    name: "sobel",
    parameters: [],
    help: "Strength of edges: the length of the gradient by Sobel's two operators.",
    example: "sobel(red)",
    build: (x, _, tools) =>
      tools.call("hypot", [
        convolution(x, [-1, 0, 1, -2, 0, 2, -1, 0, 1], tools),
        convolution(x, [-1, -2, -1, 0, 0, 0, 1, 2, 1], tools),
      ]),
  }),
  made({
    name: "laplace",
    parameters: [],
    help: "Laplace operator of four neighbours: how far they are above the pixel.",
    example: "laplace(red)",
    build: (x, _, tools) => convolution(x, [0, 1, 0, 1, -4, 1, 0, 1, 0], tools),
  }),
];
