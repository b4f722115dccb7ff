import { colormapNames, colormapSize, colormapTables, findColormap } from "../colormaps/index.ts";
import { COLOUR_FORMS, colourComponents, normaliseColour } from "../colour.ts";
import {
  fromHsl,
  fromHsv,
  fromLab,
  hslLightness,
  hslSaturation,
  hsvSaturation,
  hsvValue,
  hue,
  luma,
  type Triple,
  toLab,
  unit,
} from "../colour-spaces.ts";
import { anyNan, interval, isBounded } from "../interval.ts";
import type { Ops } from "../ops.ts";
import { shown } from "../problem.ts";
import { suggest } from "../suggest.ts";
import { alpha, components, first, given } from "./define.ts";
import type { FunctionRow, Parameter, Value } from "./row.ts";

const shade = (name: string): Parameter => ({ name, type: "shade" });

function readColour(text: string) {
  const option = normaliseColour(text);
  return option ? { option } : { problem: `"${shown(text)}" is no colour: write ${COLOUR_FORMS}.` };
}

function readColormap(text: string) {
  const option = findColormap(text);
  if (option) return { option };
  const close = suggest(text, colormapNames);
  const hint = close[0]
    ? ` Did you mean "${close[0]}"?`
    : " All of matplotlib's and cmocean's are known, such as viridis, turbo, rdylgn or thermal, each with _r for its reverse.";
  return { problem: `There is no colormap "${shown(text)}".${hint}` };
}

/** What a colour is made of, by the names that people use; all 0…1 but for L*, a* and b*. */
const PARTS = {
  red: (_ops, [r]) => r,
  green: (_ops, [, g]) => g,
  blue: (_ops, [, , b]) => b,
  hue,
  saturation: hsvSaturation,
  value: hsvValue,
  "hsl-saturation": hslSaturation,
  lightness: hslLightness,
  l: (ops, color) => toLab(ops, color)[0],
  a: (ops, color) => toLab(ops, color)[1],
  b: (ops, color) => toLab(ops, color)[2],
} as const satisfies Readonly<Record<string, <F, D, B, C>(ops: Ops<F, D, B, C>, color: Triple<F>) => F>>;
type Part = keyof typeof PARTS;
/** Bounds of L*, and of a* and b* in sRGB, with room for rounding. */
const LAB_BOUNDS: Readonly<Partial<Record<Part, readonly [min: number, max: number]>>> = {
  l: [-0.001, 100.001],
  a: [-87, 99],
  b: [-108, 95],
};

function readPart(text: string) {
  const option = text.trim().toLowerCase();
  if (Object.hasOwn(PARTS, option)) return { option };
  return { problem: `A colour has no "${shown(text)}": write one of ${Object.keys(PARTS).join(", ")}.` };
}

const FAR = 1e6;

function space(
  name: string,
  parameters: readonly Parameter[],
  help: string,
  example: string,
  convert: <F, D, B, C>(ops: Ops<F, D, B, C>, parts: Triple<F>) => Triple<F>,
): FunctionRow {
  return {
    ...{ name, category: "colour", parameters, help, example, cost: name === "lab" ? 90 : 24, result: "color" },
    // The cubes of L*a*b* overflow for numbers that no colour has.
    interval: (args) => interval(0, 1, anyNan(args) || args.some((one) => Math.max(-one.min, one.max) > FAR)),
    evaluate: (ops, [a, b, c]) => convert(ops, [first(a), first(b), first(c)]),
  };
}

