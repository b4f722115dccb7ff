import type { Suggestion } from "../diagnostic.ts";
import { DEFAULT_FORMULA_LIMITS } from "../limits.ts";
import { SyntaxProblem } from "../problem.ts";
import { parse } from "../syntax/parser.ts";

/** Operators on bits in one text at most: each is found by reading the text anew. */
const MOST = 100;

/** `&`, `|`, `<<` and `>>` of numpy and numexpr as the functions that they are here; between conditions they may stand. */
export function withBits(text: string): string {
  let written = text;
  for (let round = 0; round < MOST; round++) {
    const fix = fixOf(written);
    if (fix === null) break;
    written = written.slice(0, fix.from) + fix.replacement + written.slice(fix.to);
  }
  return written;
}

function fixOf(text: string): Suggestion | null {
  if (text.length > DEFAULT_FORMULA_LIMITS.length) return null;
  try {
    parse(text, DEFAULT_FORMULA_LIMITS);
    return null;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const [first] = error.problem.suggestions ?? [];
    return first && /^(?:bitand|bitor|shift)\(/.test(first.replacement) ? first : null;
  }
}
