import type { Expr } from "./expr.ts";
import { passHalo } from "./neighbourhood.ts";

/** How far expressions read beyond a pixel, each worked out once. */
export class Halos {
  readonly #known = new Map<Expr, number>();

  /** Pixels on the side where it is most, those of nested neighbourhoods added. */
  of(expr: Expr): number {
    const known = this.#known.get(expr);
    if (known !== undefined) return known;
    const halo = this.#work(expr);
    this.#known.set(expr, halo);
    return halo;
  }

  #work(expr: Expr): number {
    if (expr.kind === "measured") return this.of(expr.argument);
    if (expr.kind !== "call") return 0;
    const below = Math.max(0, ...expr.args.map((one) => this.of(one)));
    const halos = (expr.row.neighbourhood?.(expr.args) ?? []).map(passHalo);
    const own = (axis: "x" | "y") => halos.reduce((sum, halo) => sum + halo[axis], 0);
    return below + Math.max(own("x"), own("y"));
  }
}

/** A neighbour of a median takes so much longer than one that is only weighed. */
const MEDIAN_TAPS = 20;

/** Neighbours that a pixel of the roots costs: of every neighbourhood once, those of medians many times. */
export function tapsOf(roots: readonly Expr[]): number {
  const seen = new Set<Expr>();
  let taps = 0;
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "measured") visit(expr.argument);
    if (expr.kind !== "call") return;
    for (const pass of expr.row.neighbourhood?.(expr.args) ?? [])
      taps += pass.taps.length * (pass.kind === "median" ? MEDIAN_TAPS : 1);
    expr.args.forEach(visit);
  };
  roots.forEach(visit);
  return taps;
}
