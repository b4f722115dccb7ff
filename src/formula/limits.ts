/** Bounds on a formula, checked before the work that they bound. */
export interface FormulaLimits {
  /** UTF-16 code units; a longer text is not even read. */
  readonly length: number;
  /** Brackets, calls and unary signs within each other: bounds the parser's recursion. */
  readonly depth: number;
  /** Nodes of the tree with every `let` written out: bounds the kernel and the canonical text. */
  readonly nodes: number;
  /** Different channels (planes count apart): bounds the chunks of one tile. */
  readonly channels: number;
  /** Pixels that neighbourhood functions may read beyond each side of a tile, nested ones together. */
  readonly halo: number;
  /** Neighbours that all neighbourhood functions read for one pixel: bounds the time of a tile. */
  readonly taps: number;
}

export const DEFAULT_FORMULA_LIMITS: FormulaLimits = {
  length: 16_384,
  depth: 64,
  nodes: 1000,
  channels: 64,
  halo: 128,
  taps: 4000,
};
