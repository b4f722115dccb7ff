import { SyntaxProblem, shown } from "../problem.ts";
import { habitBetween } from "./habits.ts";
import { shiftSigns } from "./shifts.ts";
import type { Token } from "./token.ts";

/** What may be missing between two values: a raw + of an address is a blank, so that its writer looks there first. */
export const OPERATORS = "+ (%2B in an address) or *";

const TURNED: ReadonlyMap<string, string> = new Map([
  ["=>", ">="],
  ["=<", "<="],
  ["<>", "!="],
]);

/** Comparisons that other languages write the other way round: => =< <>. */
function turned(tokens: readonly Token[], before: Token | undefined, token: Token): SyntaxProblem | null {
  const next = tokens[tokens.indexOf(token) + 1];
  const pair = (a: Token | undefined, b: Token | undefined) =>
    a && b && a.kind === "symbol" && b.kind === "symbol" && a.to === b.from ? a.text + b.text : "";
  const right = TURNED.get(pair(token, next)) ?? TURNED.get(pair(before, token));
  if (right === undefined) return null;
  const [first, last] = TURNED.has(pair(token, next)) ? [token, next ?? token] : [before ?? token, token];
  const range = { from: first.from, to: last.to };
  const suggestions = [{ label: `Write ${right}`, replacement: right, ...range }];
  return new SyntaxProblem({ code: "UNEXPECTED_TOKEN", message: `Write ${right}.`, ...range, suggestions });
}

/** `more` is said where nothing better is known than that the token does not fit. */
export function unexpected(tokens: readonly Token[], token: Token, more = ""): SyntaxProblem {
  const range = { from: token.from, to: token.to };
  const before = tokens[tokens.indexOf(token) - 1];
  if (token.kind === "end") {
    const isPercent = before?.text === "%" && before.kind === "symbol";
    const percent = "% is the remainder of a division: write 50 percent as 0.5.";
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: isPercent ? percent : "The formula ends here, but a value is due.",
      ...range,
    });
  }
  const shift = shiftSigns(tokens, token);
  if (shift) return shift;
  const comparison = turned(tokens, before, token);
  if (comparison) return comparison;
  if (token.text === "," && token.kind === "symbol") {
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: "A comma stands between the arguments of a function; outputs are separated by ; as in red; green; blue.",
      ...range,
    });
  }
  if (token.text === "=" && token.kind === "symbol") {
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: "A single = only stands in let: to compare, write ==.",
      ...range,
      suggestions: [{ label: "Write ==", replacement: "==", ...range }],
    });
  }
  const divided = tokens.slice(0, tokens.indexOf(token) + 1).some((one) => one.kind === "symbol" && one.text === "//");
  const comment = divided ? " // is a division that rounds down: a comment is written /* so */." : "";
  const startsValue = token.kind !== "symbol" || token.text === "(";
  if (before && startsValue && (before.kind !== "symbol" || before.text === ")")) {
    const colon = `Between a number and its colour stands a colon, as in ${shown(before.text)}: "${shown(token.text)}".`;
    const missing = `There is an operator missing before "${shown(token.text)}", such as ${OPERATORS}.${more}${comment}`;
    return new SyntaxProblem({
      code: "UNEXPECTED_TOKEN",
      message: before.kind === "number" && token.kind === "text" ? colon : (habitBetween(before, token) ?? missing),
      ...range,
    });
  }
  return new SyntaxProblem({
    code: "UNEXPECTED_TOKEN",
    message: `"${shown(token.text)}" does not fit here: a value is due.${more}${comment}`,
    ...range,
  });
}
