import type { Redis } from "ioredis";
import { memoryAdvice, parseInfo, stateAdvice } from "../redis-info.ts";
import type { MemoryReport } from "./types.ts";

/** What a Redis, or the nodes of a cluster together, tell of their memory. `use`: what it is good for decides the advice. */
export async function memoryOf(nodes: readonly Redis[], use: "cache" | "state"): Promise<MemoryReport> {
  const infos = await Promise.all(nodes.map(async (node) => parseInfo(await node.info())));
  const sum = (field: string) => infos.reduce((total, info) => total + Number(info.get(field) ?? 0), 0);
  const policies = new Set(infos.map((info) => info.get("maxmemory_policy")).filter((policy) => policy !== undefined));
  const judge = use === "cache" ? memoryAdvice : stateAdvice;
  return {
    usedBytes: sum("used_memory"),
    maxBytes: sum("maxmemory") || null,
    policy: policies.size > 0 ? [...policies].join(", ") : null,
    evictions: sum("evicted_keys"),
    advice: infos.map(judge).find((advice) => advice !== null) ?? null,
  };
}
