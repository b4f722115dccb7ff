import { EXIT } from "../exit-codes.ts";
import type { FormulaCheck } from "../formula-check.ts";
import { formatDiagnostic } from "./diagnostics.ts";
import { formatJson, printable } from "./format.ts";

/** The result on stdout, diagnostics for people on stderr. Gives the exit code. */
export function reportCheck(check: FormulaCheck, json: boolean): number {
  const { source, valid, formula, diagnostics, against, channels } = check;
  if (json) {
    const { canonical = null, hash = null } = formula ?? {};
    process.stdout.write(formatJson({ valid, canonical, hash, diagnostics, against, channels }));
  } else {
    for (const one of diagnostics) process.stderr.write(`${formatDiagnostic(source, one)}\n`);
    process.stderr.write(`Checked against ${printable(against)}: ${channels.map(printable).join(", ")}.\n`);
    if (valid) process.stdout.write(describe(check));
  }
  return valid ? EXIT.ok : EXIT.usage;
}

function describe({ formula }: FormulaCheck): string {
  if (!formula) return "valid; its window depends on the pixels: give --image for the canonical text and the hash\n";
  return `canonical  ${printable(formula.canonical)}\nhash       ${formula.hash}\n`;
}
