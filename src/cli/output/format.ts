const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** `812 bytes`, `14.2 MiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : number.toFixed(1)} ${UNITS[power]}`;
}

/** `4096 × 2048`. */
export function formatSize(width: number, height: number): string {
  return `${width} × ${height}`;
}

/** Text of a file or of a user for a terminal: without control characters, which could move its cursor or change its title. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** JSON for `--json`. JSON has no NaN and no infinities: they become strings. */
export function formatJson(value: unknown): string {
  const replacer = (_key: string, one: unknown) =>
    typeof one === "number" && !Number.isFinite(one) ? String(one) : one;
  return `${JSON.stringify(value, replacer, 2)}\n`;
}
