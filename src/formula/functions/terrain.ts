import type { Expr } from "../expr.ts";
import { given } from "./define.ts";
import { convolution, made, option } from "./neighbourhood.ts";
import type { Parameter, RewriteTools } from "./row.ts";

const DEGREES = 180 / Math.PI;

/** Meters in a unit of height, by the names that gdaldem knows (3.11), in small letters. */
const METERS_IN: ReadonlyMap<string, number> = new Map([
  ...["", "m", "metre", "meter"].map((name) => [name, 1] as const),
  ...["ft", "foot", "foot (international)", "feet"].map((name) => [name, 0.3048] as const),
  ...["us-ft", "foot_us", "us survey foot"].map((name) => [name, 1200 / 3937] as const),
]);
/** Their result is in the unit of their argument. */
const KEEPS_UNIT: readonly string[] = ["blur", "median"];

/** Left out: both units become meters. NaN tells that. */
const scale: Parameter = { name: "scale", type: "number", default: Number.NaN };

/** The channel that heights are of, in its unit; null: of several, or calculated. */
function channelOf(x: Expr, tools: RewriteTools): ReturnType<RewriteTools["channel"]> {
  if (x.kind === "call" && KEEPS_UNIT.includes(x.row.name)) return channelOf(given(x.args[0]), tools);
  return tools.channel(x);
}

/** How the unit of a height is written; empty: nobody knows. */
function unitOf(x: Expr, tools: RewriteTools): string {
  return channelOf(x, tools)?.unit?.trim() ?? "";
}

/** Rise to the east and to the south, in units of the place, or by meters of the ground where these differ. */
function rises(x: Expr, isConverted: boolean, { call }: RewriteTools): readonly [east: Expr, south: Expr] {
  return isConverted ? [call("risex", [x]), call("risey", [x])] : [call("gradx", [x]), call("grady", [x])];
}

/** Rise without a unit: by `scale`, units of height in one of length, or by what image and channel tell where it is left out. */
function gradient(x: Expr, divisor: number, tools: RewriteTools): readonly [east: Expr, south: Expr] {
  const { call, constant, ground } = tools;
  const isGiven = !Number.isNaN(divisor);
  const [east, south] = rises(x, !isGiven && ground === "converted", tools);
  const meters = METERS_IN.get(unitOf(x, tools).toLowerCase()) ?? 1;
  if (isGiven) {
    const divided = (one: Expr) => (divisor === 1 ? one : call("/", [one, constant(divisor)]));
    return [divided(east), divided(south)];
  }
  const times = (one: Expr) => (ground === null || meters === 1 ? one : call("*", [one, constant(meters)]));
  return [times(east), times(south)];
}

function refusedScale(name: string, divisor: number): string | null {
  if (Number.isNaN(divisor) || divisor > 0) return null;
  return `The scale of ${name} is a number above 0: units of height in one unit of length.`;
}

/** Says so where heights are stored numbers of another size, or in a unit that is not known: both are taken for meters, as gdaldem takes them. */
function adviseUnit(args: readonly Expr[], scaleAt: number, tools: RewriteTools): string | null {
  if (args[scaleAt]) return null;
  const scaled = channelOf(given(args[0]), tools)?.scale ?? 1;
  if (scaled !== 1)
    return `Heights are the stored numbers, which the file scales by ${scaled}. Write phys() around the channel.`;
  if (tools.ground === null) return null;
  const unit = unitOf(given(args[0]), tools);
  if (METERS_IN.has(unit.toLowerCase())) return null;
  return `Heights in “${unit}” are taken for meters. Give scale, units of height in one unit of length.`;
}

export const terrainRows = [
  made({
    name: "slope",
    parameters: [scale],
    help: "Slope of a height in degrees, 0 to 90, by Horn 1981. scale: units of height in one unit of length, by which it divides; left out, degrees and feet become meters.",
    example: "slope(red)",
    advise: (args, tools) => adviseUnit(args, 1, tools),
    build: (x, [divisor = Number.NaN], tools) => {
      const refused = refusedScale("slope", divisor);
      if (refused !== null) return refused;
      const steep = tools.call("hypot", gradient(x, divisor, tools));
      return tools.call("*", [tools.call("arctan2", [steep, tools.constant(1)]), tools.constant(DEGREES)]);
    },
  }),
  made({
    name: "aspect",
    parameters: [],
    help: "Where a height falls to, in degrees clockwise from the top, 0 to 360; no data where it is flat.",
    example: "aspect(red)",
    build: (x, _, tools) => {
      const { call, constant } = tools;
      const [east, south] = rises(x, tools.ground === "converted", tools);
      const angle = call("*", [call("arctan2", [call("neg", [east]), south]), constant(DEGREES)]);
      const turned = call("where", [call("<", [angle, constant(0)]), call("+", [angle, constant(360)]), angle]);
      return call("where", [call("==", [call("hypot", [east, south]), constant(0)]), constant(Number.NaN), turned]);
    },
  }),
  made({
    name: "hillshade",
    parameters: [option("azimuth", 315), option("altitude", 45), scale],
    help: "Light on a height, 0 to 1, from azimuth (degrees clockwise from the top) and altitude; Horn 1981. scale is that of slope.",
    example: "hillshade(blur(red, 2), 315, 45, 10)",
    advise: (args, tools) => adviseUnit(args, 3, tools),
    build: (x, [azimuth = 315, altitude = 45, divisor = Number.NaN], tools) => {
      const refused = refusedScale("hillshade", divisor);
      if (refused !== null) return refused;
      const { call, constant } = tools;
      const [east, south] = gradient(x, divisor, tools);
      const angle = (degrees: number) => constant(degrees / DEGREES);
      const flat = call("cos", [angle(altitude)]);
      const toEast = call("*", [flat, call("sin", [angle(azimuth)])]);
      const toNorth = call("*", [flat, call("cos", [angle(azimuth)])]);
      // The normal of the surface is (−east, south, 1): y grows downwards, so that a rise to the south falls to the north.
      const light = call("+", [
        call("sin", [angle(altitude)]),
        call("-", [call("*", [toNorth, south]), call("*", [toEast, east])]),
      ]);
      const steep = call("hypot", [call("hypot", [east, south]), constant(1)]);
      return call("clamp", [call("/", [light, steep]), constant(0), constant(1)]);
    },
  }),
  made({
    name: "contour",
    parameters: [{ name: "step", type: "number" }],
    help: "1 where a line of equal value (a multiple of step) runs below or to the right of the pixel, else 0.",
    example: "contour(blur(red, 3), 20)",
    build: (x, [step = 1], tools) => {
      if (!(step > 0)) return "The step of contour is a number above 0.";
      const { call, constant } = tools;
      const band = (one: Expr) => call("floor", [call("/", [one, constant(step)])]);
      const differs = (weights: readonly number[]) => call("!=", [band(x), band(convolution(x, weights, tools))]);
      return call("max", [differs([0, 0, 0, 0, 0, 1, 0, 0, 0]), differs([0, 0, 0, 0, 0, 0, 0, 1, 0])]);
    },
  }),
];
