import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { BandloomError } from "../../core/errors.ts";
import { DATA_FILE, isAsClosed, markClosed, markSuspect, passesCheck } from "../embedded/open.ts";
import { STORE_NAME, Tables } from "../embedded/tables.ts";
import { CHECKED } from "../envelope.ts";
import type { StoreCare, StoreReport, Verification } from "./types.ts";

const KEYS_PER_TURN = 64;

/** The embedded store of a folder; a server may use it at the same time. */
export class EmbeddedCare implements StoreCare {
  readonly #folder: string;
  readonly #store: string;
  /** No server has it open: it is left as it was found. */
  readonly #idle: boolean;
  #tables: Tables | null = null;

  /** Throws NOT_FOUND where there is no store. */
  constructor(folder: string | null) {
    this.#folder = folder ?? "";
    this.#store = join(resolve(this.#folder), STORE_NAME);
    if (folder === null || !existsSync(join(this.#store, DATA_FILE)))
      throw new BandloomError(
        "NOT_FOUND",
        `${folder ?? "No folder"} holds no tile cache. Name its folder with --data or --cache.`,
      );
    this.#idle = isAsClosed(this.#store);
  }

  async report(): Promise<StoreReport> {
    const tables = this.#open();
    const [oldest] = tables.oldest(1);
    const newest = tables.newest();
    return {
      tier: "embedded",
      ...tables.usage(),
      complete: true,
      oldestSeconds: oldest ? secondsSince(oldest.touchedAt) : null,
      newestSeconds: newest === null ? null : secondsSince(newest),
      memory: null,
    };
  }

  async verify(onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<Verification> {
    // LMDB ends the process that meets a damaged page.
    if (!(await passesCheck(this.#store)))
      throw new BandloomError(
        "SOURCE_UNREADABLE",
        "The store itself is damaged, not only tiles in it. A running server begins a new one when it meets the damage; start it again to have that now.",
      );
    const tables = this.#open();
    const total = tables.usage().entries;
    let [checked, damaged] = [0, 0];
    let last: Buffer | null = null;
    for (;;) {
      const keys: readonly Buffer[] = tables.keysAfter(last, KEYS_PER_TURN);
      last = keys.at(-1) ?? null;
      if (last === null) return { checked, damaged, unchecked: 0 };
      const bad = keys.filter((key) => isDamaged(tables, key));
      if (bad.length > 0)
        await tables.batch(() => {
          for (const key of bad) tables.remove(key, tables.entry(key)?.touchedAt ?? 0);
        });
      checked += keys.length;
      damaged += bad.length;
      onProgress(checked, Math.max(total, checked));
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  async close(): Promise<void> {
    await this.#tables?.close();
    if (this.#tables && this.#idle) markClosed({ folder: this.#folder, name: STORE_NAME });
  }

  #open(): Tables {
    this.#tables ??= new Tables(this.#store);
    return this.#tables;
  }
}

/** The next server of this folder begins its store anew: those before it were ended by a fault, and the store may be what did it. */
export function distrustTiles(folder: string): void {
  try {
    markSuspect({ folder, name: STORE_NAME });
  } catch {
    // There is no store.
  }
}

/** Gone meanwhile is not damaged. */
function isDamaged(tables: Tables, key: Buffer): boolean {
  const value = tables.value(key);
  return value !== null && (CHECKED.unseal(key.toString("hex"), value) === null || tables.entry(key) === null);
}

function secondsSince(time: number): number {
  return Math.max(0, Math.floor(Date.now() / 1000) - time);
}
