import { BandloomError } from "../../core/errors.ts";
import type { Diagnostic } from "../../formula/index.ts";
import { formatDiagnostic } from "./diagnostics.ts";

/** FORMULA_INVALID with every diagnostic in its message, for people, and as data. */
export function invalidFormula(source: string, diagnostics: readonly Diagnostic[]): BandloomError {
  const message = `The formula is not valid.\n${diagnostics.map((one) => formatDiagnostic(source, one)).join("\n")}`;
  return new BandloomError("FORMULA_INVALID", message, { details: { diagnostics } });
}

/** Warnings of a valid formula, on stderr. */
export function tellWarnings(source: string, diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) process.stderr.write(`${formatDiagnostic(source, one)}\n`);
}
