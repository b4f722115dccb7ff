import { statfsSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { committed, isDamage, StoreKeeper } from "../cache/index.ts";
import { BandloomError } from "../core/errors.ts";
import type { StateStore, StateTable } from "./types.ts";

const MAX_TABLES = 8;
const TEXT = { encoding: "string" } as const;
/**
 * Where the disk has less than this nothing is written: LMDB copies the pages on the way to an entry, and its message of a write that failed
 * may overwrite memory beside it (3.5.6 puts up to 122 bytes into 100).
 */
const LEAST_ROOM = 2 ** 20;

interface EmbeddedStateOptions {
  readonly folder: string;
  readonly log: (line: string) => void;
}

type Table = Database<string, string>;

/** State of one machine, in an LMDB file that several processes may share. */
export class EmbeddedState implements StateStore {
  readonly #folder: string;
  readonly #store: StoreKeeper<StateTables>;
  #isLost = false;

  constructor({ folder, log }: EmbeddedStateOptions) {
    this.#folder = folder;
    this.#store = new StoreKeeper({
      ...{ folder, name: "state-1", label: "Saved presets", log, open: (path) => new StateTables(path) },
      meanwhile: "what is saved cannot be reached",
      onAnew: () => {
        this.#isLost = true;
      },
    });
  }

  all(table: StateTable): Promise<readonly (readonly [string, string])[]> {
    return this.#with(table, (entries) => [...entries.getRange()].map(({ key, value }) => [key, value] as const));
  }

  get(table: StateTable, key: string): Promise<string | null> {
    return this.#with(table, (entries) => entries.get(key) ?? null);
  }

  many(table: StateTable, keys: readonly string[]): Promise<readonly (string | null)[]> {
    return this.#with(table, (entries) => keys.map((key) => entries.get(key) ?? null));
  }

  put(table: StateTable, key: string, value: string): Promise<void> {
    return this.#with(table, (entries) => this.#write(entries, () => entries.put(key, value)));
  }

  remove(table: StateTable, key: string): Promise<boolean> {
    return this.#with(table, async (entries) => {
      const existed = entries.doesExist(key);
      await this.#write(entries, () => entries.remove(key));
      return existed;
    });
  }

  clear(table: StateTable): Promise<void> {
    return this.#with(table, (entries) => this.#write(entries, () => entries.clearAsync()));
  }

  count(table: StateTable): Promise<number> {
    return this.#with(table, (entries) => entries.getCount());
  }

  async takeLoss(): Promise<boolean> {
    await this.#store.opened;
    const isLost = this.#isLost;
    this.#isLost = false;
    return isLost;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #with<T>(table: StateTable, work: (entries: Table) => T | Promise<T>): Promise<T> {
    await this.#store.opened;
    try {
      // What is saved in a file that was removed or replaced would never be found again.
      if (!this.#store.isInPlace) this.#store.gone();
      const { current } = this.#store;
      if (!current) throw unreachable(this.#store.reason);
      return await work(current.table(table));
    } catch (error) {
      if (error instanceof BandloomError) throw error;
      if (isDamage(error)) this.#store.damaged(error instanceof Error ? error.message : String(error));
      throw unreachable(error);
    }
  }

  /** Resolves when it is on the disk. */
  async #write(entries: Table, change: () => Promise<unknown>): Promise<void> {
    const { bavail, bsize } = statfsSync(this.#folder);
    if (bavail * bsize < LEAST_ROOM) {
      const message =
        "What is saved cannot be changed: the disk of the server's own folder (BANDLOOM_CACHE) is full. Make room there, and try again.";
      throw new BandloomError("SOURCE_FAILED", message);
    }
    await committed(change());
    await entries.flushed;
  }
}

class StateTables {
  readonly #root: RootDatabase<string, string>;
  readonly #tables = new Map<StateTable, Table>();

  /** Throws what LMDB throws. */
  constructor(path: string) {
    // Without eventTurnBatching: its implicit batches have a promise that nobody can catch when the disk is full.
    this.#root = open<string, string>({ path, maxDbs: MAX_TABLES, eventTurnBatching: false, ...TEXT });
  }

  table(name: StateTable): Table {
    const table = this.#tables.get(name) ?? this.#root.openDB<string, string>(name, TEXT);
    this.#tables.set(name, table);
    return table;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

function unreachable(cause: unknown): BandloomError {
  const message =
    "What is saved cannot be reached: the server's own folder (BANDLOOM_CACHE) cannot be used. Try again; the server's log says why.";
  return new BandloomError("SOURCE_FAILED", message, { cause });
}
