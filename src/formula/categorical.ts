import type { Expr } from "./expr.ts";

/**
 * Whether pixels of a formula are kinds or states, such as classes, masks and bits: every channel is read below a row that classifies. A
 * mean of two such pixels is no third one, so that coarser levels and places between pixels take the nearest pixel.
 */
export function isCategorical(roots: readonly Expr[]): boolean {
  const seen = new Set<Expr>();
  let classifies = false;
  const readsPlainly = (expr: Expr): boolean => {
    if (seen.has(expr)) return false;
    seen.add(expr);
    switch (expr.kind) {
      case "const":
        return false;
      case "channel":
      case "placed":
        return true;
      case "measured":
        return readsPlainly(expr.argument);
      case "call":
        if (!expr.row.classifies) return expr.args.some(readsPlainly);
        classifies = true;
        return false;
    }
  };
  return !roots.some(readsPlainly) && classifies;
}
