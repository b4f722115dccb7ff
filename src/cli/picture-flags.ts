import type { Command } from "commander";
import { BandloomError } from "../core/errors.ts";
import { DEFAULT_QUALITY } from "../core/picture-defaults.ts";
import type { ValidFormula } from "../service/types/formula.ts";
import type { ServedImage } from "../service/types/image.ts";
import type { Services } from "../service/types/services.ts";

/** What commands that make pictures are told of them. */
export interface PictureFlags {
  readonly formula?: string;
  readonly preset?: string;
  readonly with?: readonly string[];
  readonly quality?: string;
  readonly lossless?: true;
}

export function pictureOptions(command: Command): Command {
  return command
    .option(
      "--formula <TEXT>",
      "what to compute (default: what the image itself is shown as, such as true color or a merge of its colored channels)",
    )
    .option("--preset <NAME>", "a formula of the library, such as NDVI, that the image has the channels for")
    .option(
      "--with <KEY=SOURCE>",
      "another image that the formula names, as in before.red; can be given again",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option("--quality <1-100>", `of jpg, webp and avif (default: ${DEFAULT_QUALITY})`)
    .option("--lossless", "webp and avif without loss");
}

/** The formula that is meant, bound to the image; advice goes to stderr where it is wanted. `numbersAlone`: as BindChoice's. BAD_REQUEST, FORMULA_INVALID, NOT_FOUND. */
export async function boundPicture(
  image: ServedImage,
  { formulas, presets }: Services,
  { formula: text, preset }: PictureFlags,
  tells: boolean,
  numbersAlone = false,
): Promise<ValidFormula> {
  if (text !== undefined && preset !== undefined)
    throw new BandloomError("BAD_REQUEST", "--formula and --preset exclude each other: give one of them.");
  const [{ presetFormula }, { invalidFormula, tellWarnings }] = await Promise.all([
    import("../service/preset-formula.ts"),
    import("./output/formula.ts"),
  ]);
  const source = preset === undefined ? (text ?? null) : await presetFormula(presets, image, preset);
  const formula = await formulas.bind(image, source, { numbersAlone });
  if (!formula.valid) throw invalidFormula(formula.source, formula.diagnostics);
  if (tells) tellWarnings(formula.source, formula.diagnostics);
  return formula;
}
