import type { Expr } from "../expr.ts";
import { difference, interval, quotient, sum } from "../interval.ts";
import { first, given, number } from "./define.ts";
import type { FunctionRow, RewriteTools } from "./row.ts";

const CHANNEL_ONLY = (name: string) =>
  `${name} takes a channel as it is stored, such as ${name}(red), not a calculation.`;

function rewritten(): never {
  throw new Error("A rewritten call is never evaluated.");
}

function phys([x]: readonly Expr[], tools: RewriteTools): Expr | string {
  const expr = given(x);
  const channel = tools.channel(expr);
  if (channel === null) return CHANNEL_ONLY("phys");
  const scaled = channel.scale === 1 ? expr : tools.call("*", [expr, tools.constant(channel.scale)]);
  return channel.offset === 0 ? scaled : tools.call("+", [scaled, tools.constant(channel.offset)]);
}

function norm([x]: readonly Expr[], tools: RewriteTools): Expr | string {
  const expr = given(x);
  const channel = tools.channel(expr);
  if (channel === null) return CHANNEL_ONLY("norm");
  if (channel.range === null) {
    return "norm needs a known range, which a float channel without a display window in its file has not: write window(x, low, high).";
  }
  const [low, high] = channel.range;
  const above = low === 0 ? expr : tools.call("-", [expr, tools.constant(low)]);
  return tools.call("/", [above, tools.constant(high - low)]);
}

export const dataRows: readonly FunctionRow[] = [
  {
    name: "phys",
    category: "data",
    parameters: [number("channel")],
    help: "Physical value of a channel: stored value · scale + offset, as its file states them.",
    example: "phys(red)",
    cost: 2,
    result: "number",
    interval: ([x]) => given(x),
    evaluate: rewritten,
    rewrite: phys,
  },
  {
    name: "norm",
    category: "data",
    parameters: [number("channel")],
    help: "A channel over the range of its type: 0 … 1 for integers; for floats over the window in the metadata.",
    example: "norm(red)",
    cost: 2,
    result: "number",
    interval: ([x]) => given(x),
    evaluate: rewritten,
    rewrite: norm,
  },
  {
    name: "nearest",
    category: "data",
    parameters: [{ name: "x", type: "any" }],
    help: "The same of samples: coarser levels that the server computes, and places between pixels of other images, take one pixel and never a mean. For codes, as of classes and flags.",
    example: "nearest(red // 32)",
    cost: 0,
    result: ([type]) => given(type),
    interval: ([x]) => given(x),
    evaluate: rewritten,
    rewrite: ([x], tools) => tools.sampled(given(x)),
  },
  {
    name: "ndi",
    aliases: ["normalized_difference"],
    category: "index",
    parameters: [number("a"), number("b")],
    help: "Normalised difference (a − b) / (a + b); within −1 … 1 where a and b are not negative.",
    example: "ndi(nir1, red)",
    cost: 6,
    result: "number",
    interval: (args) => {
      const [a, b] = [given(args[0]), given(args[1])];
      const any = quotient(difference(a, b), sum(a, b));
      return a.min >= 0 && b.min >= 0 ? interval(-1, 1, any.nan) : any;
    },
    evaluate: (ops, [a, b]) => [ops.div(ops.sub(first(a), first(b)), ops.add(first(a), first(b)))],
  },
];
