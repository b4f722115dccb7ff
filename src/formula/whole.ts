import type { CallExpr, Expr } from "./expr.ts";

/** Whatever their arguments are, these give whole numbers. */
const ALWAYS: readonly string[] = [
  ...["//", "floor", "ceil", "round", "trunc", "sign"],
  ...["==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "isnan", "valid", "between", "step"],
  ...["bitand", "bitor", "bitxor", "shift", "bit"],
];
/** These give whole numbers of whole numbers. */
const OF_WHOLE: readonly string[] = ["+", "-", "*", "%", "neg", "abs", "min", "max", "clamp", "coalesce"];

const known = new WeakMap<Expr, boolean>();

/** Whether a number is surely without a fraction where its channels are as the file stores them; `isWhole` tells it of a channel. */
export function isWholeNumber(expr: Expr, isWhole: (channel: Exclude<Expr, CallExpr>) => boolean): boolean {
  const before = known.get(expr);
  if (before !== undefined) return before;
  const whole = judge(expr, isWhole);
  known.set(expr, whole);
  return whole;
}

function judge(expr: Expr, isWhole: (channel: Exclude<Expr, CallExpr>) => boolean): boolean {
  if (expr.kind === "const") return Number.isInteger(expr.value);
  if (expr.kind !== "call") return isWhole(expr);
  const { name } = expr.row;
  if (ALWAYS.includes(name)) return true;
  const parts = name === "where" ? expr.args.slice(1) : OF_WHOLE.includes(name) ? expr.args : null;
  return parts?.every((part) => isWholeNumber(part, isWhole)) ?? false;
}
