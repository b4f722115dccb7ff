import { channelsOf } from "./check/window.ts";
import type { ChannelExpr, Expr, PlacedExpr } from "./expr.ts";
import { given } from "./functions/define.ts";
import type { FormulaScope, ScopeImage } from "./scope.ts";

/** Planes that stand for a stack. */
const MOST_PLANES = 9;
/** Along z, where there are many times too. */
const MOST_OF_TWO_AXES = 3;

/** A plane of a stack; null: each channel's own along that axis. */
export interface MovedPlane {
  readonly z: number | null;
  readonly t: number | null;
}

type Leaf = ChannelExpr | PlacedExpr;

/**
 * Planes that stand for all on which a number can be read; along an axis on which its channels do not all stand on one plane (as in a maximum of
 * all z) that is left as it is. One plane where nothing can be moved.
 */
export function planesFor(root: Expr, scope: FormulaScope): readonly MovedPlane[] {
  const leaves = channelsOf(root);
  return spreadPlanes(extent(leaves, scope, "depth", "z"), extent(leaves, scope, "times", "t"));
}

/** Planes that stand for a stack, evenly spaced along each axis; null: nothing moves along it. */
export function spreadPlanes(depth: number | null, times: number | null): readonly MovedPlane[] {
  const most = times === null ? MOST_PLANES : MOST_OF_TWO_AXES;
  const some = Math.min(depth ?? 1, most);
  const alongT = Math.min(times ?? 1, Math.floor(MOST_PLANES / some));
  const alongZ = Math.min(depth ?? 1, Math.floor(MOST_PLANES / alongT));
  return spread(times, alongT).flatMap((t) => spread(depth, alongZ).map((z) => ({ z, t })));
}

/** Where a channel is read when the number that it belongs to moves to a plane. */
export function planeOf(leaf: Leaf, scope: FormulaScope, to: MovedPlane) {
  const { depth, times } = imageOf(leaf, scope);
  return { z: depth > 1 ? (to.z ?? leaf.z) : leaf.z, t: times > 1 ? (to.t ?? leaf.t) : leaf.t };
}

/** Planes along an axis; null: there is one, or the channels do not move along it together. */
function extent(leaves: readonly Leaf[], scope: FormulaScope, size: "depth" | "times", axis: "z" | "t"): number | null {
  const stacked = leaves.filter((leaf) => imageOf(leaf, scope)[size] > 1);
  const [first] = stacked;
  if (!first) return null;
  const planes = imageOf(first, scope)[size];
  const isOne = stacked.every((leaf) => leaf[axis] === first[axis] && imageOf(leaf, scope)[size] === planes);
  return isOne ? planes : null;
}

/** The middles of `count` equal parts. */
function spread(planes: number | null, count: number): readonly (number | null)[] {
  if (planes === null) return [null];
  return Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * planes) / count));
}

/** The image that a channel is of. */
export function imageOf(leaf: Leaf, scope: FormulaScope): ScopeImage {
  if (leaf.kind === "channel" || leaf.placement.image === scope.key) return scope;
  return given(scope.images?.get(leaf.placement.image));
}
