import type { Group } from "../group.ts";
import { sharedCores, stayOn } from "../hold/cores.ts";
import { cost } from "../hold/cost.ts";
import { fairness } from "../hold/fairness.ts";
import { HeldServer, heldImages } from "../hold/held-server.ts";
import { overload } from "../hold/overload.ts";
import { promises } from "../hold/promises.ts";
import { atMost, type Row } from "../row.ts";

/** How long each measurement of a part takes, seconds, unless `--seconds` says otherwise. */
const SHORT_SECONDS = 10;
const OVERLOAD_SECONDS = 60;

/**
 * What one client can take from others, and what overload does. The server has one worker, and a core of its own where there are two;
 * those who ask have the others.
 */
export const rows: Group = async ({ folder, options: { only, seconds, against } }) => {
  const data = heldImages(folder);
  const cores = sharedCores();
  if (cores) stayOn(cores.clients);
  const server = { data, ...(cores ? { cores: cores.server } : {}) };
  const parts: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
    fairness: () => HeldServer.use(server, (held) => fairness(held, seconds ?? SHORT_SECONDS)),
    overload: () => HeldServer.use(server, (held) => overload(held, seconds ?? OVERLOAD_SECONDS)),
    promises: () => promises(server),
    cost: () => cost(server, seconds ?? SHORT_SECONDS, against),
  };
  const found: Row[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    // What the other parts found in ten minutes is not lost with one that fails.
    found.push(...(await measure().catch((error: unknown) => [failed(name, error)])));
  }
  return found.map((row) => ({
    ...row,
    name: `${row.name} (1 worker, ${cores ? "own core" : "clients on its core"})`,
  }));
};

function failed(name: string, error: unknown): Row {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  const nothing = { unit: "part", p50: Number.NaN, p99: Number.NaN, cpu: Number.NaN };
  return { name: `${name} could not be measured`, ...nothing, targets: [atMost("failed", 1, 0, "parts")] };
}
