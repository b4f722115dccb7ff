import { setTimeout as sleep } from "node:timers/promises";
import type { StateStore } from "../state/index.ts";
import {
  lastChange,
  newGeneration,
  notShared,
  type Purges,
  type PurgeTarget,
  purgeRow,
  readPurges,
  recordPurge,
} from "./purge.ts";
import type { PurgeService } from "./types/services.ts";

/** Other servers' purges are noticed after this long at most, and the store's answer. */
const POLL_MS = 500;
/** In place of the mark of the last change, before it was read. */
const UNKNOWN = "unknown";
/** Starting up does not wait longer for what was purged. */
const OPEN_WAIT_MS = 3_000;

/** What a pipeline must know of purges. Empty texts: never purged. */
export interface KnownPurges {
  /** Grows with each change. */
  readonly count: number;
  /** With what was purged together with everything. */
  ofImage(key: string): string;
  /** Of the formula alone: its images have their own. `hash`: of the canonical text. */
  ofFormula(hash: string): string;
}

export const NEVER_PURGED: KnownPurges = { count: 0, ofImage: () => "", ofFormula: () => "" };

/**
 * Generations of images and formulas as the state store has them. A store that does not answer leaves what is known; as long as nothing is
 * known, this process has a generation of its own, so that it shows nothing that may have been purged.
 */
export class Generations implements KnownPurges, PurgeService {
  readonly #state: StateStore | null;
  readonly #log: (line: string) => void;
  #known: Purges;
  #count = 0;
  /** What was purged is forgotten, and is to be purged again: all that there is. */
  #forgotten = false;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(state: StateStore | null, log: (line: string) => void) {
    this.#state = state;
    this.#log = log;
    this.#known = { everything: state ? newGeneration() : "", rows: new Map(), changed: UNKNOWN };
  }

  /** `state` null: other servers of the cache could not see a purge here, so that there are none. */
  static async open(state: StateStore | null, log: (line: string) => void): Promise<Generations> {
    const generations = new Generations(state, log);
    if (state) await Promise.race([generations.#watch(state, true), sleep(OPEN_WAIT_MS, null, { ref: false })]);
    return generations;
  }

  get count(): number {
    return this.#count;
  }

  ofImage(key: string): string {
    const { everything, rows } = this.#known;
    return everything + (rows.size === 0 ? "" : (rows.get(purgeRow("image", key)) ?? ""));
  }

  ofFormula(hash: string): string {
    const { rows } = this.#known;
    return rows.size === 0 ? "" : (rows.get(purgeRow("formula", hash)) ?? "");
  }

  async purge(target: PurgeTarget): Promise<void> {
    if (!this.#state) throw notShared();
    await recordPurge(this.#state, target);
    await this.#load(this.#state);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** Looks for a change now and from then on. */
  async #watch(state: StateStore, first = false): Promise<void> {
    try {
      if (first || (await lastChange(state)) !== this.#known.changed) await this.#load(state);
    } catch {
      if (first)
        this.#log("What was purged is not known: nothing that was made before is shown until the store answers.");
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#watch(state), POLL_MS).unref();
  }

  async #load(state: StateStore): Promise<void> {
    const last = this.#known;
    let known = await readPurges(state);
    const isGone = known.changed === "" && last.changed !== "" && last.changed !== UNKNOWN;
    this.#forgotten = (await state.takeLoss()) || isGone || this.#forgotten;
    if (this.#forgotten) {
      await recordPurge(state, { kind: "everything" });
      this.#forgotten = false;
      known = await readPurges(state);
    }
    this.#known = known;
    if (known.changed !== last.changed) this.#count++;
  }
}
