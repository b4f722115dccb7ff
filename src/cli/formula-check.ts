import { BandloomError } from "../core/errors.ts";
import { checkFormula, completeFormula, type Diagnostic, type Formula, type FormulaScope } from "../formula/index.ts";

/** What `formula check` finds. */
export interface FormulaCheck {
  readonly source: string;
  readonly valid: boolean;
  /** Null when it is invalid, or when only the pixels of an image could complete it (percentile windows). */
  readonly formula: Formula | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Completes "Checked against …". */
  readonly against: string;
  readonly channels: readonly string[];
}

const MAX_NAMES = 4096;

/** With the image's own channels, types and percentiles: what a server would make of it. */
export async function checkAgainstImage(source: string, image: string): Promise<FormulaCheck> {
  const { withImage } = await import("./with-image.ts");
  return withImage(image, {}, async (served, { formulas }) => {
    const bound = await formulas.bind(served, source);
    return {
      source,
      valid: bound.valid,
      formula: bound.valid ? bound.formula : null,
      diagnostics: bound.diagnostics,
      against: image,
      channels: served.info.channels.map(({ name }) => name),
    };
  });
}

/** With 8-bit channels of these names, or of the demo image's. */
export async function checkAgainstNames(source: string, names: string | undefined): Promise<FormulaCheck> {
  const channels = names === undefined ? await demoChannels() : channelNames(names);
  const against = names === undefined ? "the demo image's channels" : "8-bit channels of these names";
  const result = checkFormula(source, scopeOf(channels));
  const base = { source, against, channels };
  if (!result.ok) return { ...base, valid: false, formula: null, diagnostics: result.diagnostics };
  const { checked } = result;
  const formula = checked.measured.length === 0 ? completeFormula(checked, []) : null;
  return { ...base, valid: true, formula, diagnostics: checked.diagnostics };
}

async function demoChannels(): Promise<readonly string[]> {
  const { BANDS } = await import("./demo/channels.ts");
  return BANDS.map(({ name }) => name);
}

function channelNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.length <= MAX_NAMES && names.every((name) => name !== "")) return names;
  throw new BandloomError("BAD_REQUEST", `--channels is up to ${MAX_NAMES} names, separated by commas, none empty.`);
}

function scopeOf(names: readonly string[]): FormulaScope {
  const channels = names.map((name) => ({ name, dataType: "uint8", nan: false, scale: 1, offset: 0 }) as const);
  return { channels, depth: 1, times: 1, plane: { z: 0, t: 0 } };
}
