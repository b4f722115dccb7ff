import { BandloomError } from "../core/errors.ts";
import type { BoundFormula, ServedImage, Services, ValidFormula } from "../service/types.ts";

/**
 * The formula that a URL means on its image: the first of its readings that is one. FORMULA_INVALID with the diagnostics of the
 * first reading when none is.
 */
export async function bindFormula(
  { formulas }: Services,
  image: ServedImage,
  texts: readonly [string, ...string[]] | null,
  signal: AbortSignal,
): Promise<ValidFormula> {
  const [first, ...others] = texts ?? [null];
  const bound = await formulas.bind(image, first, undefined, signal);
  if (bound.valid) return bound;
  for (const text of others) {
    const other = await formulas.bind(image, text, undefined, signal);
    if (other.valid) return other;
  }
  throw invalid(bound);
}

function invalid({ diagnostics }: BoundFormula): BandloomError {
  const first = diagnostics.find(({ severity }) => severity === "error");
  const message = first ? `${first.message} (line ${first.line}, column ${first.column})` : "The formula is not valid.";
  return new BandloomError("FORMULA_INVALID", message, { details: { diagnostics } });
}
