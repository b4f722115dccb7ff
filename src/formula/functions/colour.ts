import { colormapNames, colormapTables, findColormap } from "../colormaps/index.ts";
import { COLOUR_FORMS, colourComponents, normaliseColour } from "../colour.ts";
import { anyNan, interval } from "../interval.ts";
import { shown } from "../problem.ts";
import { suggest } from "../suggest.ts";
import { first, given } from "./define.ts";
import type { FunctionRow, Parameter } from "./row.ts";

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
    : ` Known are ${colormapNames.join(", ")}, each with _r for its reverse.`;
  return { problem: `There is no colormap "${shown(text)}".${hint}` };
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
    help: `A shade through a colormap of 256 colours: ${colormapNames.join(", ")}; _r behind the name reverses it.`,
    example: 'colormap(ndi(nir1, red), "rdylgn")',
    cost: 12,
    result: "color",
    readText: readColormap,
    interval: ([s]) => interval(0, 1, given(s).nan),
    evaluate: (ops, [s], call) => {
      const value = first(s);
      // matplotlib's rule: entry floor(256 · shade), the last one at 1.
      const entry = ops.min(ops.floor(ops.mul(value, ops.constant(256))), ops.constant(255));
      const [red, green, blue] = colormapTables(String(call.options[0]));
      const look = (table: typeof red) =>
        ops.select(ops.ne(value, value), ops.constant(Number.NaN), ops.lookup(table, entry));
      return [look(red), look(green), look(blue)];
    },
  },
];
