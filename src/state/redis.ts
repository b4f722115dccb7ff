import type { Redis } from "ioredis";
import { patientClient } from "../cache/index.ts";
import { BandloomError } from "../core/errors.ts";
import type { StateStore, StateTable } from "./types.ts";

/** Names the layout of keys and values. */
const LAYOUT = "state:1:";
const COMMAND_TIMEOUT_MS = 2_000;

/** State that several servers share: a hash for each table, in a Redis that forgets nothing (noeviction, AOF). */
export class RedisState implements StateStore {
  readonly #client: Redis;
  readonly #tables: string;

  /** `prefix` begins all keys. */
  constructor(url: string, prefix: string, log: (line: string) => void, timeoutMs = COMMAND_TIMEOUT_MS) {
    this.#tables = `${prefix}${LAYOUT}`;
    this.#client = patientClient(url, timeoutMs);
    let told = false;
    this.#client.on("error", () => {
      if (!told) log("Saved presets: the Redis of BANDLOOM_STATE_REDIS_URL does not answer");
      told = true;
    });
    this.#client.on("ready", () => {
      told = false;
    });
  }

  all(table: StateTable): Promise<readonly (readonly [string, string])[]> {
    return answer(async () => Object.entries(await this.#client.hgetall(this.#tables + table)));
  }

  get(table: StateTable, key: string): Promise<string | null> {
    return answer(() => this.#client.hget(this.#tables + table, key));
  }

  many(table: StateTable, keys: readonly string[]): Promise<readonly (string | null)[]> {
    return answer(() => (keys.length === 0 ? Promise.resolve([]) : this.#client.hmget(this.#tables + table, ...keys)));
  }

  put(table: StateTable, key: string, value: string): Promise<void> {
    return answer(async () => {
      await this.#client.hset(this.#tables + table, key, value);
    });
  }

  remove(table: StateTable, key: string): Promise<boolean> {
    return answer(async () => (await this.#client.hdel(this.#tables + table, key)) > 0);
  }

  clear(table: StateTable): Promise<void> {
    return answer(async () => {
      await this.#client.del(this.#tables + table);
    });
  }

  count(table: StateTable): Promise<number> {
    return answer(() => this.#client.hlen(this.#tables + table));
  }

  async takeLoss(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }
}

async function answer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = "What is saved cannot be reached: the Redis that holds it does not answer. Try again.";
    throw new BandloomError("SOURCE_FAILED", message, { cause });
  }
}
