import { BandloomError } from "../../core/errors.ts";
import { NOBODY } from "../../core/owner.ts";
import type { Priority } from "../types.ts";
import type { FairQueue } from "./fair-queue.ts";
import { WorkSeconds } from "./work-seconds.ts";

export interface DoorOptions {
  /** Workers. */
  readonly size: number;
  /** Work that would wait longer is refused, milliseconds. */
  readonly queueMs: number;
  /** Seconds of a worker that one owner may use in a minute; null: as many as it likes. */
  readonly ownerSeconds: number | null;
}

/** What somebody wants to have done. */
export interface Wanted {
  readonly owner: string;
  readonly priority: Priority;
  /** What it probably takes of a worker, milliseconds. */
  readonly ms: number;
}

/** Jobs for each worker that may always wait, of all owners together: what a browser asks for at once, however slow its formula is. */
const ALWAYS = 8;
/** Jobs of one owner that wait at most, whatever they are said to take: those that read over a network take a worker nearly nothing. */
const MOST = 1024;
/** What was refused is expected back for about so long, milliseconds. */
const REMEMBERED_MS = 1000;
const MAX_RETRY_SECONDS = 30;

/** Decides which work may wait in the queue, and when whoever is refused should try again. */
export class Door {
  readonly #queue: FairQueue;
  readonly #options: DoorOptions;
  readonly #seconds: WorkSeconds | null;
  /** Milliseconds of work that were refused lately. */
  #refused = 0;
  #refusedAt = 0;

  constructor(queue: FairQueue, options: DoorOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#seconds = options.ownerSeconds === null ? null : new WorkSeconds(options.ownerSeconds);
  }

  /** Throws OVERLOADED for what would wait too long, QUOTA_EXCEEDED for an owner that has used its seconds. */
  admit(wanted: Wanted): void {
    const { owner, priority, ms } = wanted;
    const pause = owner === NOBODY ? 0 : (this.#seconds?.wait(owner) ?? 0);
    if (pause > 0) throw this.#usedUp(pause);
    const { size, queueMs } = this.#options;
    const waiting = this.#queue.countOf(owner);
    if (waiting < this.#queue.shareOf(owner, ALWAYS * size)) return;
    const wait = this.#queue.ahead(owner, priority, ms) / size;
    if (wait > queueMs || waiting >= MOST) throw this.#overloaded(wait, ms);
  }

  /** Work of an owner took so many milliseconds of a worker. */
  charge(owner: string, workMs: number): void {
    if (owner !== NOBODY) this.#seconds?.charge(owner, workMs);
  }

  #usedUp(pause: number): BandloomError {
    const limit = this.#seconds?.limit ?? 0;
    const retryAfter = Math.ceil(pause / 1000);
    return new BandloomError(
      "QUOTA_EXCEEDED",
      `One client has ${limit} seconds of the workers' time in a minute, and these are used. Try again in ${retryAfter} s.`,
      { details: { retryAfter, limit, remaining: 0, window: 60 } },
    );
  }

  /** When what waits and what was refused lately could be done; scattered, so that those who are refused together do not come back together. */
  #overloaded(wait: number, ms: number): BandloomError {
    const now = performance.now();
    this.#refused = this.#refused * Math.exp((this.#refusedAt - now) / REMEMBERED_MS) + ms;
    this.#refusedAt = now;
    const due = (wait + this.#refused / this.#options.size) / 1000;
    const retryAfter = Math.min(MAX_RETRY_SECONDS, Math.max(1, Math.round(due * (1 + Math.random()))));
    return new BandloomError(
      "OVERLOADED",
      `The server has more work than it does within ${this.#options.queueMs} ms. Try again in ${retryAfter} s.`,
      { details: { retryAfter } },
    );
  }
}
