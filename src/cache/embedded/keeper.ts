import { setTimeout as sleep } from "node:timers/promises";
import { Breaker } from "../breaker.ts";
import { markClosed, markSuspect, openStore, type StoreOptions, storeFile } from "./open.ts";

/** Closing waits for what is written: a few megabytes. */
const CLOSE_MS = 5_000;
/** With spoiled pages closing often never ends, and nothing is lost by not waiting for it. */
const CLOSE_DAMAGED_MS = 500;
/** A store in which nothing was found wrong so recently, and that fails again, is not believed. */
const TRUST_MS = 600_000;

interface KeeperOptions<T> extends StoreOptions<T> {
  /** What it means for people while there is none. */
  readonly meanwhile?: string;
}

/** What is opened. */
interface Closable {
  close(): Promise<unknown>;
}

/**
 * A store, as long as there is one: opened in the background, given up when it is gone or damaged, and then opened again or made anew,
 * without an end of the process.
 */
export class StoreKeeper<T extends Closable> {
  /** Resolves when the store was opened for the first time, or could not be. */
  readonly opened: Promise<void>;
  readonly #options: StoreOptions<T>;
  readonly #presence: Breaker;
  #current: T | null = null;
  /** Given up, and to be closed. */
  #lost: T | null = null;
  /** The file that the current one lies in. */
  #file: string | null = null;
  #detail: string | null = "opening";
  #damaged = false;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ meanwhile, ...options }: KeeperOptions<T>) {
    this.#options = options;
    const { label: name, log } = options;
    this.#presence = new Breaker({
      ...{ name, threshold: 1, probe: () => this.#open(), log },
      ...(meanwhile !== undefined && { meanwhile }),
    });
    this.opened = this.#openFirst();
  }

  /** Null: do without. */
  get current(): T | null {
    return this.#current;
  }

  /** Why there are none; null: there are. */
  get reason(): string | null {
    return this.#detail ?? this.#presence.reason;
  }

  /** False: what is written would be in a file that no later start can find. */
  get isInPlace(): boolean {
    return this.#file !== null && storeFile(this.#options) === this.#file;
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
    if (!this.#current) return;
    this.#lost = this.#current;
    this.#current = null;
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
    if (this.#damaged && performance.now() - this.#checkedAt < TRUST_MS && this.isInPlace) markSuspect(this.#options);
    const opened = await openStore(this.#options);
    if (this.#damaged) this.#checkedAt = performance.now();
    this.#damaged = false;
    if (this.#closed) return void (await closeInTime(opened, CLOSE_MS));
    this.#current = opened;
    this.#file = storeFile(this.#options);
  }

  /** Closes in order, so that the next start need not check the store. */
  async close(): Promise<void> {
    await this.opened;
    this.#closed = true;
    this.#presence.stop();
    const last = this.#current ?? this.#lost;
    const inOrder = this.#current !== null;
    this.#current = null;
    this.#lost = null;
    this.#detail = "closed";
    if (!last) return;
    try {
      if ((await closeInTime(last, inOrder ? CLOSE_MS : CLOSE_DAMAGED_MS)) && inOrder) markClosed(this.#options);
    } catch {
      // What was not written is lost, which a cache may; the next start checks the store.
    }
  }
}

/** False: closing failed or did not end. */
async function closeInTime(store: Closable, timeoutMs: number): Promise<boolean> {
  const late = new AbortController();
  const closed = store.close().then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([closed, sleep(timeoutMs, false, { signal: late.signal })]);
  late.abort();
  return inTime;
}
