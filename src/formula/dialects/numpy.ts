import { DEFAULT_FORMULA_LIMITS } from "../limits.ts";
import { tokensOf } from "../parts.ts";
import type { Token } from "../syntax/token.ts";
import { untranslatable } from "./parts.ts";

/** What binds as % does, or closer: its left operand is a chain of them. */
const PRODUCTS: readonly string[] = ["*", "/", "//", "%"];
const POWERS: readonly string[] = ["**", "^"];
const SIGNS: readonly string[] = ["-", "~", "!"];
const BEHIND_A_VALUE: readonly string[] = [")", "]"];

/** `a % b` with the sign of b, as numpy and Python have it: here `%` has that of a, and `//` rounds down. */
export function flooredRemainder(a: string, b: string): string {
  return `((${a}) - (${b}) * ((${a}) // (${b})))`;
}

/** Every `%` of numpy as what it is here, the first one first: it stands left of the others. */
export function withFlooredRemainders(text: string): string {
  let written = text;
  for (let tokens = tokensOf(written); tokens; tokens = tokensOf(written)) {
    const at = tokens.findIndex(({ kind, text: sign }) => kind === "symbol" && sign === "%");
    const operator = tokens[at];
    if (!operator) break;
    const [from, to] = [leftOf(tokens, at), rightOf(tokens, at)];
    if (from === null || to === null) break;
    const [a, b] = [written.slice(from, operator.from).trim(), written.slice(operator.to, to).trim()];
    written = `${written.slice(0, from)}${flooredRemainder(a, b)}${written.slice(to)}`;
    if (written.length > DEFAULT_FORMULA_LIMITS.length)
      throw untranslatable("Its remainders stand within each other, and are too long written out.");
  }
  return written;
}

/** What numpy and numexpr write of bits, and formulas of something else. */
export function refuseBits(text: string): void {
  const tokens = tokensOf(text) ?? [];
  if (tokens.some(({ kind, text: sign }) => kind === "symbol" && sign === "^"))
    throw untranslatable("There, ^ is the exclusive or of bits, and here a power: write bitwise_xor(a, b), or a ** b.");
  for (const [index, { kind, text: sign }] of tokens.entries())
    if (kind === "symbol" && sign === "~" && tokens[index + 1]?.text !== "(")
      throw untranslatable(
        "~ without a condition in parentheses behind it turns the bits of a number, which depends on its type: write bitwise_xor(a, 255) for bytes, or -1 - a for signed numbers.",
      );
}

/** Where the chain of products that ends before a token begins; null: there is none. */
function leftOf(tokens: readonly Token[], at: number): number | null {
  let depth = 0;
  let first: number | null = null;
  for (let index = at - 1; index >= 0; index--) {
    const { kind, text, from } = tokens[index] as Token;
    if (kind === "symbol") {
      if (BEHIND_A_VALUE.includes(text)) depth++;
      else if (text === "(" || text === "[") depth--;
      const isPart = [...PRODUCTS, ...POWERS, "."].includes(text) || isSign(tokens, index);
      if (depth < 0 || (depth === 0 && !isPart && text !== "(" && text !== "[" && text !== ")" && text !== "]")) break;
    }
    first = from;
  }
  return first;
}

/** Where the operand behind a token ends, powers within it; null: there is none. */
function rightOf(tokens: readonly Token[], at: number): number | null {
  let depth = 0;
  let last: number | null = null;
  for (let index = at + 1; index < tokens.length; index++) {
    const { kind, text, to } = tokens[index] as Token;
    if (kind === "end") break;
    if (kind === "symbol") {
      if (text === "(" || text === "[") depth++;
      else if (BEHIND_A_VALUE.includes(text)) depth--;
      const isPart = [...POWERS, ".", "(", ")", "[", "]"].includes(text) || isSign(tokens, index);
      if (depth < 0 || (depth === 0 && !isPart)) break;
    }
    last = to;
  }
  return last;
}

/** A minus with no value before it. */
function isSign(tokens: readonly Token[], index: number): boolean {
  const { text } = tokens[index] as Token;
  const before = tokens[index - 1];
  return SIGNS.includes(text) && (!before || (before.kind === "symbol" && !BEHIND_A_VALUE.includes(before.text)));
}
