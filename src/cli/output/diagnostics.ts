import type { Diagnostic } from "../../formula/index.ts";
import { printable } from "./format.ts";

/** Columns of a line that are shown; of a longer one, those around the place. */
const MAX_COLUMNS = 100;
const CONTEXT_COLUMNS = 40;

/** A diagnostic with its line of the source, the place underlined, and what could be meant instead. */
export function formatDiagnostic(source: string, diagnostic: Diagnostic): string {
  const { severity, code, message, line, column, from, to, suggestions } = diagnostic;
  const text = source.split(/\r\n|\r|\n/)[line - 1] ?? "";
  const excerpt = excerptOf(text, column - 1, Math.min(to - from, text.length - column + 1));
  const number = String(line);
  const margin = " ".repeat(number.length);
  return [
    `${severity}: ${printable(message)} (${code})`,
    ` ${number} | ${excerpt.text}`,
    ` ${margin} | ${" ".repeat(excerpt.start)}${"^".repeat(excerpt.length)}`,
    // Most messages name them already.
    ...suggestions
      .filter(({ label }) => !message.includes(label))
      .map(({ label }) => ` ${margin} = ${printable(label)}`),
  ].join("\n");
}

interface Excerpt {
  readonly text: string;
  /** Characters before the place. */
  readonly start: number;
  /** Characters of the place, at least one. */
  readonly length: number;
}

/** Offsets are UTF-16 units; the result counts characters. */
function excerptOf(text: string, from: number, length: number): Excerpt {
  const cut = text.length > MAX_COLUMNS;
  const begin = cut ? Math.max(0, from - CONTEXT_COLUMNS) : 0;
  const end = cut ? Math.min(text.length, begin + MAX_COLUMNS) : text.length;
  const before = characters(`${begin > 0 ? "…" : ""}${text.slice(begin, from)}`);
  const place = characters(text.slice(from, Math.min(end, from + Math.max(0, length))));
  const after = characters(
    `${text.slice(Math.min(end, from + Math.max(0, length)), end)}${end < text.length ? "…" : ""}`,
  );
  return { text: before + place + after, start: [...before].length, length: Math.max(1, [...place].length) };
}

function characters(text: string): string {
  return printable(text.replaceAll("\t", " "));
}
