import type { Expr, FormulaType, Interval } from "../expr.ts";
import type { Ops } from "../ops.ts";

/** What evaluating an expression gives: one component for a number or a shade, four for a color. */
export type Value<F> = readonly [F] | readonly [r: F, g: F, b: F, a: F];

export type FunctionCategory =
  | "operator"
  | "arithmetic"
  | "power"
  | "trigonometry"
  | "logic"
  | "index"
  | "display"
  | "data"
  | "colour"
  | "blending";

/** One formal parameter. `text` parameters take a quoted literal; `rest` may repeat; `default` makes it optional. */
export interface Parameter {
  readonly name: string;
  readonly type: FormulaType | "text" | "any";
  readonly default?: number | string;
  readonly rest?: boolean;
}

/** What a row knows of one call besides its argument values. */
export interface CallContext {
  readonly options: readonly (string | number)[];
  readonly types: readonly FormulaType[];
  /** Folding and evaluation see the same arguments; channel facts (scale, offset) reach `phys` by its rewrite. */
  readonly args: readonly Expr[];
}

/**
 * One row of the language: everything the project knows of an operator or a function. Parser, checker, canonical
 * printer, interpreter, kernel emitter, help, completion and docs are all derived from these fields.
 */
export interface FunctionRow {
  readonly name: string;
  /** Other accepted spellings (numexpr's `arctan2`, `maximum` …); the canonical text writes `name`. */
  readonly aliases?: readonly string[];
  readonly category: FunctionCategory;
  readonly parameters: readonly Parameter[];
  readonly help: string;
  readonly example: string;
  /** a∘b = b∘a bit for bit: the canonical form may order the operands. */
  readonly commutative?: boolean;
  /** Relative cost of one pixel; an addition is 1. */
  readonly cost: number;
  readonly result: FormulaType | ((types: readonly FormulaType[]) => FormulaType);
  /** Bounds of the result from the bounds of the arguments (components of colors share one interval). */
  readonly interval: (args: readonly Interval[], call: CallContext) => Interval;
  /** The one definition of the values, run by the interpreter on numbers and by the emitter on SIMD lanes. */
  readonly evaluate: <F, D, B, C>(ops: Ops<F, D, B, C>, args: readonly Value<F>[], call: CallContext) => Value<F>;
}
