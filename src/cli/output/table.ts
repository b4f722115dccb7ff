/** Rows under a heading, columns aligned at the left, indented by two. A column in which nothing stands is left out. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = heading.map((_, column) => column).filter((column) => rows.some((row) => row[column]));
  const widths = new Map(
    used.map((column) => [column, Math.max(...[heading, ...rows].map((row) => length(row[column] ?? "")))]),
  );
  const line = (row: readonly string[]) =>
    `  ${used.map((column) => pad(row[column] ?? "", widths.get(column) ?? 0)).join("  ")}`.trimEnd();
  return [heading, ...rows].map(line).join("\n");
}

function pad(text: string, width: number): string {
  return text + " ".repeat(width - length(text));
}

/** Characters, not UTF-16 units. */
function length(text: string): number {
  return [...text].length;
}
