import { setTimeout as sleep } from "node:timers/promises";
import { Breaker } from "../breaker.ts";
import { markClosed, markSuspect, openStore, storeFile } from "./open.ts";
import { Tables } from "./tables.ts";

/** Raise its number when the layout of the tables changes. */
export const STORE_NAME = "tiles-1";
/** Closing waits for what is written: a few megabytes. */
const CLOSE_MS = 5_000;
/** With spoiled pages closing often never ends, and nothing is lost by not waiting for it. */
const CLOSE_DAMAGED_MS = 500;
/** A store in which nothing was found wrong so recently, and that fails again, is not believed. */
const TRUST_MS = 600_000;

interface KeeperOptions {
  readonly folder: string;
  readonly log: (line: string) => void;
}

/**
 * The store of a tier, as long as there is one: opened in the background, given up when it is gone or damaged, and then opened again or
 * made anew, without an end of the process.
 */
export class StoreKeeper {
  /** Resolves when the store was opened for the first time, or could not be. */
  readonly opened: Promise<void>;
  readonly #store: { readonly folder: string; readonly name: string; readonly label: string };
  readonly #log: (line: string) => void;
  readonly #presence: Breaker;
  #tables: Tables | null = null;
  /** Given up, and to be closed. */
  #lost: Tables | null = null;
  /** The file that the tables lie in. */
  #file: string | null = null;
  #detail: string | null = "opening";
  #damaged = false;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ folder, log }: KeeperOptions) {
    this.#store = { folder, name: STORE_NAME, label: "Embedded cache" };
    this.#log = log;
    this.#presence = new Breaker({ name: "Embedded cache", threshold: 1, probe: () => this.#open(), log });
    this.opened = this.#openFirst();
  }

  /** Null: do without. */
  get tables(): Tables | null {
    return this.#tables;
  }

  /** Why there are none; null: there are. */
  get reason(): string | null {
    return this.#detail ?? this.#presence.reason;
  }

  /** False: what is written would be in a file that no later start can find. */
  get isInPlace(): boolean {
    return this.#file !== null && storeFile(this.#store) === this.#file;
  }

  /** Its file is no longer in its place: goes on with the one that is, or with a new one. */
  gone(): void {
    this.#giveUp("its file was removed or replaced");
  }

  /** Its pages are not what was written: from now on they are not touched, since LMDB may end the process where it meets one. */
  damaged(reason: string): void {
    this.#damaged = true;
    this.#giveUp(reason);
  }

  #giveUp(reason: string): void {
    if (!this.#tables) return;
    this.#lost = this.#tables;
    this.#tables = null;
    this.#presence.open(reason);
  }

  async #openFirst(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#presence.open(error instanceof Error ? error.message : String(error));
    } finally {
      this.#detail = null;
    }
  }

  async #open(): Promise<void> {
    const lost = this.#lost;
    this.#lost = null;
    if (lost) await closeInTime(lost, this.#damaged ? CLOSE_DAMAGED_MS : CLOSE_MS);
    if (this.#closed) return;
    // The same store failed although every page could be read: nothing but a new one helps.
    if (this.#damaged && performance.now() - this.#checkedAt < TRUST_MS && this.isInPlace) markSuspect(this.#store);
    const tables = await openStore({ ...this.#store, open: (path) => new Tables(path), log: this.#log });
    if (this.#damaged) this.#checkedAt = performance.now();
    this.#damaged = false;
    if (this.#closed) return tables.close();
    this.#tables = tables;
    this.#file = storeFile(this.#store);
  }

  /** Closes in order, so that the next start need not check the store. */
  async close(): Promise<void> {
    await this.opened;
    this.#closed = true;
    this.#presence.stop();
    const tables = this.#tables ?? this.#lost;
    const inOrder = this.#tables !== null;
    this.#tables = null;
    this.#lost = null;
    this.#detail = "closed";
    if (!tables) return;
    try {
      if ((await closeInTime(tables, inOrder ? CLOSE_MS : CLOSE_DAMAGED_MS)) && inOrder) markClosed(this.#store);
    } catch {
      // What was not written is lost, which a cache may; the next start checks the store.
    }
  }
}

/** False: closing failed or did not end. */
async function closeInTime(tables: Tables, timeoutMs: number): Promise<boolean> {
  const late = new AbortController();
  const closed = tables.close().then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([closed, sleep(timeoutMs, false, { signal: late.signal })]);
  late.abort();
  return inTime;
}
