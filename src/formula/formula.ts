import type { Diagnostic } from "./diagnostic.ts";
import type { Expr, FormulaType, Interval, MeasuredExpr } from "./expr.ts";
import type { FormulaScope } from "./scope.ts";

/** A formula that was parsed, resolved and typed against an image, before what the pixels decide is known. */
export interface CheckedFormula {
  /** What the names were resolved against. */
  readonly scope: FormulaScope;
  /** Warnings; errors never reach here. */
  readonly diagnostics: readonly Diagnostic[];
  /** The outputs as written, before the display chain: 1, 3, 4 or (npy only) up to 16. */
  readonly outputs: readonly Expr[];
  /** The picture: a shade (gray) or a color; null when the number of outputs makes none. */
  readonly display: Expr | null;
  /** What the pixels decide, in order of appearance, each once. Empty: the formula is complete. */
  readonly measured: readonly MeasuredExpr[];
}

export interface WindowRange {
  readonly low: number;
  readonly high: number;
}

/** A complete formula: everything that decides a pixel stands in `canonical`. */
export interface Formula {
  readonly diagnostics: readonly Diagnostic[];
  /** Normalised text with every default written in; equal for equivalent texts. */
  readonly canonical: string;
  /** SHA-256 of the versioned canonical form, hex. */
  readonly hash: string;
  readonly display: Expr | null;
  /** The numbers before the display chain (the windows' arguments, in order), else the root: npy, probe, statistics. */
  readonly values: readonly Expr[];
  /** Type of what was written (before the display default). */
  readonly type: FormulaType;
  /** Bounds of values[0]. */
  readonly interval: Interval;
  /** Windows of the display chain, one per entry of `values` that has one. */
  readonly windows: readonly WindowRange[];
  /** All that it reads are samples, never means: nor is its picture averaged where it is scaled. */
  readonly sampled: boolean;
  /** Channels that are read, indices into the scope, ascending. */
  readonly channels: readonly number[];
  /** Keys of the other images that are read, sorted. */
  readonly images: readonly string[];
  /** Of one pixel, with the neighbors that it looks at; an addition is 1. */
  readonly cost: number;
  /** Pixels that are read beyond each side of a tile. */
  readonly halo: number;
}

export type CheckResult =
  | { readonly ok: true; readonly checked: CheckedFormula }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
