/**
 * `npm run bench [-- GROUP …]`: measures the built program, and in the same run the same work done the ordinary way. Prints what
 * each row costs and by how much its target is met or missed. Quiet machine, please: other load shows in p99 first.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../src/cli/serve/v8-flags.ts";
import { formatRows, type Row } from "./row.ts";

const GROUPS = [
  "render",
  "start",
  "hits",
  "query",
  "scale",
  "sources",
  "kernels",
  "neighbourhoods",
  "cluster",
  "faults",
] as const;
const RUNNER = fileURLToPath(new URL("./run-group.ts", import.meta.url));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !GROUPS.some((group) => group === name));
if (unknown.length > 0) {
  process.stderr.write(`No group ${unknown.join(", ")}. There are: ${GROUPS.join(", ")}.\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "bandloom-bench-"));
try {
  process.stdout.write(`${cpus()[0]?.model.trim()}, ${cpus().length} threads, Node ${process.versions.node}\n`);
  for (const group of GROUPS.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    process.stdout.write(`\n${group}\n${formatRows(await runGroup(group))}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runGroup(name: string): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    // All rows run as the server does. `advanced`: NaN survives, which JSON would turn to null.
    const execArgv = [...process.execArgv, ...V8_FLAGS];
    const child = fork(RUNNER, [name, folder], { serialization: "advanced", execArgv });
    let rows: readonly Row[] | null = null;
    child.on("message", (message) => {
      rows = message as readonly Row[];
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (rows && code === 0) resolve(rows);
      else reject(new Error(`The group ${name} ended with ${code}.`));
    });
  });
}
