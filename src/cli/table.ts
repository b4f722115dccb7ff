/** Columns as wide as their widest cell, two spaces apart; columns that are empty below their title are left out. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, index) =>
    rows.map((row) => row[index] ?? ""),
  );
  const kept = columns.filter((cells) => cells.slice(1).some((cell) => cell !== "") || rows.length === 1);
  const widths = kept.map((cells) => Math.max(...cells.map((cell) => [...cell].length)));
  return rows
    .map((_, at) =>
      kept
        .map((cells, column) => (cells[at] ?? "").padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}
