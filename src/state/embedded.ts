import { type Database, open, type RootDatabase } from "lmdb";
import { markClosed, openStore } from "../cache/index.ts";
import { BandloomError } from "../core/errors.ts";
import type { StateStore, StateTable } from "./types.ts";

const MAX_TABLES = 8;
const TEXT = { encoding: "string" } as const;

interface EmbeddedStateOptions {
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** State of one machine, in an LMDB file that several processes may share. */
export class EmbeddedState implements StateStore {
  readonly #options: EmbeddedStateOptions & { readonly name: string; readonly label: string };
  readonly #root: Promise<RootDatabase<string, string>>;
  readonly #tables = new Map<StateTable, Database<string, string>>();

  constructor(options: EmbeddedStateOptions) {
    this.#options = { ...options, name: "state-1", label: "Saved presets" };
    const opened = (path: string) => open<string, string>({ path, maxDbs: MAX_TABLES, ...TEXT });
    this.#root = openStore({ ...this.#options, open: opened });
    // Who asks is told; that nobody does must not end the process.
    this.#root.catch(() => {});
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
    return this.#with(table, async (entries) => {
      await entries.put(key, value);
      await entries.flushed;
    });
  }

  remove(table: StateTable, key: string): Promise<boolean> {
    return this.#with(table, async (entries) => {
      const existed = entries.doesExist(key);
      await entries.remove(key);
      await entries.flushed;
      return existed;
    });
  }

  clear(table: StateTable): Promise<void> {
    return this.#with(table, async (entries) => {
      await entries.clearAsync();
      await entries.flushed;
    });
  }

  count(table: StateTable): Promise<number> {
    return this.#with(table, (entries) => entries.getCount());
  }

  async close(): Promise<void> {
    const root = await this.#root.catch(() => null);
    if (root === null) return;
    await root.close();
    try {
      markClosed(this.#options);
    } catch {
      // The folder is gone, and with it what the next start would look at.
    }
  }

  async #with<T>(table: StateTable, work: (entries: Database<string, string>) => T | Promise<T>): Promise<T> {
    try {
      const root = await this.#root;
      const entries = this.#tables.get(table) ?? root.openDB<string, string>(table, TEXT);
      this.#tables.set(table, entries);
      return await work(entries);
    } catch (cause) {
      const message = "What is saved cannot be reached: the server's own folder (BANDLOOM_CACHE) cannot be used.";
      throw new BandloomError("SOURCE_FAILED", message, { cause });
    }
  }
}
