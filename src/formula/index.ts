/** Formulas: text in, checked and canonical expressions out. Nothing here needs Node. */

export { type ChannelMatch, ChannelNames, CONSTANTS, channelText } from "./check/names.ts";
export { channelsOf } from "./check/window.ts";
export { checkFormula, imagesNamed, mayNameImages, syntaxProblems } from "./check.ts";
export { colormapColours, colormapNames, findColormap } from "./colormaps/index.ts";
export { normaliseColour } from "./colour.ts";
export {
  type Answer,
  completeFormula,
  imagesOf,
  measuredArguments,
  measuredForNumbers,
  pixelCost,
} from "./complete.ts";
export type { Diagnostic, DiagnosticCode, Severity, Suggestion } from "./diagnostic.ts";
export { type Dialect, dialectNames, translate } from "./dialects/index.ts";
export type {
  CallExpr,
  ChannelExpr,
  ConstExpr,
  Expr,
  FormulaType,
  Interval,
  MeasuredExpr,
  PlacedExpr,
} from "./expr.ts";
export type { CheckedFormula, CheckResult, Formula, WindowRange } from "./formula.ts";
export type { FunctionCategory, FunctionRow } from "./functions/row.ts";
export { signature } from "./functions/signature.ts";
export { callName, functionTable } from "./functions/table.ts";
export { type ByteOutput, componentsOf, interpret, interpretBytes, type ReadChannel } from "./interpret.ts";
export { DEFAULT_FORMULA_LIMITS, type FormulaLimits } from "./limits.ts";
export { MEASURES, widestAnswer } from "./measures.ts";
export {
  type Halo,
  type Lengths,
  mirrored,
  type Pass,
  type Pitch,
  passAt,
  passHalo,
  perPixel,
  runPass,
} from "./neighbourhood.ts";
export { partlyMeasured } from "./partly-measured.ts";
export { type FormulaParts, splitFormula } from "./parts.ts";
export { type AxisReads, axisReads, bilinear, type Placement, placedLevel } from "./placement.ts";
export { spreadPlanes } from "./planes.ts";
export {
  bandsOf,
  formulaOfPreset,
  type LibraryPreset,
  PRESET_CATEGORIES,
  type PresetCategory,
  presetLibrary,
} from "./presets/index.ts";
export { isIdentifier, quoteChannel } from "./print.ts";
export type { FormulaScope, ScopeChannel, ScopeImage } from "./scope.ts";
export { SHOWN_PERCENTILES, shownRange, shownTogether } from "./shown-range.ts";
export { suggest } from "./suggest.ts";
