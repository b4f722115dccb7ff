import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { Breaker } from "./breaker.ts";
import { seal, unseal } from "./envelope.ts";
import { MAX_PENDING_BYTES, MAX_VALUE_BYTES } from "./redis-bounds.ts";
import type { CachedTile, Claims, SharedFlights } from "./types.ts";

/** A lock outlives the longest render, and a holder that died not by much, milliseconds. */
const LOCK_MS = 35_000;
/** How long the trace of a probe stays, milliseconds. */
const PROBE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;

/** Deletes a lock that is still one's own. */
const UNLOCK = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, LONGEST_RECONNECT_MS);

export interface RedisFlightsOptions {
  readonly url: string;
  readonly prefix: string;
  readonly ttlMs: number;
  /** Longest wait for a tile that another process makes, and for an answer of Redis, milliseconds. */
  readonly waitMs: number;
  readonly log: (line: string) => void;
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
  /** More patient than the tier's: not to render twice is worth as long a wait as for the tile itself. */
  readonly #client: Redis;
  /** Resolves with the first connection or the first failure to get one. */
  readonly opened: Promise<void>;
  readonly #breaker: Breaker;
  /** A connection of its own: one that listens can do nothing else. */
  readonly #subscriber: Redis;
  readonly #listening: Promise<unknown>;
  #pendingBytes = 0;

  constructor(options: RedisFlightsOptions) {
    this.#options = options;
    this.#channel = `${options.prefix}made`;
    this.#client = new Redis(options.url, {
      commandTimeout: options.waitMs,
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      maxLoadingRetryTime: LONGEST_RECONNECT_MS,
      retryStrategy,
      protocol: 2,
    });
    this.#client.on("error", () => {});
    this.opened = new Promise((done) => {
      this.#client.once("ready", done).once("error", () => done());
    });
    this.#breaker = new Breaker({
      name: "Redis, sharing of renders",
      threshold: 1,
      // A server that may not be written to answers PING: the sharing would be taken up and given up by turns.
      probe: () => this.#client.set(`${options.prefix}lock:probe`, "", "PX", PROBE_MS),
      log: options.log,
    });
    this.#client.on("ready", () => this.probeNow());
    this.#subscriber = new Redis(options.url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: null,
      retryStrategy,
      protocol: 2,
    });
    // What is said while there is no connection is made up for by the time that is waited at most.
    this.#subscriber.on("error", () => {});
    this.#subscriber.on("message", (_, key: string) => this.#tell(key));
    this.#listening = this.#subscriber.subscribe(this.#channel).catch(() => {});
  }

  async claim(keys: readonly string[]): Promise<Claims> {
    const all = { mine: new Set(keys), made: new Map<string, CachedTile>() };
    if (!this.#isWell()) return all;
    const tokens = keys.map(() => randomUUID());
    const pipeline = this.#client.pipeline();
    for (const [index, key] of keys.entries()) pipeline.set(this.#lock(key), tokens[index] ?? "", "PX", LOCK_MS, "NX");
    // Behind the locks: whoever gets one after another has let it go sees what that one has made.
    pipeline.mgetBuffer(keys.map((key) => this.#options.prefix + key));
    try {
      const replies = (await pipeline.exec()) ?? [];
      // Each command has its own failure; one that is not answered in time does not reject the whole.
      const failed = replies.find(([error]) => error)?.[0];
      if (failed) this.#breaker.failure(failed.message);
      else this.#breaker.success();
      const values = (replies.at(-1)?.[1] ?? []) as readonly (Buffer | null)[];
      const claims = { mine: new Set<string>(), made: new Map<string, CachedTile>() };
      for (const [index, key] of keys.entries()) {
        const [error, reply] = replies[index] ?? [new Error("no reply"), null];
        const locked = !error && reply === "OK";
        const value = values[index];
        const tile = value ? unseal(key, value) : null;
        if (locked) this.#tokens.set(key, tokens[index] ?? "");
        if (tile) claims.made.set(key, tile);
        if (tile && locked) this.finish(key, null);
        else if (!tile && (locked || error)) claims.mine.add(key);
      }
      return claims;
    } catch (error) {
      this.#breaker.failure(error instanceof Error ? error.message : String(error));
      return all;
    }
  }

  holds(key: string): boolean {
    return this.#tokens.has(key);
  }

  finish(key: string, tile: CachedTile | null): void {
    const token = this.#tokens.get(key);
    if (token === undefined) return;
    this.#tokens.delete(key);
    const { prefix, ttlMs } = this.#options;
    if (!this.#isWell()) return;
    const pipeline = this.#client.pipeline();
    const bytes = tile?.bytes.length ?? 0;
    const fits = bytes <= MAX_VALUE_BYTES && this.#pendingBytes + bytes <= MAX_PENDING_BYTES;
    if (tile && fits) {
      this.#pendingBytes += bytes;
      pipeline.set(prefix + key, seal(key, tile), "PX", ttlMs);
    }
    // Those who wait look for the tile themselves: where it could not be made or kept they make it.
    pipeline.publish(this.#channel, key);
    pipeline.eval(UNLOCK, 1, this.#lock(key), token);
    void this.#written(pipeline.exec(), tile && fits ? bytes : 0);
  }

  async #written(replies: Promise<[Error | null, unknown][] | null>, bytes: number): Promise<void> {
    try {
      const failed = (await replies)?.find(([error]) => error)?.[0];
      if (failed) this.#breaker.failure(failed.message);
    } catch (error) {
      this.#breaker.failure(error instanceof Error ? error.message : String(error));
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async wait(key: string): Promise<CachedTile | null> {
    const { waitMs } = this.#options;
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
    const there = await this.#read(key);
    if (there) {
      this.#tell(key);
      return there;
    }
    await told;
    return this.#read(key);
  }

  close(): void {
    this.#breaker.stop();
    this.#client.disconnect();
    this.#subscriber.disconnect();
    for (const key of [...this.#waiting.keys()]) this.#tell(key);
  }

  /** There is news of Redis: tries whether it works again. */
  probeNow(): void {
    this.#breaker.probeNow();
  }

  #isWell(): boolean {
    return this.#client.status === "ready" && this.#breaker.closed;
  }

  async #read(key: string): Promise<CachedTile | null> {
    if (!this.#isWell()) return null;
    try {
      const value = await this.#client.getBuffer(this.#options.prefix + key);
      return value && unseal(key, value);
    } catch (error) {
      this.#breaker.failure(error instanceof Error ? error.message : String(error));
      return null;
    }
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
