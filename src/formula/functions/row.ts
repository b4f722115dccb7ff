import type { Expr, FormulaType, Interval } from "../expr.ts";
import type { MeasureName } from "../measures.ts";
import type { Pass } from "../neighbourhood.ts";
import type { Ops } from "../ops.ts";

/** What evaluating an expression gives: one component for a number or a shade, three for an opaque color, four with alpha. */
export type Value<F> = readonly [F] | readonly [r: F, g: F, b: F] | readonly [r: F, g: F, b: F, a: F];

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
  | "blending"
  | "planes"
  | "statistics"
  | "neighbourhood";

/**
 * One formal parameter. number takes numbers and shades; shade takes shades, and numbers through a window by the display
 * rules; color takes colors, and shades as greys; any takes all; text takes a quoted literal, checked by `readText`; stop takes a number
 * and its colour, as in 0.5: "teal".
 */
export interface Parameter {
  readonly name: string;
  readonly type: FormulaType | "text" | "stop" | "any";
  readonly default?: number;
  /** May repeat, at least once. */
  readonly rest?: boolean;
}

/** What a row knows of one call besides its argument values. */
export interface CallContext {
  readonly options: readonly (string | number)[];
  readonly args: readonly Expr[];
}

/** How a rewriting row builds its result. */
export interface RewriteTools {
  constant(value: number): Expr;
  call(name: string, args: readonly Expr[]): Expr;
  /** What lengths of the image's place are: meters, or what has to be made meters; null: nobody knows. */
  readonly ground: "meters" | "converted" | null;
  /** Facts of the channel that an expression is, or null when it is none. */
  channel(expr: Expr): RewriteChannel | null;
  /** Whether a number is surely without a fraction where channels are as the file stores them. */
  isWhole(expr: Expr): boolean;
  /** The same expression, of whose channels samples are taken and no means. */
  sampled(expr: Expr): Expr;
  /** The planes of a channel from z = 0, at its time; null when it is none. */
  planes(expr: Expr): readonly Expr[] | null;
  /** What the pixels tell of a number. */
  measured(measure: MeasureName, expr: Expr, parameters?: readonly number[]): Expr;
  /** Window by the display rules, or by percentiles when they are given. */
  window(expr: Expr, percentiles?: readonly [low: number, high: number]): Expr;
}

interface RewriteChannel {
  readonly scale: number;
  readonly offset: number;
  /** Smallest and greatest stored value; null for floats without a window in the metadata. */
  readonly range: readonly [min: number, max: number] | null;
  /** As the file writes it; null: the file does not tell. */
  readonly unit: string | null;
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
  /** Bit for bit: the canonical form orders two operands (`pair`) or all of them (`all`). */
  readonly commutative?: "pair" | "all";
  /** Applies to each component of colors; alpha is the least of the operands'. */
  readonly componentwise?: boolean;
  /** Relative cost of one pixel; an addition is 1. */
  readonly cost: number;
  readonly result: FormulaType | ((types: readonly FormulaType[]) => FormulaType);
  /** Bounds of the result from the bounds of the arguments (components of colors share one interval). */
  readonly interval: (args: readonly Interval[], call: CallContext) => Interval;
  /** The one definition of the values, run by the interpreter on numbers and by the emitter on SIMD lanes. */
  readonly evaluate: <F, D, B, C>(ops: Ops<F, D, B, C>, args: readonly Value<F>[], call: CallContext) => Value<F>;
  /** Normalises a text argument, or says in a sentence what is wrong with it. */
  readonly readText?: (text: string) => { readonly option: string } | { readonly problem: string };
  /** What is wrong with the arguments of this call, in a sentence; null when nothing is. */
  readonly refuse?: (args: readonly Expr[], options: readonly string[]) => string | null;
  /** What may surprise in a call that is right, in a sentence; null when nothing does. */
  readonly advise?: (args: readonly Expr[], tools: RewriteTools) => string | null;
  /** It tells values one by one, as of classes and flags: a mean of two of them is a third one, or none. */
  readonly ofCodes?: boolean;
  /** Canonical text of an option; in quotes where absent. */
  readonly printOption?: (option: string) => string;
  /**
   * Steps from the plane of the first argument to the plane of the result. Such a row is not evaluated pixel by pixel: its plane is an
   * input of the kernel.
   */
  readonly neighbourhood?: (args: readonly Expr[]) => readonly Pass[];
  /** Replaces the call by other calls when it is checked; such a row is never evaluated. A string says what is wrong. */
  readonly rewrite?: (args: readonly Expr[], tools: RewriteTools) => Expr | string;
}
