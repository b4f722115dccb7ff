import { isFloat } from "../core/dtype.ts";
import { channelsOf } from "./check/window.ts";
import type { ChannelExpr, Expr, PlacedExpr } from "./expr.ts";
import { given } from "./functions/define.ts";
import type { Placement } from "./placement.ts";
import { imageOf } from "./planes.ts";
import type { FormulaScope } from "./scope.ts";

type Leaf = ChannelExpr | PlacedExpr;

/** Whether all that is read are samples, never means: then what lies between two pixels of a picture is one of them too. */
export function isSampled(roots: readonly Expr[], scope: FormulaScope): boolean {
  const leaves = roots.flatMap(channelsOf);
  return leaves.length > 0 && leaves.every((leaf) => !isAveraged(leaf, scope));
}

/**
 * A channel of which a function that tells codes apart reads means, at coarser levels or between the pixels of another image; null: there is none. A
 * calculation before it (`floor(x / 16) == 3`) has thought of fractions.
 */
export function meansOfCodes(roots: readonly Expr[], scope: FormulaScope): Leaf | null {
  const seen = new Set<Expr>();
  const find = (expr: Expr): Leaf | null => {
    if (seen.has(expr)) return null;
    seen.add(expr);
    if (expr.kind === "measured") return find(expr.argument);
    if (expr.kind !== "call") return null;
    const leaves = expr.row.ofCodes && hasConstants(expr) ? expr.args.filter(isLeaf) : [];
    return leaves.find((leaf) => holdsMeans(leaf, scope)) ?? expr.args.map(find).find((leaf) => leaf !== null) ?? null;
  };
  return roots.map(find).find((leaf) => leaf !== null) ?? null;
}

/** Two channels that are compared are amounts, most of the time. */
function hasConstants({ args, options }: Expr & { readonly kind: "call" }): boolean {
  return options.length > 0 || args.some(({ kind }) => kind === "const");
}

/** Of whole numbers, where the image has levels that are computed, or does not lie pixel on pixel. */
function holdsMeans(leaf: Leaf, scope: FormulaScope): boolean {
  const { channels, averaged = false } = imageOf(leaf, scope);
  const { dataType } = given(channels[leaf.channel]);
  if (isFloat(dataType) || dataType === "bit" || !isAveraged(leaf, scope)) return false;
  return averaged || (leaf.kind === "placed" && !isInPlace(leaf.placement));
}

function isInPlace({ dx, dy, scale }: Placement): boolean {
  return dx === 0 && dy === 0 && scale === 1;
}

function isAveraged(leaf: Leaf, scope: FormulaScope): boolean {
  if (leaf.kind === "placed") return !leaf.placement.nearest;
  return !leaf.sampled && !scope.channels[leaf.channel]?.categorical;
}

function isLeaf(expr: Expr): expr is Leaf {
  return expr.kind === "channel" || expr.kind === "placed";
}
