import { quoteChannel } from "../print.ts";
import { SyntaxProblem } from "../problem.ts";
import type { Token } from "./token.ts";

/** What may stand before and behind `x >> 3` so that x and 3 are all that it shifts. */
const BEFORE = ["(", ",", ";", "=", "?", ":", "&", "|", "&&", "||"];
const BEHIND = [")", ",", ";", "?", ":", "&", "|", "&&", "||", "==", "!=", "<", "<=", ">", ">="];

/** `<<` or `>>` whose second sign is `token`; null where there is none. */
export function shiftSigns(tokens: readonly Token[], token: Token): SyntaxProblem | null {
  const at = tokens.indexOf(token);
  const [first, second] = [tokens[at - 1], token];
  if (first?.kind !== "symbol" || second.kind !== "symbol" || first.to !== second.from) return null;
  const signs = first.text + second.text;
  if (signs !== "<<" && signs !== ">>") return null;
  const sign = signs === "<<" ? "" : "-";
  const range = { from: first.from, to: second.to };
  const message = `${signs} is written shift, as in shift(red, ${sign}3): a negative number shifts to the right.`;
  const [shifted, count] = [tokens[at - 2], tokens[at + 1]];
  const isWhole = shifted && isOneOf(tokens[at - 3], BEFORE) && isOneOf(tokens[at + 2], BEHIND);
  const text = isWhole ? written(shifted) : null;
  if (!shifted || text === null || count?.kind !== "number")
    return new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, ...range });
  const call = `shift(${text}, ${sign}${count.text})`;
  const suggestions = [{ label: `Write ${call}`, replacement: call, from: shifted.from, to: count.to }];
  return new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message, ...range, suggestions });
}

/** The beginning and the end of the formula count as one. */
function isOneOf(token: Token | undefined, symbols: readonly string[]): boolean {
  if (token === undefined || token.kind === "end") return true;
  return token.kind === "symbol" && symbols.includes(token.text);
}

/** A value of a single token as a formula writes it; null for any other. */
function written({ kind, text }: Token): string | null {
  switch (kind) {
    case "name":
    case "number":
      return text;
    case "quoted":
      return quoteChannel(text);
    case "ordinal":
      return `@${text}`;
    default:
      return null;
  }
}
