/** Stores of tiles, looked at by their operator. */
import { Redis } from "ioredis";
import { envelopeOf } from "../envelope.ts";
import { careClient } from "../redis-client.ts";
import { DEFAULT_TTL_SECONDS } from "../stack.ts";
import type { SealingKey } from "../types.ts";
import { EmbeddedCare } from "./embedded.ts";
import { RedisCare } from "./redis.ts";
import { memoryOf } from "./redis-memory.ts";
import type { MemoryReport, StoreCare } from "./types.ts";

export { distrustTiles } from "./embedded.ts";
export type { MemoryReport, StoreCare, StoreReport, Verification } from "./types.ts";

interface CareOptions {
  /** Null: the embedded store is meant. */
  readonly redisUrl: string | null;
  readonly redisCluster: boolean;
  readonly redisPrefix: string;
  /** Those of the servers, of which tiles in Redis carry signatures; null: there are none, or they are not known here. */
  readonly sealing: readonly SealingKey[] | null;
  /** Null: there is none. */
  readonly folder: string | null;
}

/** The store that a server of these settings uses. NOT_FOUND where there is none yet. */
export function careFor({ redisUrl, redisCluster, redisPrefix, sealing, folder }: CareOptions): StoreCare {
  if (redisUrl === null) return new EmbeddedCare(folder);
  const place = { url: redisUrl, cluster: redisCluster };
  const envelope = envelopeOf(sealing ?? undefined);
  return new RedisCare({ place, prefix: redisPrefix, ttlSeconds: DEFAULT_TTL_SECONDS, envelope });
}

/** Of the Redis that holds what people save; null: it does not answer. */
export async function stateMemory(url: string): Promise<MemoryReport | null> {
  const client = careClient({ url, cluster: false });
  try {
    return client instanceof Redis ? await memoryOf([client], "state") : null;
  } catch {
    return null;
  } finally {
    client.disconnect();
  }
}
