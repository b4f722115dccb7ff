import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { seal } from "./envelope.ts";
import type { CachedTile, SharedFlights } from "./types.ts";

/** A lock outlives the longest render, and a holder that died not by much, milliseconds. */
const LOCK_MS = 35_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

/** Deletes a lock that is still one's own. */
const UNLOCK = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

export interface RedisFlightsOptions {
  readonly url: string;
  readonly prefix: string;
  /** For commands, with timeouts; the tier's own. */
  readonly client: Redis;
  readonly ttlMs: number;
  /** Longest wait for a tile that another process makes, milliseconds. */
  readonly waitMs: number;
  readonly isWell: () => boolean;
  readonly read: (key: string) => Promise<CachedTile | null>;
}

/**
 * One render for all processes that share a Redis: whoever sets the lock of a key makes it, writes it, publishes that it is there, and
 * deletes the lock by its token; the others wait for that, for a bounded time, and then do without. Nothing here ever rejects, and a lock
 * that is lost costs a render twice, no more.
 */
export class RedisFlights implements SharedFlights {
  readonly #options: RedisFlightsOptions;
  readonly #tokens = new Map<string, string>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #channel: string;
  /** A connection of its own: one that listens can do nothing else. */
  readonly #subscriber: Redis;
  readonly #listening: Promise<unknown>;

  constructor(options: RedisFlightsOptions) {
    this.#options = options;
    this.#channel = `${options.prefix}made`;
    this.#subscriber = new Redis(options.url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, LONGEST_RECONNECT_MS),
      protocol: 2,
    });
    // What is said while there is no connection is made up for by the time that is waited at most.
    this.#subscriber.on("error", () => {});
    this.#subscriber.on("message", (_, key: string) => this.#tell(key));
    this.#listening = this.#subscriber.subscribe(this.#channel).catch(() => {});
  }

  async claim(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const { client, isWell } = this.#options;
    if (!isWell()) return new Set(keys);
    const tokens = keys.map(() => randomUUID());
    const pipeline = client.pipeline();
    for (const [index, key] of keys.entries()) pipeline.set(this.#lock(key), tokens[index] ?? "", "PX", LOCK_MS, "NX");
    try {
      const replies = (await pipeline.exec()) ?? [];
      const mine = keys.filter((key, index) => {
        const [error, reply] = replies[index] ?? [new Error("no reply"), null];
        if (!error && reply === "OK") this.#tokens.set(key, tokens[index] ?? "");
        return error !== null || reply === "OK";
      });
      return new Set(mine);
    } catch {
      return new Set(keys);
    }
  }

  holds(key: string): boolean {
    return this.#tokens.has(key);
  }

  finish(key: string, tile: CachedTile | null): void {
    const token = this.#tokens.get(key);
    if (token === undefined) return;
    this.#tokens.delete(key);
    const { client, prefix, ttlMs, isWell } = this.#options;
    if (!isWell()) return;
    const pipeline = client.pipeline();
    if (tile) pipeline.set(prefix + key, seal(key, tile), "PX", ttlMs);
    // Those who wait look for the tile themselves: where it could not be made or kept they make it.
    pipeline.publish(this.#channel, key);
    pipeline.eval(UNLOCK, 1, this.#lock(key), token);
    pipeline.exec().catch(() => {});
  }

  async wait(key: string): Promise<CachedTile | null> {
    const { read, waitMs } = this.#options;
    const told = new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), waitMs);
      const done = () => {
        clearTimeout(timer);
        this.#forget(key, done);
        resolve();
      };
      const listeners = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, listeners.add(done));
    });
    await Promise.race([this.#listening, told]);
    // It may have been made before anybody listened.
    const there = await read(key);
    if (there) {
      this.#tell(key);
      return there;
    }
    await told;
    return read(key);
  }

  close(): void {
    this.#subscriber.disconnect();
    for (const key of [...this.#waiting.keys()]) this.#tell(key);
  }

  #tell(key: string): void {
    for (const done of [...(this.#waiting.get(key) ?? [])]) done();
  }

  #forget(key: string, done: () => void): void {
    const listeners = this.#waiting.get(key);
    listeners?.delete(done);
    if (listeners?.size === 0) this.#waiting.delete(key);
  }

  #lock(key: string): string {
    return `${this.#options.prefix}lock:${key}`;
  }
}
