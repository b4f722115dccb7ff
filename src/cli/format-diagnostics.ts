import type { Diagnostic } from "../formula/index.ts";

/** What is wrong with a formula, for people: where, the line with a mark under the place, and what would mend it. */
export function formatDiagnostics(source: string, diagnostics: readonly Diagnostic[]): string {
  const lines = source.split(/\r\n|\r|\n/);
  return diagnostics
    .map(({ severity, message, line, column, from, to, suggestions }) => {
      const text = lines[line - 1] ?? "";
      const length = Math.max(1, Math.min(to - from, text.length - column + 1));
      const mend = suggestions.map(({ replacement }) => replacement).join(", ");
      return [
        `${severity} at ${line}:${column}: ${message}`,
        `  ${text}`,
        `  ${" ".repeat(column - 1)}${"^".repeat(length)}${mend ? ` ${mend}` : ""}`,
        "",
      ].join("\n");
    })
    .join("");
}
