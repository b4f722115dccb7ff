import { randomUUID } from "node:crypto";
import { Breaker } from "./breaker.ts";
import type { Envelope } from "./envelope.ts";
import { MAX_PENDING_BYTES, MAX_VALUE_BYTES } from "./redis-bounds.ts";
import { hastyClient, listeningClient, type RedisClient, type RedisPlace } from "./redis-client.ts";
import { type RedisKeys, together } from "./redis-keys.ts";
import { reasonOf, TIMED_OUT } from "./redis-link.ts";
import type { Accepts, CachedTile, Claims, SharedFlights } from "./types.ts";

/** A lock outlives the longest render, and a holder that died not by much, milliseconds. */
const LOCK_MS = 35_000;
const PROBE_MS = 1_000;
/** Who waits for a tile no longer than this, by default, is not to wait as long again for a Redis that was silent just before. */
const IMPATIENT_BELOW_MS = 1_000;
/** Deletes a lock that is still one's own. */
const UNLOCK = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';

export interface RedisFlightsOptions {
  readonly place: RedisPlace;
  readonly keys: RedisKeys;
  readonly envelope: Envelope;
  readonly ttlMs: number;
  /** Longest wait for a tile that another process makes, milliseconds. */
  readonly waitMs: number;
  /** Redis has just not answered another command: nobody is asked who makes a tile. */
  readonly isSilent: () => boolean;
  readonly log: (line: string) => void;
}

interface Found {
  readonly mine: Set<string>;
  readonly made: Map<string, CachedTile>;
}

/**
 * One render for all processes that share a Redis: whoever sets the lock of a key makes it, writes it, publishes that it is there, and
 * deletes the lock by its token; the others wait for that, for a bounded time, and then do without. Nothing here ever rejects, and a lock
 * that is lost costs a render twice, no more.
 */
export class RedisFlights implements SharedFlights {
  readonly #options: RedisFlightsOptions;
  readonly #keys: RedisKeys;
  readonly #tokens = new Map<string, string>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** More patient than the tier's: not to render twice is worth as long a wait as for the tile itself. */
  readonly #client: RedisClient;
  /** Resolves with the first connection or the first failure to get one. */
  readonly opened: Promise<void>;
  readonly #breaker: Breaker;
  readonly #subscriber: RedisClient;
  readonly #listening: Promise<unknown>;
  readonly #impatient: boolean;
  #pendingBytes = 0;

