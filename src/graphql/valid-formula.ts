import { BandloomError } from "../core/errors.ts";
import type { BoundFormula, ValidFormula } from "../service/types/formula.ts";

/** The formula, or FORMULA_INVALID with its diagnostics: what a field answers that needs pixels of an invalid formula. */
export function assertValid(bound: BoundFormula): ValidFormula {
  if (bound.valid) return bound;
  const first = bound.diagnostics.find(({ severity }) => severity === "error");
  const message = first
    ? `The formula is not valid: ${first.message} (line ${first.line}, column ${first.column})`
    : "The formula is not valid.";
  throw new BandloomError("FORMULA_INVALID", message, { details: { diagnostics: bound.diagnostics } });
}
