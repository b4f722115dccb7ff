import type { FunctionRow } from "./functions/row.ts";
import type { MeasureName } from "./measures.ts";
import type { Placement } from "./placement.ts";

/** number: any float32. shade: 0…1, ready for display. color: unpremultiplied sRGB components and alpha, 0…1. */
export type FormulaType = "number" | "shade" | "color";

/** Inclusive bounds of a value over all valid pixels, by interval arithmetic; ±Infinity where nothing is known. */
export interface Interval {
  readonly min: number;
  readonly max: number;
  /** The value can be NaN (no data, division by zero, log of a negative …) for some input. */
  readonly nan: boolean;
}

/**
 * A checked expression: names are resolved, types are known, defaults are written in. Nodes are immutable and
 * shared (equal subexpressions are one object), so an Expr is a directed acyclic graph.
 */
export type Expr = ConstExpr | ChannelExpr | PlacedExpr | CallExpr | MeasuredExpr;

interface ExprBase {
  readonly type: FormulaType;
  readonly interval: Interval;
  /** Canonical text of the node: its identity. Nodes are ordered and compared by it. */
  readonly text: string;
  /** Nodes of the tree that the graph stands for, this one included. */
  readonly size: number;
}

/** A literal or a folded constant; a parameter of the kernel, never part of its code. */
export interface ConstExpr extends ExprBase {
  readonly kind: "const";
  readonly value: number;
}

/** The stored value of a channel at one plane; NaN where the source has no data. */
export interface ChannelExpr extends ExprBase {
  readonly kind: "channel";
  /** Index into the scope's channels, from 0. */
  readonly channel: number;
  readonly z: number;
  readonly t: number;
  /** Levels that are computed take samples of it, not means. Never true of a categorical channel, of which that is so anyway. */
  readonly sampled: boolean;
}

/** A channel of another image, laid over this one. */
export interface PlacedExpr extends ExprBase {
  readonly kind: "placed";
  readonly placement: Placement;
  /** Of that image, from 0. */
  readonly channel: number;
  readonly z: number;
  readonly t: number;
}

/** A function or operator of the table. */
export interface CallExpr extends ExprBase {
  readonly kind: "call";
  readonly row: FunctionRow;
  readonly args: readonly Expr[];
  /** Arguments that are structure, not values: a colormap's name, a colour literal's text, an integer exponent. */
  readonly options: readonly (string | number)[];
}

/**
 * What only the pixels can tell: a window by percentiles, the mean of an image. It is replaced by numbers before the formula has a
 * canonical text; a kernel never sees it.
 */
export interface MeasuredExpr extends ExprBase {
  readonly kind: "measured";
  readonly measure: MeasureName;
  /** Percentiles in percent, zscale's contrast. */
  readonly parameters: readonly number[];
  readonly argument: Expr;
}
