import type { Expr } from "../expr.ts";
import { given, number } from "./define.ts";
import type { FunctionRow, RewriteTools } from "./row.ts";

/** How planes are put together: calls that the table has already. */
type Combine = (planes: readonly Expr[], tools: RewriteTools) => Expr;

const call =
  (name: string): Combine =>
  (planes, tools) =>
    planes.length === 1 ? given(planes[0]) : tools.call(name, planes);
const sum: Combine = (planes, tools) => planes.reduce((left, right) => tools.call("+", [left, right]));
const mean: Combine = (planes, tools) =>
  planes.length === 1 ? given(planes[0]) : tools.call("/", [sum(planes, tools), tools.constant(planes.length)]);

function projection(name: string, what: string, combine: Combine): FunctionRow {
  return {
    name,
    category: "planes",
    parameters: [
      number("channel"),
      { name: "from", type: "number", default: Number.NaN },
      { name: "to", type: "number", default: Number.NaN },
    ],
    help: `${what} of a channel's planes, of all or from one z to another; no data where one of them has none.`,
    example: `${name}(red)`,
    cost: 8,
    result: "number",
    interval: ([x]) => given(x),
    evaluate: () => {
      throw new Error("A rewritten call is never evaluated.");
    },
    rewrite: (args, tools) => {
      const [channel, from, to] = args;
      const planes = tools.planes(given(channel));
      if (planes === null) return `${name} takes a channel, such as ${name}(red), not a calculation.`;
      const [first, last] = [placeOf(from, 0), placeOf(to, planes.length - 1)];
      if (first === null || last === null || first > last || last >= planes.length)
        return `The planes of ${name} are whole numbers from 0 to ${planes.length - 1}, the first one first.`;
      return combine(planes.slice(first, last + 1), tools);
    },
  };
}

function placeOf(expr: Expr | undefined, otherwise: number): number | null {
  if (expr === undefined) return otherwise;
  return expr.kind === "const" && Number.isInteger(expr.value) && expr.value >= 0 ? expr.value : null;
}

export const planeRows: readonly FunctionRow[] = [
  projection("zmax", "Greatest value", call("max")),
  projection("zmin", "Least value", call("min")),
  projection("zmean", "Mean", mean),
  projection("zsum", "Sum", sum),
];
