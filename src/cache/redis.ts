import { ENVELOPE_BYTES, type Envelope } from "./envelope.ts";
import { Lookups } from "./lookups.ts";
import { MAX_PENDING_BYTES, MAX_VALUE_BYTES } from "./redis-bounds.ts";
import type { RedisPlace } from "./redis-client.ts";
import { RedisFlights } from "./redis-flights.ts";
import { RedisKeys, together } from "./redis-keys.ts";
import { COMMAND_TIMEOUT_MS, RedisLink } from "./redis-link.ts";
import { RedisTexts } from "./redis-texts.ts";
import { Rounds } from "./rounds.ts";
import type { Accepts, CachedTile, CacheEntry, CacheTier, CacheTierStats } from "./types.ts";

/** Keys of one MGET: 2.5 MB of common tiles, which pass well within the timeout. */
const KEYS_PER_READ = 128;
const ENTRIES_PER_WRITE = 64;

export interface RedisTierOptions {
  readonly place: RedisPlace;
  /** Begins all names of the deployment. */
  readonly prefix: string;
  readonly ttlSeconds: number;
  /** Longest wait for a tile that another process renders, milliseconds. */
  readonly flightWaitMs: number;
  /** No answer within this time is a miss, milliseconds; 50 when left out: rendering a tile is about as fast. */
  readonly timeoutMs?: number;
  readonly envelope: Envelope;
  readonly log: (line: string) => void;
}

/** Tiles in a Redis that other processes share. Redis slow, down, full, read-only or wrong is a miss, never an error. */
export class RedisTier implements CacheTier {
  readonly name = "redis";
  readonly flights: RedisFlights;
  readonly texts: RedisTexts;
  /** Resolves with the first connection or the first failure to get one. */
  readonly opened: Promise<void>;
  readonly #keys: RedisKeys;
  readonly #link: RedisLink;
  readonly #envelope: Envelope;
  readonly #ttlMs: number;
  readonly #lookups = new Lookups(this.name);
  #queue: CacheEntry[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  readonly #rounds = new Rounds();

  constructor(options: RedisTierOptions) {
    const { place, prefix, ttlSeconds, flightWaitMs, timeoutMs = COMMAND_TIMEOUT_MS, envelope, log } = options;
    this.#envelope = envelope;
    this.#ttlMs = ttlSeconds * 1000;
    this.#keys = new RedisKeys(prefix);
    const shared = { place, keys: this.#keys, log };
    this.#link = new RedisLink({ ...shared, timeoutMs, onAnswer: () => this.flights.probeNow() });
    const isSilent = () => this.#link.silent;
    this.flights = new RedisFlights({ ...shared, envelope, ttlMs: this.#ttlMs, waitMs: flightWaitMs, isSilent });
    this.texts = new RedisTexts(this.#link);
    this.opened = Promise.all([this.#link.opened, this.flights.opened]).then(() => {});
  }

  async get(keys: readonly string[], accepts: Accepts): Promise<readonly (CachedTile | null)[]> {
    const found = new Map<string, CachedTile>();
    for (let from = 0; from < keys.length; from += KEYS_PER_READ) {
      const groups = together(keys.slice(from, from + KEYS_PER_READ), (key) => key, this.#link.cluster);
      await Promise.all(groups.map((group) => this.#read(group, accepts, found)));
    }
    const tiles = keys.map((key) => found.get(key) ?? null);
    this.#lookups.count(tiles);
    return tiles;
  }

  async #read(keys: readonly string[], accepts: Accepts, found: Map<string, CachedTile>): Promise<void> {
    const names = keys.map((key) => this.#keys.tile(key));
    const values = await this.#link.read((client) => client.mgetBuffer(names));
    for (const [index, key] of keys.entries()) {
      const value = values?.[index];
      const usable = value && value.length <= MAX_VALUE_BYTES + ENVELOPE_BYTES;
      const tile = usable ? this.#envelope.unseal(key, value) : null;
      if (tile && accepts(key, tile.bytes)) found.set(key, tile);
    }
  }

  set(entries: readonly CacheEntry[]): void {
    if (!this.#link.canWrite) return;
    for (const entry of entries) {
      const size = entry.tile.bytes.length;
      if (size > MAX_VALUE_BYTES || this.#pendingBytes + size > MAX_PENDING_BYTES) continue;
      this.#pendingBytes += size;
      this.#queue.push(entry);
      this.#rounds.add();
    }
    this.#startWriting();
  }

  #startWriting(): void {
    if (this.#queue.length === 0) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      this.#startWriting();
      if (!this.#writing) this.#rounds.rest();
    });
  }

  /** Empties the queue, batch after batch. What fails is dropped. */
  async #write(): Promise<void> {
    // Lets the other tiles of the same turn join the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, ENTRIES_PER_WRITE);
      this.#rounds.begin();
      const groups = together(batch, ({ key }) => key, this.#link.cluster);
      await Promise.all(groups.map((group) => this.#writeGroup(group)));
      for (const { tile } of batch) this.#pendingBytes -= tile.bytes.length;
      this.#rounds.end(batch.length);
    }
  }

  #writeGroup(group: readonly CacheEntry[]): Promise<void> {
    return this.#link.write((pipeline) => {
      for (const { key, tile } of group)
        pipeline.set(this.#keys.tile(key), this.#envelope.seal(key, tile), "PX", this.#ttlMs);
    });
  }

  stats(): CacheTierStats {
    return this.#lookups.stats(this.#link.detail);
  }

  async flush(): Promise<void> {
    if (this.#writing) await this.#rounds.caughtUp();
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    this.flights.close();
    this.#link.close();
  }
}
