import type { ExprBuilder } from "./check/builder.ts";
import { Checker } from "./check/checker.ts";
import { keysIn } from "./check/images.ts";
import { canonicalText, completeRoots } from "./complete.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Expr } from "./expr.ts";
import type { CheckedFormula, CheckResult } from "./formula.ts";
import { DEFAULT_FORMULA_LIMITS, type FormulaLimits } from "./limits.ts";
import { measuredBelow, widestAnswer } from "./measures.ts";
import { locate, type Problem, SyntaxProblem } from "./problem.ts";
import type { FormulaScope } from "./scope.ts";
import { parse } from "./syntax/parser.ts";
import type { SyntaxTree } from "./syntax/tree.ts";

/** A call of image, or a name behind a point. */
const MAY_NAME_IMAGES = /image|\.\s*[^\s\d]/;

/** Planes that `npy` can hold. */
const MAX_OUTPUTS = 16;

/**
 * Parse, resolve and type a formula text against the channels of an image. Never throws for any text: what is wrong comes
 * back as diagnostics. Work is bounded by `limits`, whatever the text.
 */
export function checkFormula(
  source: string,
  scope: FormulaScope,
  limits: FormulaLimits = DEFAULT_FORMULA_LIMITS,
): CheckResult {
  if (source.length > limits.length) return { ok: false, diagnostics: [tooLong(source, limits)] };
  const checker = new Checker(scope, limits);
  try {
    const tree = parse(source, limits);
    const outputs = checker.run(tree);
    const display = outputs && displayOf(checker, outputs, tree);
    const diagnostics = checker.problems.list.map((problem) => locate(source, problem));
    if (outputs === null || display === undefined) return { ok: false, diagnostics };
    const measured = measuredBelow(display ? [display] : outputs);
    const checked = { scope, diagnostics, outputs, display, measured };
    refuseUnwritable(checked, limits, source.length);
    return { ok: true, checked };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const problems: Problem[] = [...checker.problems.list, error.problem];
    return { ok: false, diagnostics: problems.map((problem) => locate(source, problem)) };
  }
}

/** A look at the text tells it apart from those that surely name none. */
export function mayNameImages(source: string, limits: FormulaLimits = DEFAULT_FORMULA_LIMITS): boolean {
  return source.length <= limits.length && MAY_NAME_IMAGES.test(source);
}

/**
 * Keys of the other images that a text names, for the scope to hold those that there are. A text that cannot be parsed names none; a
 * name may turn out to mean something else.
 */
export function imagesNamed(source: string, limits: FormulaLimits = DEFAULT_FORMULA_LIMITS): readonly string[] {
  if (!mayNameImages(source, limits)) return [];
  try {
    return keysIn(parse(source, limits));
  } catch (error) {
    if (error instanceof SyntaxProblem) return [];
    throw error;
  }
}

/** What keeps a text from being a formula of any image; names and types only an image can judge. */
export function syntaxProblems(source: string, limits: FormulaLimits = DEFAULT_FORMULA_LIMITS): readonly Diagnostic[] {
  if (source.length > limits.length) return [tooLong(source, limits)];
  try {
    parse(source, limits);
    return [];
  } catch (error) {
    if (error instanceof SyntaxProblem) return [locate(source, error.problem)];
    throw error;
  }
}

function tooLong({ length }: string, limits: FormulaLimits): Diagnostic {
  const message = `The formula has ${length} characters; ${limits.length} are allowed.`;
  return locate("", { code: "TOO_LONG", message, from: 0, to: length });
}

/** The picture that the outputs make; null: none, only numbers; undefined: after an error. */
function displayOf(checker: Checker, outputs: readonly Expr[], tree: SyntaxTree): Expr | null | undefined {
  const [only] = outputs;
  if (outputs.length === 1 && only) return checker.shade(only);
  const colour = outputs.findIndex((one) => one.type === "color");
  const place = tree.outputs[Math.max(colour, 0)];
  const range = { from: place?.from ?? 0, to: place?.to ?? 0 };
  if (colour >= 0) {
    const message = "A list of outputs holds numbers or shades, and this is a colour: blend colours with over or add.";
    checker.problems.error("TYPE_MISMATCH", message, range);
    return undefined;
  }
  if (outputs.length > MAX_OUTPUTS) {
    const message = `There are ${outputs.length} outputs; ${MAX_OUTPUTS} are allowed, and 1, 3 or 4 make a picture.`;
    checker.problems.error("OUTPUT_COUNT", message, range);
    return undefined;
  }
  const builder: ExprBuilder = checker.builder;
  const shades = () => outputs.map((one) => checker.shade(one));
  if (outputs.length === 3) return builder.named("rgb", shades());
  if (outputs.length === 4) return builder.named("rgba", shades());
  return null;
}

/** URLs carry the canonical text, so it must itself keep the limits, with every `let` and everything measured written out. */
function refuseUnwritable(checked: CheckedFormula, limits: FormulaLimits, to: number): void {
  const text = canonicalText(completeRoots(checked, checked.measured.map(widestAnswer)));
  if (text.length > limits.length) {
    const message = `The formula has ${text.length} characters, every let and everything measured written out; ${limits.length} are allowed.`;
    throw new SyntaxProblem({ code: "TOO_LONG", message, from: 0, to });
  }
  try {
    parse(text, limits);
  } catch (error) {
    throw error instanceof SyntaxProblem ? new SyntaxProblem({ ...error.problem, from: 0, to }) : error;
  }
}
