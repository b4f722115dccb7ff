import { type Problem, SyntaxProblem, shown } from "../problem.ts";

/** So many errors are told at most: the rest mostly follow from them. */
const MAX_PROBLEMS = 20;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A name that may have been meant, and how a formula writes it. */
export interface Meant {
  readonly label: string;
  readonly replacement: string;
}

/** What is wrong with a formula, gathered. */
export class Problems {
  readonly list: Problem[] = [];

  get hasErrors(): boolean {
    return this.list.some((one) => (one.severity ?? "error") === "error");
  }

  /** Returns null, which stands for the part that is in error. Throws SyntaxProblem when there are too many. */
  error(code: Problem["code"], message: string, { from, to }: Range, meant: readonly Meant[] = []): null {
    if (this.list.length >= MAX_PROBLEMS) throw new SyntaxProblem({ code, message, from, to });
    const suggestions = meant.map(({ label, replacement }) => ({ label: shown(label), replacement, from, to }));
    this.list.push({ code, message, from, to, suggestions });
    return null;
  }

  /** Each piece of advice once, at its first place. */
  advise(code: Problem["code"], message: string, { from, to }: Range, severity: "warning" | "info" = "warning"): void {
    if (this.list.length >= MAX_PROBLEMS || this.list.some((one) => one.message === message)) return;
    this.list.push({ severity, code, message, from, to });
  }
}
