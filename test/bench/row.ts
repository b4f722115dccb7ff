import type { Measured } from "./measure.ts";

/** One line of the report. */
export interface Row extends Measured {
  readonly name: string;
  /** What is counted: `tile`, `query`, `file`. */
  readonly unit: string;
  readonly targets: readonly Target[];
}

/** A bound of the issue, and what was measured. */
export interface Target {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: string;
  readonly atMost: boolean;
}

export function atMost(what: string, measured: number, limit: number, unit: string): Target {
  return { what, measured, limit, unit, atMost: true };
}

export function atLeast(what: string, measured: number, limit: number, unit: string): Target {
  return { what, measured, limit, unit, atMost: false };
}

/** A ratio that no target was set for. */
export function note(what: string, measured: number, unit: string): Target {
  return { what, measured, limit: Number.NaN, unit, atMost: true };
}

const HEAD = ["", "p50 ms", "p99 ms", "CPU ms", "a core and s"];

export function formatRows(rows: readonly Row[]): string {
  const cells = rows.map(({ name, unit, p50, p99, cpu }) => [
    name,
    decimals(p50),
    decimals(p99),
    decimals(cpu),
    Number.isFinite(cpu) ? `${Math.round(1000 / cpu).toLocaleString("en")} ${plural(unit)}` : "–",
  ]);
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...cells].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return rows
    .flatMap((row, index) => [line(cells[index] ?? []), ...row.targets.map((target) => `    ${formatTarget(target)}`)])
    .toSpliced(0, 0, line(HEAD))
    .join("\n");
}

function plural(unit: string): string {
  return unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`;
}

function formatTarget({ what, measured, limit, unit, atMost }: Target): string {
  if (Number.isNaN(limit)) return `${what}: ${decimals(measured)} ${unit}`;
  const bound = `${atMost ? "≤" : "≥"} ${Number(decimals(limit))} ${unit}`;
  const share = Math.round(Math.abs(measured / limit - 1) * 100);
  const by = Number.isFinite(share) ? ` by ${share} %` : "";
  const verdict = isMissed({ what, measured, limit, unit, atMost }) ? "MISSED" : "met";
  return `${what}: ${decimals(measured)} ${unit}, target ${bound}: ${verdict}${by}`;
}

/** What could not be measured is missed. */
export function isMissed({ measured, limit, atMost }: Target): boolean {
  if (Number.isNaN(limit)) return false;
  return !(atMost ? measured <= limit : measured >= limit);
}

/** Three significant digits, never an exponent. */
function decimals(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}
