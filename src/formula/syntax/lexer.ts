import { SyntaxProblem, shown } from "../problem.ts";
import type { Token, TokenKind } from "./token.ts";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["@", " Behind @ stands a channel's number, as in @3."],
  ["#", ' Comments are written /* so */; a colour is quoted, as in "#ff8800".'],
]);

const SPACE = /(?:[ \t\r\n]|\/\*[\s\S]*?\*\/)+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{ID_Start}_](?:(?!\p{Cf})\p{ID_Continue})*/uy;
const ORDINAL = /@(\d{1,6})/y;
const QUOTED = /`((?:[^`]|``)*)`/y;
const TEXT = /"([^"\r\n]*)"|'([^'\r\n]*)'/y;
const SYMBOL = /\*\*|\/\/|&&|\|\||==|!=|<=|>=|[-+*/%^!<>=?:;,.()[\]&|~]/y;
/** What may not follow a number at once: it would be part of a misspelt one. */
const NUMBER_TAIL = /[\p{ID_Continue}.]+/uy;

/** Characters that look like another, and that other: pasted from documents and messengers. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ["−", "-"],
  ["–", "-"],
  ["—", "-"],
  ["×", "*"],
  ["·", "*"],
  ["÷", "/"],
  ["∕", "/"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
  ["“", '"'],
  ["”", '"'],
  ["‘", "'"],
  ["’", "'"],
  ["（", "("],
  ["）", ")"],
  ["，", ","],
  ["；", ";"],
  ["\u00a0", " "],
]);

/** Splits a formula into tokens, the end among them. Throws SyntaxProblem at the first character that begins none. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(source);
  };
  const take = (kind: TokenKind, text: string, length: number) => {
    tokens.push({ kind, text, from: position, to: position + length });
    position += length;
  };
  while (true) {
    position += match(SPACE)?.[0].length ?? 0;
    if (position >= source.length) break;
    if (source.startsWith("/*", position)) throw unclosedComment(position);
    const number = match(NUMBER);
    if (number) {
      take("number", number[0], number[0].length);
      refuseNumberTail(source, position, number[0]);
      continue;
    }
    const name = match(NAME);
    if (name) {
      take("name", name[0], name[0].length);
      continue;
    }
    const ordinal = match(ORDINAL);
    if (ordinal) {
      take("ordinal", ordinal[1] ?? "", ordinal[0].length);
      continue;
    }
    const quoted = match(QUOTED);
    if (quoted) {
      take("quoted", (quoted[1] ?? "").replaceAll("``", "`"), quoted[0].length);
      continue;
    }
    const text = match(TEXT);
    if (text) {
      take("text", text[1] ?? text[2] ?? "", text[0].length);
      continue;
    }
    const symbol = match(SYMBOL);
    if (symbol) {
      take("symbol", symbol[0], symbol[0].length);
      continue;
    }
    throw unexpected(source, position);
  }
  tokens.push({ kind: "end", text: "", from: source.length, to: source.length });
  return tokens;
}

function refuseNumberTail(source: string, position: number, digits: string): void {
  NUMBER_TAIL.lastIndex = position;
  const tail = NUMBER_TAIL.exec(source)?.[0];
  if (tail === undefined) return;
  throw new SyntaxProblem({
    code: "BAD_NUMBER",
    message: `"${shown(digits + tail)}" is no number: write digits with one point and perhaps an exponent, such as 0.5 or 1e-3, and * between a number and a name.`,
    from: position - digits.length,
    to: position + tail.length,
  });
}

/** Found before the symbol `/` is: searching the end anew from every place would take quadratic time. */
function unclosedComment(from: number): SyntaxProblem {
  const message = "This comment is never closed: end it with */.";
  return new SyntaxProblem({ code: "UNEXPECTED_CHARACTER", message, from, to: from + 2 });
}

function unexpected(source: string, position: number): SyntaxProblem {
  const character = String.fromCodePoint(source.codePointAt(position) ?? 0);
  const from = position;
  const to = position + character.length;
  const meant = LOOKALIKES.get(character);
  if (meant !== undefined) {
    return new SyntaxProblem({
      code: "UNEXPECTED_CHARACTER",
      message: `"${shown(character)}" only looks like "${meant}": type the plain character.`,
      from,
      to,
      suggestions: [{ label: `Write "${meant}"`, replacement: meant, from, to }],
    });
  }
  if (character === "`" || character === '"' || character === "'") {
    return new SyntaxProblem({
      code: "BAD_STRING",
      message: `This ${character} is never closed: put another one behind the ${character === "`" ? "channel's name" : "text"}.`,
      from,
      to: source.length,
    });
  }
  const hint = HINTS.get(character) ?? "";
  return new SyntaxProblem({
    code: "UNEXPECTED_CHARACTER",
    message: `The character "${shown(character)}" (U+${(source.codePointAt(position) ?? 0).toString(16).toUpperCase().padStart(4, "0")}) has no meaning in a formula.${hint} A channel whose name holds it is written in backticks.`,
    from,
    to,
  });
}
