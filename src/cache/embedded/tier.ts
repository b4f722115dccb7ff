import { setImmediate as nextTurn } from "node:timers/promises";
import { Breaker } from "../breaker.ts";
import { CHECKED } from "../envelope.ts";
import { Rounds } from "../rounds.ts";
import type { Accepts, CachedTile, CacheEntry, CacheTier, CacheTierStats } from "../types.ts";
import { isDamage } from "./damage.ts";
import { planEviction, storedBytes } from "./eviction.ts";
import { StoreKeeper } from "./keeper.ts";
import { bytesOnDisk } from "./open.ts";
import { type EntryInfo, STORE_NAME, Tables } from "./tables.ts";

/** A tile's age is written at most this often: reading must not cost a write each time. */
const TOUCH_SECONDS = 3_600;
/** Tiles gather this long before they are written: one transaction for all of them, as each costs about as much as its tiles. */
const GATHER_MS = 100;
const ENTRIES_PER_BATCH = 256;
const BYTES_PER_BATCH = 8 * 2 ** 20;
/** Nor is a batch larger than this share of the store: it could not make room for all of itself. */
const BATCH_SHARE = 1 / 4;
/** A tile larger than this share of the store is not kept: it would drive out too many others. */
const LARGEST_SHARE = 1 / 16;
/** Bytes that may wait to be written; more is dropped, so that a slow disk costs no memory. */
const MAX_PENDING_BYTES = 64 * 2 ** 20;
/** Reads are synchronous, about 20 µs each: after so many the event loop gets its turn. */
const READS_PER_TURN = 64;
/** After a write that failed, perhaps for want of space: stay below what the store takes now, less this share. */
const FULL_DISK_SHARE = 0.9;
/** A clock may be set back by this much without a loss. */
const CLOCK_STEP_SECONDS = 86_400;
const PROBE_KEY = Buffer.alloc(32);

export interface EmbeddedTierOptions {
  /** Made when it is missing. Only the main thread opens it; other processes may share it. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly ttlSeconds: number;
  readonly log: (line: string) => void;
}

/**
 * Tiles in an LMDB store on disk: they outlive the process. A store that is damaged, full or gone is a miss. It is this machine's own, in
 * a folder where who can write could as well change the program: entries carry a checksum, with or without signing keys.
 */
export class EmbeddedTier implements CacheTier {
  readonly name = "embedded";
  /** Resolves when the store is open or was given up; until then the tier misses. */
  readonly opened: Promise<void>;
  readonly #options: EmbeddedTierOptions;
  readonly #store: StoreKeeper<Tables>;
  readonly #writes: Breaker;
  #maxBytes: number;
  #puts: CacheEntry[] = [];
  #pendingBytes = 0;
  #touches = new Map<string, EntryInfo>();
  #damaged = new Map<string, EntryInfo | null>();
  #writing: Promise<void> | null = null;
  /** Ends the gathering; null: nothing gathers. */
  #hurry: (() => void) | null = null;
  readonly #rounds = new Rounds();
  #hits = 0;
  #misses = 0;
  #closed = false;

