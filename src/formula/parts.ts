import { DEFAULT_FORMULA_LIMITS } from "./limits.ts";
import { SyntaxProblem } from "./problem.ts";
import { tokenize } from "./syntax/lexer.ts";
import type { Token } from "./syntax/token.ts";

/** A formula text cut at its semicolons, without the space and comments around the parts. */
export interface FormulaParts {
  /** `let …` with the semicolons between them and behind the last; empty where there is none. */
  readonly prelude: string;
  readonly outputs: readonly string[];
}

/** Null for a text that is too long, or holds no tokens of a formula: it is left to the check to say what is wrong. */
export function splitFormula(source: string): FormulaParts | null {
  const tokens = source.length > DEFAULT_FORMULA_LIMITS.length ? null : tokensOf(source);
  if (!tokens) return null;
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "symbol" && token.text === ";") parts.push([]);
    else if (token.kind !== "end") parts.at(-1)?.push(token);
  }
  const filled = parts.filter((part) => part.length > 0);
  const isBinding = ([first, second]: readonly Token[]) => first?.kind === "name" && second?.kind === "name";
  const outputs = filled.filter((part) => !isBinding(part));
  const bindings = filled.filter(isBinding);
  const text = (part: readonly Token[]) => source.slice(part[0]?.from ?? 0, part.at(-1)?.to ?? 0);
  return { prelude: bindings.map((part) => `${text(part)}; `).join(""), outputs: outputs.map(text) };
}

/** Null for what cannot be split: the formula's own check says why. */
export function tokensOf(source: string): readonly Token[] | null {
  try {
    return tokenize(source);
  } catch (error) {
    if (error instanceof SyntaxProblem) return null;
    throw error;
  }
}