  constructor(options: RedisFlightsOptions) {
    this.#options = options;
    const { place, keys, waitMs, log } = options;
    this.#keys = keys;
    this.#impatient = waitMs < IMPATIENT_BELOW_MS;
    const client = hastyClient(place, waitMs);
    this.#client = client;
    this.opened = new Promise((done) => {
      client.once("ready", () => done()).once("error", () => done());
    });
    this.#breaker = new Breaker({
      name: "Redis, sharing of renders",
      threshold: 1,
      // A write: a Redis that is full or read-only has no locks.
      probe: () => client.set(keys.probe, "", "PX", PROBE_MS),
      log,
    });
    client.on("ready", () => this.probeNow());
    // What is said while there is no connection is made up for by the time that is waited at most.
    this.#subscriber = listeningClient(place);
    this.#subscriber.on("message", (_: string, key: string) => this.#tell(key));
    this.#listening = this.#subscriber.subscribe(keys.made).catch(() => {});
  }

  async claim(keys: readonly string[], accepts: Accepts): Promise<Claims> {
    const found: Found = { mine: new Set(), made: new Map() };
    const groups = together(keys, (key) => key, this.#options.place.cluster);
    await Promise.all(groups.map((group) => this.#claimGroup(group, accepts, found)));
    return found;
  }

  async #claimGroup(keys: readonly string[], accepts: Accepts, { mine, made }: Found): Promise<void> {
    const all = () => {
      for (const key of keys) mine.add(key);
    };
    if (!this.#isWell() || (this.#impatient && this.#options.isSilent())) return all();
    const tokens = keys.map(() => randomUUID());
    const pipeline = this.#client.pipeline();
    for (const [index, key] of keys.entries())
      pipeline.set(this.#keys.lock(key), tokens[index] ?? "", "PX", LOCK_MS, "NX");
    // Behind the locks: whoever gets one after another has let it go sees what that one has made.
    pipeline.mgetBuffer(keys.map((key) => this.#keys.tile(key)));
    try {
      const replies = (await pipeline.exec()) ?? [];
      // Each command has its own failure; one that is not answered in time does not reject the whole.
      const failed = replies.find(([error]) => error)?.[0];
      if (failed) this.#failure(failed);
      else this.#breaker.success();
      const values = (replies.at(-1)?.[1] ?? []) as readonly (Buffer | null)[];
      for (const [index, key] of keys.entries()) {
        const [error, reply] = replies[index] ?? [new Error("no reply"), null];
        const locked = !error && reply === "OK";
        const value = values[index];
        const tile = value ? this.#opened(key, value, accepts) : null;
        if (locked) this.#tokens.set(key, tokens[index] ?? "");
        if (tile) made.set(key, tile);
        if (tile && locked) this.finish(key, null);
        else if (!tile && (locked || error)) mine.add(key);
      }
    } catch (error) {
      this.#failure(error);
      all();
    }
  }

  holds(key: string): boolean {
    return this.#tokens.has(key);
  }

  finish(key: string, tile: CachedTile | null): boolean {
    const token = this.#tokens.get(key);
    if (token === undefined) return false;
    this.#tokens.delete(key);
    if (!this.#isWell()) return false;
    const pipeline = this.#client.pipeline();
    const bytes = tile?.bytes.length ?? 0;
    const fits = bytes <= MAX_VALUE_BYTES && this.#pendingBytes + bytes <= MAX_PENDING_BYTES;
    if (tile && fits) {
      this.#pendingBytes += bytes;
      pipeline.set(this.#keys.tile(key), this.#options.envelope.seal(key, tile), "PX", this.#options.ttlMs);
    }
    // Those who wait look for the tile themselves: where it could not be made or kept they make it.
    pipeline.publish(this.#keys.made, key);
    pipeline.eval(UNLOCK, 1, this.#keys.lock(key), token);
    void this.#written(pipeline.exec(), tile && fits ? bytes : 0);
    return fits;
  }

  async #written(replies: Promise<[Error | null, unknown][] | null>, bytes: number): Promise<void> {
    try {
      const failed = (await replies)?.find(([error]) => error)?.[0];
      if (failed) this.#failure(failed);
    } catch (error) {
      this.#failure(error);
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async wait(key: string, accepts: Accepts): Promise<CachedTile | null> {
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
    const there = await this.#read(key, accepts);
    if (there) {
      this.#tell(key);
      return there;
    }
    await told;
    return this.#read(key, accepts);
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

  async #read(key: string, accepts: Accepts): Promise<CachedTile | null> {
    if (!this.#isWell()) return null;
    try {
      const value = await this.#client.getBuffer(this.#keys.tile(key));
      return value && this.#opened(key, value, accepts);
    } catch (error) {
      this.#failure(error);
      return null;
    }
  }

  /** The tile in an entry; null: it is none that was made for this key. */
  #opened(key: string, value: Buffer, accepts: Accepts): CachedTile | null {
    const tile = this.#options.envelope.unseal(key, value);
    return tile && accepts(key, tile.bytes) ? tile : null;
  }

  #failure(error: unknown): void {
    const reason = reasonOf(error);
    this.#breaker.failure(reason);
    // What may still arrive, perhaps hundreds of megabytes, would hold up all that follows.
    if (reason === TIMED_OUT && this.#client.status === "ready") this.#client.disconnect(true);
  }

  #tell(key: string): void {
    for (const done of [...(this.#waiting.get(key) ?? [])]) done();
  }

  #forget(key: string, done: () => void): void {
    const listeners = this.#waiting.get(key);
    listeners?.delete(done);
    if (listeners?.size === 0) this.#waiting.delete(key);
  }
}
