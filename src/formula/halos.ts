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
