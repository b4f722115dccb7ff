import type { Expr } from "./expr.ts";
import type { FunctionRow } from "./functions/row.ts";
import { callName } from "./functions/table.ts";

const SUM = 5;
const SIGN = 7;
const ATOM = 9;

/** Binding strength of what the text of a node is; operands that bind less are put into parentheses. */
const STRENGTH: ReadonlyMap<string, number> = new Map([
  ["||", 1],
  ["&&", 2],
  ["==", 3],
  ["!=", 3],
  ["<", 4],
  ["<=", 4],
  [">", 4],
  [">=", 4],
  ["+", SUM],
  ["-", SUM],
  ["*", 6],
  ["/", 6],
  ["//", 6],
  ["%", 6],
  ["neg", SIGN],
  ["!", SIGN],
  ["^", 8],
]);
const COMPARISONS: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

/** The shortest decimal text that reads back as the same float32. NaN and the infinities are written as calculations. */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return "(0 / 0)";
  if (value === Number.POSITIVE_INFINITY) return "1e999";
  if (value === Number.NEGATIVE_INFINITY) return "-1e999";
  if (Object.is(value, -0)) return "-0";
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text)).replace("e+", "e");
  }
  return String(value).replace("e+", "e");
}

/** Canonical text of a call. Text arguments are options and stand behind the values, as in the rows' parameters. */
export function printCall(row: FunctionRow, args: readonly Expr[], options: readonly (string | number)[]): string {
  const strength = STRENGTH.get(row.name);
  if (strength === undefined) {
    const written = [
      ...args.map((one) => one.text),
      ...options.map((one) => row.printOption?.(String(one)) ?? JSON.stringify(one)),
    ];
    return `${callName(row) ?? row.name}(${written.join(", ")})`;
  }
  const [a, b] = args;
  if (a === undefined) throw new Error("An operator has operands.");
  if (b === undefined) return `${row.name === "neg" ? "-" : row.name}${bracketed(a, strength)}`;
  // Of the unary operators, only a minus may stand behind ^ without parentheses.
  if (row.name === "^") return `${bracketed(a, ATOM)} ^ ${isNegative(b) ? b.text : bracketed(b, strength)}`;
  // Left operands of the same strength need no parentheses; comparisons do not chain, so all of theirs do.
  if (COMPARISONS.includes(row.name)) return `${bracketed(a, SUM)} ${row.name} ${bracketed(b, SUM)}`;
  return `${bracketed(a, strength)} ${row.name} ${bracketed(b, strength + 1)}`;
}

/** Whether an operand goes on without parentheses in front of the operator, and not behind it: a + b before + c. */
export function chains(row: FunctionRow, operand: Expr): boolean {
  return STRENGTH.get(row.name) === strengthOf(operand);
}

function strengthOf(expr: Expr): number {
  if (expr.kind === "const") return expr.text.startsWith("-") ? SIGN : ATOM;
  if (expr.kind !== "call") return ATOM;
  return STRENGTH.get(expr.row.name) ?? ATOM;
}

function bracketed(expr: Expr, least: number): string {
  return strengthOf(expr) < least ? `(${expr.text})` : expr.text;
}

/** A number or an expression that begins with a minus and is held together by it. */
function isNegative(expr: Expr): boolean {
  return expr.text.startsWith("-") && strengthOf(expr) === SIGN;
}

/** What can be written without backticks; invisible characters, which joiners are, cannot. */
const IDENTIFIER = /^[\p{ID_Start}_](?:(?!\p{Cf})\p{ID_Continue})*$/u;
const KEYWORDS: readonly string[] = ["let", "use"];

/** Whether a name can be written without backticks. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !KEYWORDS.includes(name);
}

/** A channel's name as a formula can write it, in backticks where it is no identifier. */
export function quoteChannel(name: string): string {
  if (isIdentifier(name)) return name;
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Whether a name can be written at all: not empty, no control characters, no broken surrogate pairs. */
export function isWritable(name: string): boolean {
  return name !== "" && !/[\p{Cc}\p{Cs}]/u.test(name);
}
