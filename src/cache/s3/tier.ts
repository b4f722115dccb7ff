import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Slots } from "../../core/slots.ts";
import type { S3Options } from "../../source/index.ts";
import { Breaker } from "../breaker.ts";
import { ENVELOPE_BYTES, type Envelope } from "../envelope.ts";
import { Lookups } from "../lookups.ts";
import type { Accepts, CachedTile, CacheEntry, CacheTier, CacheTierStats } from "../types.ts";
import { type Place, S3Objects } from "./objects.ts";
import { isDenied, reasonOf } from "./refusal.ts";

/** Names the layout of objects, below the prefix: a process of another layout does not see them, and a lifecycle rule can end them. */
const LAYOUT = "1";
/** Not that of the picture: an envelope lies around it. */
const CONTENT_TYPE = "application/vnd.bandloom.tile";
const PROBE = `${LAYOUT}/probe`;
const PROBE_BYTES = 1024;
/** S3 answers within 20 to 100 ms; who waits for longer is better served by rendering. */
const READ_DEADLINE_MS = 250;
/** A batch of 121 tiles is one round trip. */
const READS_AT_ONCE = 128;
/** More reads than this could not begin before their deadline. */
const MAX_WAITING_READS = 1024;
/** Written beside requests that people wait for: few, and each may take its time. */
const WRITES_AT_ONCE = 16;
const WRITE_DEADLINE_MS = 5_000;
const PROBE_DEADLINE_MS = 2_000;
/** Longest wait for pending writes when the process ends. */
const CLOSE_MS = 5_000;
/** A larger tile could not arrive before the deadline. */
const MAX_VALUE_BYTES = 4 * 2 ** 20;
/** Bytes that may wait to be written; more is dropped, so that a slow S3 costs no memory. */
const MAX_PENDING_BYTES = 32 * 2 ** 20;
/** What a pending write costs beside its bytes, rounded up. */
const ENTRY_BYTES = 1024;
const FAILURES_TO_OPEN = 3;

export interface S3TierOptions {
  readonly place: Place;
  readonly server: S3Options;
  /** Longest wait for all tiles that are asked for together, milliseconds; default 250. */
  readonly deadlineMs?: number;
  /** Longest wait for a write, milliseconds; default 5000. */
  readonly writeDeadlineMs?: number;
  /** Longest wait for the answer to a probe, milliseconds; default 2000. */
  readonly probeDeadlineMs?: number;
  /** Longest wait for pending writes when it is closed, milliseconds; default 5000. */
  readonly closeWaitMs?: number;
  readonly envelope: Envelope;
  readonly log: (line: string) => void;
}

/** Tiles in a bucket, which outlive every process and Redis. S3 slow, down, hung or refusing is a miss, never an error. */
export class S3Tier implements CacheTier {
  readonly name = "s3";
  /** Resolves when it is known whether the bucket can be read and written; before, everything is a miss. */
  readonly opened: Promise<void>;
  readonly #objects: S3Objects;
  readonly #envelope: Envelope;
  readonly #deadlineMs: number;
  readonly #writeDeadlineMs: number;
  readonly #probeDeadlineMs: number;
  readonly #closeWaitMs: number;
  readonly #reads: Breaker;
  readonly #writes: Breaker;
  readonly #readSlots = new Slots(READS_AT_ONCE);
  readonly #writeSlots = new Slots(WRITES_AT_ONCE);
  /** What is being read: those who want the same at the same time cost one request. */
  readonly #reading = new Map<string, Promise<CachedTile | null>>();
  readonly #writing = new Set<Promise<void>>();
  readonly #lookups = new Lookups(this.name);
  #pendingBytes = 0;
  #known = false;
  #closed = false;

  constructor(options: S3TierOptions) {
    const { place, server, envelope, log } = options;
    this.#envelope = envelope;
    this.#deadlineMs = options.deadlineMs ?? READ_DEADLINE_MS;
    this.#writeDeadlineMs = options.writeDeadlineMs ?? WRITE_DEADLINE_MS;
    this.#probeDeadlineMs = options.probeDeadlineMs ?? PROBE_DEADLINE_MS;
    this.#closeWaitMs = options.closeWaitMs ?? CLOSE_MS;
    this.#objects = new S3Objects(place, server, READS_AT_ONCE + WRITES_AT_ONCE);
    const breaker = (name: string, probe: () => Promise<unknown>) =>
      new Breaker({ name: `S3 cache, ${name}`, threshold: FAILURES_TO_OPEN, probe, log });
    this.#reads = breaker("reading", () => this.#probeReading());
    this.#writes = breaker("writing", () => this.#probeWriting());
    this.opened = this.#open();
  }

