import { type Database, open, type RootDatabase } from "lmdb";
import { committed } from "../commit.ts";

const AGE_BYTES = 4;
const ENTRY_BYTES = 12;
const PRESENT = Buffer.of(1);

/** Of the store's folder. Raise its number when the layout of the tables changes. */
export const STORE_NAME = "tiles-1";

type Table = Database<Buffer, Buffer>;

/** What is known of a tile beside its bytes. Times are whole seconds since 1970. */
export interface EntryInfo {
  readonly storedAt: number;
  readonly touchedAt: number;
  /** Length of the stored value. */
  readonly bytes: number;
}

/**
 * The store's three tables, in one LMDB file:
 *
 *     values   key → sealed tile (see envelope.ts)
 *     entries  key → storedAt, touchedAt, bytes (three big-endian uint32)
 *     ages     touchedAt ‖ key → 1: the keys in the order in which they are evicted
 *
 * Writes belong into `batch`: all of one batch are in one transaction. Reads see committed state.
 */
export class Tables {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #values: Table;
  readonly #entries: Table;
  readonly #ages: Table;

  /** Throws what LMDB throws: a file that is no store, a folder that cannot be written. */
  constructor(folder: string) {
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    // Without eventTurnBatching: its implicit batches have a promise that nobody can catch when the disk is full.
    this.#root = open<Buffer, Buffer>({ path: folder, maxDbs: 4, eventTurnBatching: false, ...binary });
    this.#values = this.#root.openDB("values", binary);
    this.#entries = this.#root.openDB("entries", binary);
    this.#ages = this.#root.openDB("ages", binary);
  }

  value(key: Buffer): Buffer | null {
    // getBinary copies; getBinaryFast would answer with memory that the next read overwrites.
    return this.#values.getBinary(key) ?? null;
  }

  entry(key: Buffer): EntryInfo | null {
    const bytes = this.#entries.getBinary(key);
    if (bytes?.length !== ENTRY_BYTES) return null;
    return { storedAt: bytes.readUInt32BE(0), touchedAt: bytes.readUInt32BE(4), bytes: bytes.readUInt32BE(8) };
  }

  /** Keys in the order of their age, least recently touched first. */
  *oldest(limit: number): Generator<{ readonly key: Buffer; readonly touchedAt: number }> {
    for (const age of this.#ages.getKeys({ limit })) {
      yield { key: Buffer.from(age.subarray(AGE_BYTES)), touchedAt: age.readUInt32BE(0) };
    }
  }

  /** When the tile was touched that was touched last, seconds since 1970; null: there is none. */
  newest(): number | null {
    for (const age of this.#ages.getKeys({ limit: 1, reverse: true })) return age.readUInt32BE(0);
    return null;
  }

  /** The next keys of values in their order, behind one of them. */
  keysAfter(last: Buffer | null, limit: number): readonly Buffer[] {
    const range = last ? { start: last, limit: limit + 1 } : { limit };
    const keys = [...this.#values.getKeys(range)].map((key) => Buffer.from(key));
    return last && keys[0]?.equals(last) ? keys.slice(1) : keys.slice(0, limit);
  }

  /** Runs `work`, whose puts and removes become one transaction; rejects when it cannot be committed. */
  async batch(work: () => void): Promise<void> {
    await committed(this.#root.batch(work));
    this.#root.resetReadTxn();
  }

  put(key: Buffer, value: Buffer, now: number): void {
    void this.#values.put(key, value);
    this.#putEntry(key, { storedAt: now, touchedAt: now, bytes: value.length });
  }

  touch(key: Buffer, entry: EntryInfo, now: number): void {
    this.removeAge(key, entry.touchedAt);
    this.#putEntry(key, { ...entry, touchedAt: now });
  }

  remove(key: Buffer, touchedAt: number): void {
    void this.#values.remove(key);
    void this.#entries.remove(key);
    this.removeAge(key, touchedAt);
  }

  removeAge(key: Buffer, touchedAt: number): void {
    void this.#ages.remove(ageKey(touchedAt, key));
  }

  #putEntry(key: Buffer, { storedAt, touchedAt, bytes }: EntryInfo): void {
    const record = Buffer.allocUnsafeSlow(ENTRY_BYTES);
    record.writeUInt32BE(storedAt, 0);
    record.writeUInt32BE(touchedAt, 4);
    record.writeUInt32BE(bytes, 8);
    void this.#entries.put(key, record);
    void this.#ages.put(ageKey(touchedAt, key), PRESENT);
  }

  /** Number of tiles, and the bytes of all pages in use. */
  usage(): { readonly entries: number; readonly bytes: number } {
    const stats = [this.#values, this.#entries, this.#ages].map((table) => table.getStats() as TableStats);
    const pages = stats.reduce(
      (sum, table) => sum + table.treeBranchPageCount + table.treeLeafPageCount + table.overflowPages,
      0,
    );
    return { entries: stats[0]?.entryCount ?? 0, bytes: pages * (stats[0]?.pageSize ?? 0) };
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** The part of lmdb's untyped statistics that is used here. */
interface TableStats {
  readonly pageSize: number;
  readonly entryCount: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function ageKey(touchedAt: number, key: Buffer): Buffer {
  const age = Buffer.allocUnsafeSlow(AGE_BYTES + key.length);
  age.writeUInt32BE(touchedAt, 0);
  age.set(key, AGE_BYTES);
  return age;
}
