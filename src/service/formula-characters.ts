import type { Expr, Formula } from "../formula/index.ts";

/** Characters that a formula holds: each of its nodes has a text of its own, so a long chain holds the square of its length. */
export function formulaCharacters({ canonical, display, values }: Formula): number {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "call") expr.args.forEach(visit);
  };
  for (const root of display ? [display, ...values] : values) visit(root);
  return [...seen].reduce((sum, { text }) => sum + text.length, canonical.length);
}
