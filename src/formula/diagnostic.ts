/** A replacement of source[from, to) that would mend the text. Offsets are half-open UTF-16 code units. */
export interface Suggestion {
  readonly label: string;
  readonly replacement: string;
  readonly from: number;
  readonly to: number;
}

export type Severity = "error" | "warning" | "info";

export const DIAGNOSTIC_CODES = [
  "EMPTY",
  "TOO_LONG",
  "TOO_DEEP",
  "TOO_MANY_NODES",
  "TOO_MANY_CHANNELS",
  "UNEXPECTED_CHARACTER",
  "UNEXPECTED_TOKEN",
  "BAD_NUMBER",
  "BAD_STRING",
  "UNKNOWN_NAME",
  "AMBIGUOUS_NAME",
  "UNKNOWN_FUNCTION",
  "REDEFINED_NAME",
  "WRONG_ARITY",
  "TYPE_MISMATCH",
  "BAD_ARGUMENT",
  "CHAINED_COMPARISON",
  "OUTPUT_COUNT",
  "UNKNOWN_IMAGE",
  "SHADOWED_NAME",
  "MISLEADING_NAME",
  "PRECISION",
  "SAMPLING",
  "NEIGHBOURHOOD",
  "MEASURED_IN_PART",
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** What is wrong with a formula, where, and what to do. Offsets are half-open UTF-16 code units; line and column count from 1. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
  readonly suggestions: readonly Suggestion[];
}