export const colourRows: readonly FunctionRow[] = [
  {
    name: "gray",
    aliases: ["grey"],
    category: "colour",
    parameters: [shade("shade")],
    help: "A shade as a grey colour.",
    example: "gray(red)",
    cost: 0,
    result: "color",
    interval: ([s]) => given(s),
    evaluate: (_ops, [s]) => [first(s), first(s), first(s)],
  },
  {
    name: "rgb",
    category: "colour",
    parameters: [shade("red"), shade("green"), shade("blue")],
    help: "Three shades as a colour; red; green; blue is the same.",
    example: "rgb(red, green, blue)",
    cost: 0,
    result: "color",
    interval: (args) => interval(0, 1, anyNan(args)),
    evaluate: (_ops, [r, g, b]) => [first(r), first(g), first(b)],
  },
  {
    name: "rgba",
    category: "colour",
    parameters: [shade("red"), shade("green"), shade("blue"), shade("alpha")],
    help: "Three shades as a colour, the fourth its opacity.",
    example: "rgba(red, green, blue, valid(red))",
    cost: 0,
    result: "color",
    interval: (args) => interval(0, 1, anyNan(args)),
    evaluate: (_ops, [r, g, b, a]) => [first(r), first(g), first(b), first(a)],
  },
  {
    name: "opacity",
    category: "colour",
    parameters: [{ name: "color", type: "color" }, shade("shade")],
    help: "A colour as opaque as the shade says: its own opacity times it.",
    example: 'opacity(colormap(red, "viridis"), window(green, 0, 200))',
    cost: 1,
    result: "color",
    interval: (args) => interval(0, 1, anyNan(args)),
    evaluate: (ops, [c, s]) => {
      const own = alpha(given(c));
      return [...components(given(c)), own === null ? first(s) : ops.mul(own, first(s))];
    },
  },
  {
    name: "tint",
    category: "colour",
    parameters: [shade("shade"), { name: "colour", type: "text" }],
    help: `A shade times a colour: black at 0, the colour at 1. The colour is ${COLOUR_FORMS}.`,
    example: 'tint(red, "#ff8800")',
    cost: 3,
    result: "color",
    readText: readColour,
    interval: ([s]) => interval(0, 1, given(s).nan),
    evaluate: (ops, [s], call) => {
      const [r, g, b] = colourComponents(String(call.options[0]));
      const scale = (component: number) => ops.mul(first(s), ops.constant(component));
      return [scale(r), scale(g), scale(b)];
    },
  },
  {
    name: "colour",
    aliases: ["color"],
    category: "colour",
    parameters: [{ name: "colour", type: "text" }],
    help: `The same colour everywhere: ${COLOUR_FORMS}.`,
    example: 'over(tint(red, "orange"), colour("#102030"))',
    cost: 0,
    result: "color",
    readText: readColour,
    interval: () => interval(0, 1, false),
    evaluate: (ops, _args, call) => {
      const [r, g, b] = colourComponents(String(call.options[0]));
      return [ops.constant(r), ops.constant(g), ops.constant(b)];
    },
  },
  {
    name: "colormap",
    category: "colour",
    parameters: [shade("shade"), { name: "name", type: "text" }],
    help: "A shade through a colormap of matplotlib or cmocean, such as viridis, turbo, rdylgn or thermal; _r behind the name reverses it.",
    example: 'colormap(ndi(nir1, red), "rdylgn")',
    cost: 12,
    result: "color",
    readText: readColormap,
    interval: ([s]) => interval(0, 1, given(s).nan),
    evaluate: (ops, [s], call) => {
      const value = first(s);
      // matplotlib's rule: entry floor(size · shade), the last one at 1.
      const name = String(call.options[0]);
      const size = colormapSize(name);
      const entry = ops.min(ops.floor(ops.mul(value, ops.constant(size))), ops.constant(size - 1));
      const [red, green, blue] = colormapTables(name);
      const look = (table: typeof red) =>
        ops.select(ops.ne(value, value), ops.constant(Number.NaN), ops.lookup(table, entry));
      return [look(red), look(green), look(blue)];
    },
  },
  space(
    "hsv",
    ["hue", "saturation", "value"].map(shade),
    "A colour by hue (turns: 0 red, 1/3 green, 2/3 blue), saturation and value; Smith 1978.",
    "hsv(window(ndi(nir1, red), -1, 1), 1, window(green, 0, 200))",
    fromHsv,
  ),
  space(
    "hsl",
    ["hue", "saturation", "lightness"].map(shade),
    "A colour by hue (turns), saturation and lightness; CSS Color Module 4.",
    "hsl(window(red, 0, 255), 1, 0.5)",
    fromHsl,
  ),
  space(
    "lab",
    ["l", "a", "b"].map((name) => ({ name, type: "number" })),
    "A colour by CIE L* (0 … 100), a* and b* (about −100 … 100) under D65, held to what sRGB can show; CIE 15:2004.",
    "lab(red / 2.55, 30, green - red)",
    fromLab,
  ),
  {
    name: "component",
    category: "colour",
    parameters: [
      { name: "color", type: "color" },
      { name: "part", type: "text" },
    ],
    help: `A part of a colour as a number: ${Object.keys(PARTS).join(", ")} (l, a and b of CIE L*a*b*).`,
    example: 'component(rgb(red, green, blue), "hue")',
    cost: 40,
    result: "number",
    readText: readPart,
    interval: ([c], call) => {
      const [min, max] = LAB_BOUNDS[String(call.options[0]) as Part] ?? [0, 1];
      return interval(min, max, given(c).nan);
    },
    evaluate: (ops, [c], call) => [partOf(ops, given(c), String(call.options[0]) as Part)],
  },
  {
    name: "luma",
    category: "colour",
    parameters: [{ name: "color", type: "color" }],
    help: "Brightness of a colour as a shade: 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R BT.709).",
    example: "luma(rgb(red, green, blue))",
    cost: 6,
    result: "shade",
    interval: ([c]) => interval(0, 1, given(c).nan),
    evaluate: (ops, [c]) => [unit(ops, luma(ops, held(ops, given(c))))],
  },
  {
    name: "saturate",
    category: "colour",
    parameters: [
      { name: "color", type: "color" },
      { name: "amount", type: "number" },
    ],
    help: "Colours stronger (amount above 1) or paler (below 1; 0 is grey): luma + amount · (colour − luma), held to 0 … 1.",
    example: "saturate(rgb(red, green, blue), 1.5)",
    cost: 15,
    result: "color",
    interval: (args) => interval(0, 1, anyNan(args) || !isBounded(given(args[1]))),
    evaluate: (ops, [c, amount]) => {
      const color = held(ops, given(c));
      const grey = luma(ops, color);
      const mix = (one: typeof grey) => unit(ops, ops.add(grey, ops.mul(first(amount), ops.sub(one, grey))));
      return withAlpha(given(c), [mix(color[0]), mix(color[1]), mix(color[2])]);
    },
  },
];

function partOf<F, D, B, C>(ops: Ops<F, D, B, C>, color: Value<F>, part: Part): F {
  const read: <T, U, V, W>(ops: Ops<T, U, V, W>, color: Triple<T>) => T = PARTS[part];
  return read(ops, held(ops, color));
}

/** Components, which calculations may have brought beyond 0…1, in these bounds. */
function held<F, D, B, C>(ops: Ops<F, D, B, C>, color: Value<F>): Triple<F> {
  const [r, g, b] = components(color);
  return [unit(ops, r), unit(ops, g), unit(ops, b)];
}

function withAlpha<F>(from: Value<F>, [r, g, b]: Triple<F>): Value<F> {
  const opacity = alpha(from);
  return opacity === null ? [r, g, b] : [r, g, b, opacity];
}
