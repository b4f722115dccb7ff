import { type MemoryReport, type StoreReport, stateMemory } from "../../cache/index.ts";
import type { Settings } from "../config/settings.ts";
import { formatBytes, formatJson, printable } from "../output/format.ts";
import { formatTable } from "../output/table.ts";
import { withStore } from "./store.ts";

const DAY = 86_400;
const HOUR = 3_600;
const MINUTE = 60;

/** On stdout; what its operator should change is told on stderr too. */
export async function printStats(settings: Settings, json: boolean): Promise<void> {
  const { cacheBytes, redisUrl, stateRedisUrl } = settings;
  const store = await withStore(settings, (care, signal) => care.report(signal));
  const state = stateRedisUrl === null ? null : await stateMemory(stateRedisUrl);
  const maxBytes = redisUrl === null ? cacheBytes : (store.memory?.maxBytes ?? null);
  if (json) {
    process.stdout.write(formatJson({ store: { ...store, maxBytes }, state }));
    return;
  }
  process.stdout.write(`${formatTable(["", ""], rowsOf(store, maxBytes)).split("\n").slice(1).join("\n")}\n`);
  if (stateRedisUrl !== null && state === null) warn("The Redis of BANDLOOM_STATE_REDIS_URL does not answer.");
  for (const [name, memory] of [["REDIS_URL", store.memory] as const, ["BANDLOOM_STATE_REDIS_URL", state] as const])
    if (memory?.advice) warn(`The Redis of ${name}: ${memory.advice}.`);
}

function rowsOf(store: StoreReport, maxBytes: number | null): string[][] {
  const { tier, entries, bytes, complete, oldestSeconds, newestSeconds, memory } = store;
  const least = complete ? "" : "at least ";
  const limit = maxBytes === null ? "" : ` of ${formatBytes(maxBytes)}`;
  const since = tier === "redis" ? "written" : "read";
  return [
    ["tier", tier],
    ["tiles", `${least}${entries}`],
    ["size", memory ? `${least}${formatBytes(bytes)}` : formatBytes(bytes) + limit],
    ...(oldestSeconds === null ? [] : [["oldest", `${since} ${formatAge(oldestSeconds)} ago`]]),
    ...(newestSeconds === null ? [] : [["newest", `${since} ${formatAge(newestSeconds)} ago`]]),
    ...(memory ? memoryRows(memory, limit) : []),
  ];
}

function memoryRows({ usedBytes, policy, evictions }: MemoryReport, limit: string): string[][] {
  return [
    ["memory", `${formatBytes(usedBytes)}${limit || ", without a limit"}`],
    ["policy", policy === null ? "not told" : printable(policy)],
    ["evictions", `${evictions}`],
  ];
}

function formatAge(seconds: number): string {
  if (seconds >= 2 * DAY) return `${Math.floor(seconds / DAY)} days`;
  if (seconds >= 2 * HOUR) return `${Math.floor(seconds / HOUR)} hours`;
  return seconds >= 2 * MINUTE ? `${Math.floor(seconds / MINUTE)} minutes` : `${seconds} seconds`;
}

function warn(message: string): void {
  process.stderr.write(`bandloom: warn: ${message}\n`);
}
