import type { Diagnostic, DiagnosticCode, Severity, Suggestion } from "./diagnostic.ts";

/** A diagnostic before its line and column are known. */
export interface Problem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly from: number;
  readonly to: number;
  readonly severity?: Severity;
  readonly suggestions?: readonly Suggestion[];
}

/** Ends parsing at the first syntax error: what follows it would only be guessed. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Lines end with LF, CR or CRLF; line and column count from 1, columns in UTF-16 code units. */
export function locate(source: string, problem: Problem): Diagnostic {
  const before = source.slice(0, problem.from).split(/\r\n|\r|\n/);
  return {
    severity: problem.severity ?? "error",
    code: problem.code,
    message: problem.message,
    from: problem.from,
    to: problem.to,
    line: before.length,
    column: (before.at(-1) ?? "").length + 1,
    suggestions: problem.suggestions ?? [],
  };
}

/** Text of a user as it may stand in a message: short, on one line, without control or invisible characters. */
export function shown(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
}
