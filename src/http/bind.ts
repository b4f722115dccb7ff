import { BandloomError } from "../core/errors.ts";
import { presetFormula } from "../service/preset-formula.ts";
import type { BindChoice, BoundFormula, ValidFormula } from "../service/types/formula.ts";
import type { ServedImage } from "../service/types/image.ts";
import type { Services } from "../service/types/services.ts";
import type { FormulaParameters } from "./formula-parameter.ts";

/**
 * The formula that a URL means on its image: the first of its readings that is one. FORMULA_INVALID with the diagnostics of the
 * first reading when none is. NOT_FOUND for a preset that there is not for the image. `choice`: it is for numbers alone.
 */
export async function bindFormula(
  { formulas, presets }: Services,
  image: ServedImage,
  { formulas: texts, preset }: Pick<FormulaParameters, "formulas" | "preset">,
  signal: AbortSignal,
  choice: Pick<BindChoice, "numbersAlone"> = {},
): Promise<ValidFormula> {
  const [first, ...others] = preset === null ? (texts ?? [null]) : [await presetFormula(presets, image, preset)];
  const bound = await formulas.bind(image, first, choice, signal);
  if (bound.valid) return bound;
  for (const text of others) {
    const other = await formulas.bind(image, text, choice, signal);
    if (other.valid) return other;
  }
  throw invalid(bound);
}

function invalid({ diagnostics }: BoundFormula): BandloomError {
  const first = diagnostics.find(({ severity }) => severity === "error");
  const message = first ? `${first.message} (line ${first.line}, column ${first.column})` : "The formula is not valid.";
  return new BandloomError("FORMULA_INVALID", message, { details: { diagnostics } });
}
