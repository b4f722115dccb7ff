/**
 * `npm run bench [-- GROUP …]`: measures the built program, and in the same run the same work done the ordinary way. Prints what
 * each row costs and by how much its target is met or missed; exit code 1 when one is missed. Quiet machine, please: other load shows in p99 first.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { V8_FLAGS } from "../../src/cli/serve/v8-flags.ts";
import type { BenchOptions } from "./group.ts";
import { formatRows, isMissed, type Row } from "./row.ts";

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
/** Only when they are named: the first takes a quarter of an hour, the second half an hour. */
const LONG_GROUPS = ["hold", "soak"] as const;
const HOLD_PARTS = ["fairness", "overload", "promises", "cost"];
const SOAK_MINUTES = 30;
const RUNNER = fileURLToPath(new URL("./run-group.ts", import.meta.url));

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    seconds: { type: "string" },
    minutes: { type: "string" },
    against: { type: "string" },
    json: { type: "string" },
  },
});
const only = values.only?.split(",") ?? [];
known(wanted, [...GROUPS, ...LONG_GROUPS], "group");
known(only, HOLD_PARTS, "part");
const options: BenchOptions = {
  only,
  seconds: values.seconds === undefined ? null : positive("--seconds", values.seconds),
  minutes: values.minutes === undefined ? SOAK_MINUTES : positive("--minutes", values.minutes),
  against: values.against === undefined ? null : resolve(values.against),
};

const folder = mkdtempSync(join(tmpdir(), "bandloom-bench-"));
const found: Record<string, readonly Row[]> = {};
try {
  process.stdout.write(`${cpus()[0]?.model.trim()}, ${cpus().length} threads, Node ${process.versions.node}\n`);
  for (const group of wanted.length === 0
    ? GROUPS
    : [...GROUPS, ...LONG_GROUPS].filter((name) => wanted.includes(name))) {
    found[group] = await runGroup(group);
    process.stdout.write(`\n${group}\n${formatRows(found[group])}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(found, null, 2)}\n`);
if (Object.values(found).some((rows) => rows.some(({ targets }) => targets.some(isMissed)))) process.exitCode = 1;

function known(names: readonly string[], all: readonly string[], what: string): void {
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) refuse(`No ${what} ${unknown.join(", ")}. There are: ${all.join(", ")}.`);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : refuse(`${option} takes a number above 0, not ${text}.`);
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function runGroup(name: string): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    // All rows run as the server does. `advanced`: NaN survives, which JSON would turn to null.
    const execArgv = [...process.execArgv, ...V8_FLAGS];
    const child = fork(RUNNER, [name, folder, JSON.stringify(options)], { serialization: "advanced", execArgv });
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