  constructor(options: EmbeddedTierOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    this.#writes = new Breaker({
      name: "Embedded cache, writing",
      threshold: 1,
      probe: () => this.#probe(),
      log: options.log,
    });
    this.#store = new StoreKeeper({
      ...{ folder: options.folder, name: STORE_NAME, label: "Embedded cache", log: options.log },
      open: (path) => new Tables(path),
    });
    this.opened = this.#store.opened;
  }

  async get(keys: readonly string[], accepts: Accepts): Promise<readonly (CachedTile | null)[]> {
    const tiles: (CachedTile | null)[] = [];
    for (const [index, key] of keys.entries()) {
      if (index > 0 && index % READS_PER_TURN === 0) await nextTurn();
      const tile = this.#read(key, accepts);
      if (tile) this.#hits++;
      else this.#misses++;
      tiles.push(tile);
    }
    return tiles;
  }

  #read(key: string, accepts: Accepts): CachedTile | null {
    const { current: tables } = this.#store;
    if (!tables) return null;
    try {
      const id = Buffer.from(key, "hex");
      const value = tables.value(id);
      if (!value) return null;
      const entry = tables.entry(id);
      const tile = CHECKED.unseal(key, value);
      if (!entry || !tile || !accepts(key, tile.bytes) || isExpired(entry, this.#options.ttlSeconds)) {
        this.#damaged.set(key, entry);
        this.#startWriting();
        return null;
      }
      if (secondsNow() - entry.touchedAt > TOUCH_SECONDS) {
        this.#touches.set(key, entry);
        this.#startWriting();
      }
      return tile;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (isDamage(error)) this.#loseStore(reason);
    else this.#writes.failure(reason);
  }

  set(entries: readonly CacheEntry[]): void {
    if (!this.#store.current || !this.#writes.closed || this.#closed) return;
    if (this.#maxBytes < this.#options.maxBytes) this.#growWithDisk();
    for (const entry of entries) {
      const size = entry.tile.bytes.length;
      if (size > this.#maxBytes * LARGEST_SHARE || this.#pendingBytes + size > MAX_PENDING_BYTES) continue;
      this.#pendingBytes += size;
      this.#puts.push(entry);
      this.#rounds.add();
    }
    this.#startWriting();
  }

  #startWriting(): void {
    if (this.#closed || !this.#hasWork) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      this.#startWriting();
      if (!this.#writing) this.#rounds.rest();
    });
  }

  /** Writes what has gathered, transaction after transaction; what fails is dropped. */
  async #write(): Promise<void> {
    await this.#gather();
    while (this.#hasWork) {
      const puts = this.#takePuts();
      this.#rounds.begin();
      const touches = [...this.#touches];
      const damaged = [...this.#damaged];
      this.#touches.clear();
      this.#damaged.clear();
      try {
        const { current: tables } = this.#store;
        if (!tables || !this.#writes.closed) continue;
        if (this.#store.isInPlace) await this.#commit(tables, puts, touches, damaged);
        else this.#loseStore(null);
      } catch (error) {
        this.#fail(error);
        this.#stayBelowFullDisk();
      } finally {
        for (const { tile } of puts) this.#pendingBytes -= tile.bytes.length;
        this.#rounds.end(puts.length);
      }
    }
  }

  /** Resolves after a while, or as soon as somebody waits for what gathers. */
  #gather(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#hurry = null;
        resolve();
      };
      const timer = setTimeout(end, GATHER_MS);
      this.#hurry = end;
    });
  }

  get #hasWork(): boolean {
    return this.#puts.length > 0 || this.#touches.size > 0 || this.#damaged.size > 0;
  }

  #takePuts(): CacheEntry[] {
    const maxBytes = Math.min(BYTES_PER_BATCH, this.#maxBytes * BATCH_SHARE);
    let bytes = 0;
    let count = 0;
    for (const { tile } of this.#puts) {
      bytes += tile.bytes.length;
      if (count === ENTRIES_PER_BATCH || (count > 0 && bytes > maxBytes)) break;
      count++;
    }
    return this.#puts.splice(0, count);
  }

  async #commit(
    tables: Tables,
    puts: readonly CacheEntry[],
    touches: readonly (readonly [string, EntryInfo])[],
    damaged: readonly (readonly [string, EntryInfo | null])[],
  ): Promise<void> {
    const sealed = puts.map(({ key, tile }) => ({ id: Buffer.from(key, "hex"), value: CHECKED.seal(key, tile) }));
    const incoming = sealed.reduce((sum, { value }) => sum + storedBytes(value.length), 0);
    const plan = planEviction(tables, incoming, this.#maxBytes);
    const now = secondsNow();
    await tables.batch(() => {
      for (const [key, entry] of damaged) tables.remove(Buffer.from(key, "hex"), entry?.touchedAt ?? 0);
      for (const [key, entry] of touches) tables.touch(Buffer.from(key, "hex"), entry, now);
      for (const { key, touchedAt, stale } of plan.victims) {
        if (stale) tables.removeAge(key, touchedAt);
        else tables.remove(key, touchedAt);
      }
      let room = plan.room;
      for (const { id, value } of sealed) {
        room -= storedBytes(value.length);
        if (room >= 0) tables.put(id, value, now);
      }
    });
    this.#writes.success();
  }

  #stayBelowFullDisk(): void {
    const usage = this.#usage();
    if (usage) this.#maxBytes = Math.min(this.#maxBytes, usage.bytes * FULL_DISK_SHARE);
  }

  /**
   * Others may have made room since a write failed, or it was not for want of room. Pages that are freed can be used again two transactions
   * later: the file becomes larger than what is kept in it by as many batches.
   */
  #growWithDisk(): void {
    const bytes = bytesOnDisk(this.#options.folder, STORE_NAME);
    const room = Math.max(bytes / 2, bytes * FULL_DISK_SHARE - 2 * BYTES_PER_BATCH);
    this.#maxBytes = Math.min(this.#options.maxBytes, Math.max(this.#maxBytes, room));
  }

  /** It is damaged, for a reason, or gone. The next one may have the whole room again. */
  #loseStore(damage: string | null): void {
    if (damage === null) this.#store.gone();
    else this.#store.damaged(damage);
    this.#maxBytes = this.#options.maxBytes;
  }

  async #probe(): Promise<void> {
    const { current: tables } = this.#store;
    if (!tables) throw new Error("not open");
    if (!this.#store.isInPlace) return this.#loseStore(null);
    await tables.batch(() => tables.put(PROBE_KEY, Buffer.alloc(2 ** 16), 0));
    await tables.batch(() => tables.remove(PROBE_KEY, 0));
  }

  /** Null: there is no store, or none that can be read. */
  #usage(): ReturnType<Tables["usage"]> | null {
    try {
      return this.#store.current?.usage() ?? null;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  stats(): CacheTierStats {
    const usage = this.#usage() ?? { entries: 0, bytes: 0 };
    const detail = this.#store.reason ?? this.#writes.reason;
    return {
      name: this.name,
      hits: this.#hits,
      misses: this.#misses,
      entries: usage.entries,
      bytes: usage.bytes,
      maxBytes: this.#maxBytes,
      healthy: detail === null,
      detail,
    };
  }

  async flush(): Promise<void> {
    await this.opened;
    if (!this.#writing) return;
    this.#hurry?.();
    await this.#rounds.caughtUp();
  }

  async close(): Promise<void> {
    await this.opened;
    while (this.#writing) {
      this.#hurry?.();
      await this.#writing;
    }
    this.#closed = true;
    this.#writes.stop();
    await this.#store.close();
  }
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

/** What was stored in the future was stored by a clock that went wrong: it would never grow old. */
function isExpired(entry: EntryInfo, ttlSeconds: number): boolean {
  const age = secondsNow() - entry.storedAt;
  return age < -CLOCK_STEP_SECONDS || (ttlSeconds > 0 && age > ttlSeconds);
}
