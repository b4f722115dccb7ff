import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { StateStore } from "../state/index.ts";

const TABLE = "revoked";
/** A row beside the grants, which are 16 hex digits: changes with each of them. */
const MARK = "changed";
const FOREVER = "forever";
/** Other servers' revocations are noticed after this long at most, and the store's answer. */
const POLL_MS = 500;
/** Starting up does not wait longer. */
const OPEN_WAIT_MS = 3_000;
/** Rows are removed so long after their end: clocks differ, and somebody may just withdraw one again. Seconds. */
const MARGIN = 3_600;

/** Has every server forget the links of a grant. `until`: seconds since 1970 when the last of them ends; null: never. Rejects as the store does. */
export async function revoke(state: StateStore, grant: string, until: number | null): Promise<void> {
  await state.put(TABLE, grant, until === null ? FOREVER : String(until));
  await state.put(TABLE, MARK, newMark());
}

/**
 * Grants whose links were withdrawn, as the state store has them. A store that does not answer leaves what is known; as long as nothing is
 * known, every grant counts as withdrawn, so that no link works that must not. What the store has lost is written to it again.
 */
export class Revocations {
  readonly #log: (line: string) => void;
  readonly #now: () => number;
  /** By grant, with what its row says; null: nothing is known. */
  #known: ReadonlyMap<string, string> | null;
  #mark = "";
  #count = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(state: StateStore | null, log: (line: string) => void, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#known = state ? null : new Map();
  }

  /** `state` null: nothing can be withdrawn here. `now`: milliseconds since 1970. */
  static async open(
    state: StateStore | null,
    log: (line: string) => void,
    now: () => number = Date.now,
  ): Promise<Revocations> {
    const revocations = new Revocations(state, log, now);
    if (state) await Promise.race([revocations.#watch(state, true), sleep(OPEN_WAIT_MS, null, { ref: false })]);
    return revocations;
  }

  /** Grows with each change. */
  get count(): number {
    return this.#count;
  }

  /** False: the store has not answered yet, and every grant counts as withdrawn for the time being. */
  get isKnown(): boolean {
    return this.#known !== null;
  }

  isRevoked(grant: string): boolean {
    return this.#known?.has(grant) ?? true;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** Looks for a change now and from then on. */
  async #watch(state: StateStore, first = false): Promise<void> {
    try {
      if (this.#known === null || ((await state.get(TABLE, MARK)) ?? "") !== this.#mark) await this.#load(state);
    } catch {
      if (first)
        this.#log("Which links were withdrawn is not known: those of keys are refused until the store answers.");
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#watch(state), POLL_MS).unref();
  }

  async #load(state: StateStore): Promise<void> {
    // Before the rows: what changes meanwhile is seen the next time.
    const mark = (await state.get(TABLE, MARK)) ?? "";
    const rows = new Map(await state.all(TABLE));
    rows.delete(MARK);
    await this.#restore(state, rows);
    for (const [grant, until] of rows) if (this.#isOver(until, MARGIN)) await forget(state, rows, grant);
    this.#known = rows;
    this.#mark = mark;
    this.#count++;
  }

  /** No row goes before its end, unless the store has lost it. */
  async #restore(state: StateStore, rows: Map<string, string>): Promise<void> {
    const lost = [...(this.#known ?? [])].filter(([grant, until]) => !rows.has(grant) && !this.#isOver(until, 0));
    for (const [grant, until] of lost) {
      await state.put(TABLE, grant, until);
      rows.set(grant, until);
    }
    if (lost.length > 0) await state.put(TABLE, MARK, newMark());
  }

  #isOver(until: string, margin: number): boolean {
    return until !== FOREVER && Number(until) + margin < this.#now() / 1000;
  }
}

async function forget(state: StateStore, rows: Map<string, string>, grant: string): Promise<void> {
  await state.remove(TABLE, grant);
  rows.delete(grant);
}

/** 64 bits: no mark ever comes back. */
function newMark(): string {
  return randomBytes(8).toString("hex");
}
