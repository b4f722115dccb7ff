import type { DataType } from "../../src/core/dtype.ts";
import {
  type Answer,
  type CheckedFormula,
  checkFormula,
  completeFormula,
  type Diagnostic,
  type Formula,
  type FormulaLimits,
  type FormulaScope,
  MEASURES,
  type ScopeChannel,
} from "../../src/formula/index.ts";

export function channel(name: string, dataType: DataType = "uint8", facts: Partial<ScopeChannel> = {}): ScopeChannel {
  return { name, dataType, nan: false, scale: 1, offset: 0, ...facts };
}

export function scopeOf(channels: readonly ScopeChannel[], planes: Partial<FormulaScope> = {}): FormulaScope {
  return { channels, depth: 1, times: 1, plane: { z: 0, t: 0 }, ...planes };
}

/** A small image: three colours and an ultraviolet channel of bytes, one of 16 bits, one of floats. */
export const SCOPE: FormulaScope = scopeOf([
  channel("red"),
  channel("green"),
  channel("blue"),
  channel("UV-1"),
  channel("nir", "uint16"),
  channel("heat", "float32", { nan: true }),
]);

/** What is wrong with a text; none when nothing is. Warnings count. */
export function diagnose(text: string, scope = SCOPE, limits?: FormulaLimits): readonly Diagnostic[] {
  const result = checkFormula(text, scope, limits);
  return result.ok ? result.checked.diagnostics : result.diagnostics;
}

/** The only diagnostic of a text that is refused. */
export function refusal(text: string, scope = SCOPE, limits?: FormulaLimits): Diagnostic {
  const result = checkFormula(text, scope, limits);
  if (result.ok) throw new Error(`${text} was accepted`);
  const [first, ...others] = result.diagnostics;
  if (!first || others.length > 0) throw new Error(`${text} has ${result.diagnostics.length} diagnostics`);
  return first;
}

export function checked(text: string, scope = SCOPE, limits?: FormulaLimits): CheckedFormula {
  const result = checkFormula(text, scope, limits);
  if (result.ok) return result.checked;
  throw new Error(`${text}: ${result.diagnostics.map(({ code, message }) => `${code} ${message}`).join("; ")}`);
}

/** Open windows become 10 … 20. */
export function complete(text: string, scope = SCOPE): Formula {
  const formula = checked(text, scope);
  return completeFormula(
    formula,
    answersTo(formula, () => [10, 20]),
  );
}

/** Answers of the length that each measure has, between ends of its own. */
export function answersTo(
  formula: CheckedFormula,
  ends: (index: number) => readonly [low: number, high: number],
): readonly Answer[] {
  return formula.measured.map(({ measure }, index) => {
    const { count } = MEASURES[measure];
    const [low, high] = ends(index);
    return Array.from({ length: count }, (_, at) => low + ((high - low) * at) / Math.max(1, count - 1));
  });
}

export function canonical(text: string, scope = SCOPE): string {
  return complete(text, scope).canonical;
}

/** Canonical text of a number, without the window that shows it. */
export function written(text: string, scope = SCOPE): string {
  const [output] = checked(text, scope).outputs;
  if (!output) throw new Error("A formula has an output.");
  return output.text;
}