  async get(keys: readonly string[], accepts: Accepts): Promise<readonly (CachedTile | null)[]> {
    const found = this.#isReadable ? await this.#readAll(keys) : [];
    const tiles = keys.map((key, index) => {
      const tile = found[index];
      return tile && accepts(key, tile.bytes) ? tile : null;
    });
    this.#lookups.count(tiles);
    return tiles;
  }

  #readAll(keys: readonly string[]): Promise<readonly (CachedTile | null)[]> {
    const deadline = AbortSignal.timeout(this.#deadlineMs);
    // Every read listens.
    setMaxListeners(0, deadline);
    return Promise.all(keys.map((key) => this.#reading.get(key) ?? this.#startReading(key, deadline)));
  }

  #startReading(key: string, deadline: AbortSignal): Promise<CachedTile | null> {
    if (this.#readSlots.waiting >= MAX_WAITING_READS) return Promise.resolve(null);
    const tile = this.#readSlots.run(() => this.#read(key, deadline)).finally(() => this.#reading.delete(key));
    this.#reading.set(key, tile);
    return tile;
  }

  async #read(key: string, deadline: AbortSignal): Promise<CachedTile | null> {
    // Its time may have passed in the line.
    if (deadline.aborted || !this.#isReadable) return null;
    try {
      const sealed = await this.#objects.read(objectName(key), MAX_VALUE_BYTES + ENVELOPE_BYTES, deadline);
      this.#reads.success();
      return sealed && this.#envelope.unseal(key, sealed);
    } catch (error) {
      // That reading is allowed was tried.
      if (!isDenied(error)) this.#reads.failure(reasonOf(error));
      return null;
    }
  }

  set(entries: readonly CacheEntry[]): void {
    for (const entry of entries) {
      const size = entry.tile.bytes.length + ENTRY_BYTES;
      const fits = entry.tile.bytes.length <= MAX_VALUE_BYTES && this.#pendingBytes + size <= MAX_PENDING_BYTES;
      if (!fits || !this.#isWritable) continue;
      this.#pendingBytes += size;
      const written = this.#writeSlots
        .run(() => this.#write(entry))
        .finally(() => {
          this.#pendingBytes -= size;
          this.#writing.delete(written);
        });
      this.#writing.add(written);
    }
  }

  /** What fails is dropped, and what waits while writing is off. */
  async #write({ key, tile }: CacheEntry): Promise<void> {
    if (!this.#isWritable) return;
    const deadline = AbortSignal.timeout(this.#writeDeadlineMs);
    try {
      await this.#objects.write(objectName(key), this.#envelope.seal(key, tile), CONTENT_TYPE, deadline);
      this.#writes.success();
    } catch (error) {
      this.#writes.failure(reasonOf(error));
    }
  }

  stats(): CacheTierStats {
    return this.#lookups.stats(this.#reads.reason ?? this.#writes.reason ?? (this.#known ? null : "not connected yet"));
  }

  async flush(): Promise<void> {
    // Not what is added meanwhile: there may always be some.
    await Promise.all(this.#writing);
  }

  async close(): Promise<void> {
    await Promise.race([this.flush(), sleep(this.#closeWaitMs, null, { ref: false })]);
    this.#closed = true;
    this.#reads.stop();
    this.#writes.stop();
    await this.#objects.close();
  }

  async #open(): Promise<void> {
    const opens = (breaker: Breaker) => (error: unknown) => breaker.open(reasonOf(error));
    await Promise.all([
      this.#probeWriting().catch(opens(this.#writes)),
      this.#probeReading().catch(opens(this.#reads)),
    ]);
    this.#known = true;
  }

  #probeWriting(): Promise<void> {
    const deadline = AbortSignal.timeout(this.#probeDeadlineMs);
    return this.#objects.write(PROBE, Buffer.alloc(PROBE_BYTES), CONTENT_TYPE, deadline);
  }

  /** Where nothing may be listed only an object that is there tells that reading is allowed. */
  async #probeReading(): Promise<void> {
    await this.#probeWriting().catch(() => {});
    await this.#objects.read(PROBE, PROBE_BYTES, AbortSignal.timeout(this.#probeDeadlineMs));
  }

  get #isReadable(): boolean {
    return this.#known && this.#reads.closed && !this.#closed;
  }

  get #isWritable(): boolean {
    return this.#known && this.#writes.closed && !this.#closed;
  }
}

/** Spread over 256 prefixes, which bucket servers on a file system need and others do not mind. */
function objectName(key: string): string {
  return `${LAYOUT}/${key.slice(0, 2)}/${key}`;
}
