import { grantOf } from "../../access/index.ts";
import type { Settings } from "../config/settings.ts";
import { formatJson, printable } from "../output/format.ts";
import { formatTable } from "../output/table.ts";
import { readRules, rulesPath } from "./file.ts";

export function printKeys(settings: Settings, json: boolean): void {
  const keys = readRules(rulesPath(settings)).keys.map(({ name, hash, read, scopes, share }) => ({
    ...{ name, read, scopes, share: share ?? null, grant: grantOf(name, hash) },
  }));
  if (json) process.stdout.write(formatJson({ keys }));
  else if (keys.length === 0) process.stdout.write("There are no keys.\n");
  else {
    const rows = keys.map(({ name, read, scopes, grant }) => [
      name,
      printable(read.join(" ")),
      scopes.join(","),
      grant,
    ]);
    process.stdout.write(`${formatTable(["name", "may read", "scopes", "grant of its links"], rows)}\n`);
  }
}
