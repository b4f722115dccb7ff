/** What people save: it must not be lost as a cache may be. */
import { DEFAULT_REDIS_PREFIX } from "../cache/index.ts";
import { BandloomError } from "../core/errors.ts";
import { EmbeddedState } from "./embedded.ts";
import { RedisState } from "./redis.ts";
import type { StateStore } from "./types.ts";

export type { StateStore, StateTable } from "./types.ts";

export interface StateOptions {
  /** A Redis that several servers share; null: none. */
  readonly redisUrl: string | null;
  /** Begins all keys in it; `bandloom:` when left out. */
  readonly redisPrefix?: string;
  /** Longest wait for an answer of that Redis, milliseconds; 2000 when left out. */
  readonly redisTimeoutMs?: number;
  /** Folder of the embedded store; null: there is none that can be written. */
  readonly folder: string | null;
  readonly log: (line: string) => void;
}

/** Redis where it is named, else a store in the folder, else none: nothing is saved then, and saving says so. */
export function createState({ redisUrl, redisPrefix, redisTimeoutMs, folder, log }: StateOptions): StateStore {
  if (redisUrl !== null) return new RedisState(redisUrl, redisPrefix ?? DEFAULT_REDIS_PREFIX, log, redisTimeoutMs);
  return folder === null ? NOTHING_SAVED : new EmbeddedState({ folder, log });
}

async function refuse(): Promise<never> {
  throw new BandloomError(
    "FORBIDDEN",
    "Nothing can be saved here: the server has no folder that it can write (BANDLOOM_CACHE), and no BANDLOOM_STATE_REDIS_URL.",
  );
}

const NOTHING_SAVED: StateStore = {
  all: async () => [],
  get: async () => null,
  many: async (_table, keys) => keys.map(() => null),
  put: refuse,
  remove: async () => false,
  clear: refuse,
  count: async () => 0,
  takeLoss: async () => false,
  close: async () => {},
};
