import { Redis } from "ioredis";
import { Breaker } from "./breaker.ts";
import { ENVELOPE_BYTES, seal, unseal } from "./envelope.ts";
import { MAX_PENDING_BYTES, MAX_VALUE_BYTES } from "./redis-bounds.ts";
import { RedisFlights } from "./redis-flights.ts";
import type { CachedTile, CacheEntry, CacheTier, CacheTierStats } from "./types.ts";

/** Names the layout of keys and values: a process of another layout does not see them. */
export const REDIS_PREFIX = "bandloom:tile:1:";
/** No answer within this time is a miss: rendering a tile is about as fast. */
const COMMAND_TIMEOUT_MS = 50;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;
/** Keys of one MGET: 2.5 MB of common tiles, which pass well within the timeout. */
const KEYS_PER_READ = 128;
const ENTRIES_PER_WRITE = 64;
const FAILURES_TO_OPEN = 3;

export interface RedisTierOptions {
  readonly url: string;
  readonly ttlSeconds: number;
  /** Longest wait for a tile that another process renders, milliseconds. */
  readonly flightWaitMs: number;
  readonly log: (line: string) => void;
}

/** Tiles in a Redis that other processes share. Redis slow, down, full, read-only or wrong is a miss, never an error. */
export class RedisTier implements CacheTier {
  readonly name = "redis";
  readonly flights: RedisFlights;
  /** Resolves with the first connection or the first failure to get one. */
  readonly opened: Promise<void>;
  readonly #client: Redis;
  readonly #reads: Breaker;
  readonly #writes: Breaker;
  readonly #ttlMs: number;
  #queue: CacheEntry[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #hits = 0;
  #misses = 0;
  #closed = false;

  constructor({ url, ttlSeconds, flightWaitMs, log }: RedisTierOptions) {
    this.#ttlMs = ttlSeconds * 1000;
    this.#client = new Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      maxLoadingRetryTime: LONGEST_RECONNECT_MS,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, LONGEST_RECONNECT_MS),
      // The older protocol: all that is needed, and every server speaks it.
      protocol: 2,
    });
    const probeKey = `${REDIS_PREFIX}probe`;
    this.#reads = new Breaker({
      name: "Redis cache, reading",
      threshold: FAILURES_TO_OPEN,
      probe: async () => {
        await this.#client.mgetBuffer(probeKey);
        // It answers again: that is news for the others too.
        this.#writes.probeNow();
        this.flights.probeNow();
      },
      log,
    });
    this.#writes = new Breaker({
      name: "Redis cache, writing",
      threshold: FAILURES_TO_OPEN,
      probe: () => this.#client.set(probeKey, Buffer.alloc(1024), "PX", 1_000),
      log,
    });
    this.flights = new RedisFlights({ url, prefix: REDIS_PREFIX, ttlMs: this.#ttlMs, waitMs: flightWaitMs, log });
    // Without a listener ioredis writes each failed attempt to the console.
    this.#client.on("error", (error: unknown) => this.#reads.open(reasonOf(error)));
    this.#client.on("close", () => {
      if (!this.#closed) this.#reads.open("connection lost");
    });
    this.#client.on("ready", () => this.#reads.probeNow());
    const connected = new Promise<void>((done) => {
      this.#client.once("ready", done).once("error", () => done());
    });
    this.opened = Promise.all([connected, this.flights.opened]).then(() => {});
  }

  async get(keys: readonly string[]): Promise<readonly (CachedTile | null)[]> {
    const tiles: (CachedTile | null)[] = [];
    for (let from = 0; from < keys.length; from += KEYS_PER_READ) {
      const batch = keys.slice(from, from + KEYS_PER_READ);
      const values = await this.#read(batch);
      for (const [index, key] of batch.entries()) {
        const value = values?.[index];
        const usable = value && value.length <= MAX_VALUE_BYTES + ENVELOPE_BYTES;
        tiles.push(usable ? unseal(key, value) : null);
      }
    }
    const hits = tiles.reduce((sum, tile) => sum + (tile ? 1 : 0), 0);
    this.#hits += hits;
    this.#misses += tiles.length - hits;
    return tiles;
  }

  async #read(keys: readonly string[]): Promise<(Buffer | null)[] | null> {
    if (!this.#connected || !this.#reads.closed) return null;
    try {
      const values = await this.#client.mgetBuffer(keys.map((key) => REDIS_PREFIX + key));
      this.#reads.success();
      return values;
    } catch (error) {
      this.#reads.failure(reasonOf(error));
      // Nobody waits any more for what may still arrive, perhaps hundreds of megabytes: begin again with a new connection.
      if (!this.#reads.closed && this.#connected) this.#client.disconnect(true);
      return null;
    }
  }

  set(entries: readonly CacheEntry[]): void {
    if (!this.#connected || !this.#writes.closed || this.#closed) return;
    for (const entry of entries) {
      const size = entry.tile.bytes.length;
      if (size > MAX_VALUE_BYTES || this.#pendingBytes + size > MAX_PENDING_BYTES) continue;
      this.#pendingBytes += size;
      this.#queue.push(entry);
    }
    this.#startWriting();
  }

  #startWriting(): void {
    if (this.#queue.length === 0) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      this.#startWriting();
    });
  }

  /** Empties the queue, batch after batch. What fails is dropped. */
  async #write(): Promise<void> {
    // Lets the other tiles of the same turn join the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, ENTRIES_PER_WRITE);
      await this.#writeBatch(batch);
      for (const { tile } of batch) this.#pendingBytes -= tile.bytes.length;
    }
  }

  async #writeBatch(batch: readonly CacheEntry[]): Promise<void> {
    if (!this.#connected || !this.#writes.closed) return;
    const pipeline = this.#client.pipeline();
    for (const { key, tile } of batch) pipeline.set(REDIS_PREFIX + key, seal(key, tile), "PX", this.#ttlMs);
    try {
      const replies = (await pipeline.exec()) ?? [];
      const failed = replies.find(([error]) => error)?.[0];
      if (failed) this.#writes.failure(reasonOf(failed));
      else this.#writes.success();
    } catch (error) {
      this.#writes.failure(reasonOf(error));
    }
  }

  stats(): CacheTierStats {
    const detail = this.#reads.reason ?? this.#writes.reason ?? (this.#connected ? null : "not connected yet");
    return {
      name: this.name,
      hits: this.#hits,
      misses: this.#misses,
      entries: null,
      bytes: null,
      maxBytes: null,
      healthy: detail === null,
      detail,
    };
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    this.#reads.stop();
    this.#writes.stop();
    this.flights.close();
    this.#client.disconnect();
  }

  get #connected(): boolean {
    return this.#client.status === "ready";
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}
