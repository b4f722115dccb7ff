import type { FunctionRow, Parameter } from "./row.ts";

/** How a row is called by a name of it: parameters with their types and defaults. */
export function signature(name: string, row: FunctionRow): string {
  return `${name}(${row.parameters.map(parameterText).join(", ")})`;
}

/** `low: number = 0.5`, `count: number?` where leaving it out means something of its own, `…more: color` where it may repeat. */
function parameterText({ name, type, default: value, rest }: Parameter): string {
  const typed = `${rest ? "…" : ""}${name}${type === "any" ? "" : `: ${type}`}`;
  if (value === undefined) return typed;
  return Number.isNaN(value) ? `${typed}?` : `${typed} = ${value}`;
}
