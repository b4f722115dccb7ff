import { statfsSync } from "node:fs";
import { type Database, open, type RootDatabase } from "lmdb";
import { committed, markClosed, openStore } from "../cache/index.ts";
import { BandloomError } from "../core/errors.ts";
import type { StateStore, StateTable } from "./types.ts";

const MAX_TABLES = 8;
const TEXT = { encoding: "string" } as const;
/** A store that cannot be opened is opened again for who asks after so long: a check is a process. */
const REOPEN_MS = 5_000;
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
  readonly #options: EmbeddedStateOptions & { readonly name: string; readonly label: string };
  #root: Promise<RootDatabase<string, string>> | null = null;
  #closed = false;
  readonly #tables = new Map<StateTable, Table>();

  constructor(options: EmbeddedStateOptions) {
    this.#options = { ...options, name: "state-1", label: "Saved presets" };
    // Who asks is told; that nobody does must not end the process.
    this.#opened().catch(() => {});
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

  async close(): Promise<void> {
    this.#closed = true;
    const root = await this.#root?.catch(() => null);
    if (!root) return;
    await root.close();
    try {
      markClosed(this.#options);
    } catch {
      // The folder is gone, and with it what the next start would look at.
    }
  }

  #opened(): Promise<RootDatabase<string, string>> {
    this.#root ??= this.#open();
    return this.#root;
  }

  async #open(): Promise<RootDatabase<string, string>> {
    if (this.#closed) throw new Error("closed");
    try {
      // Without eventTurnBatching: its implicit batches have a promise that nobody can catch when the disk is full.
      const options = { maxDbs: MAX_TABLES, eventTurnBatching: false, ...TEXT };
      return await openStore({ ...this.#options, open: (path) => open<string, string>({ path, ...options }) });
    } catch (error) {
      setTimeout(() => {
        this.#root = null;
      }, REOPEN_MS).unref();
      throw error;
    }
  }

  async #with<T>(table: StateTable, work: (entries: Table) => T | Promise<T>): Promise<T> {
    try {
      const root = await this.#opened();
      const entries = this.#tables.get(table) ?? root.openDB<string, string>(table, TEXT);
      this.#tables.set(table, entries);
      return await work(entries);
    } catch (cause) {
      if (cause instanceof BandloomError) throw cause;
      const message = "What is saved cannot be reached: the server's own folder (BANDLOOM_CACHE) cannot be used.";
      throw new BandloomError("SOURCE_FAILED", message, { cause });
    }
  }

  /** Resolves when it is on the disk. */
  async #write(entries: Table, change: () => Promise<unknown>): Promise<void> {
    const { bavail, bsize } = statfsSync(this.#options.folder);
    if (bavail * bsize < LEAST_ROOM) {
      const message =
        "What is saved cannot be changed: the disk of the server's own folder (BANDLOOM_CACHE) is full. Make room there, and try again.";
      throw new BandloomError("SOURCE_FAILED", message);
    }
    await committed(change());
    await entries.flushed;
  }
}
