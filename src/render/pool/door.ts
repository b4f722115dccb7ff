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
  /** What is granted to one owner in place of that; null: nothing else. */
  readonly shareOf?: (owner: string) => { readonly seconds?: number } | null;
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
/** How fast a new job replaces the old ones in what is usual. */
const NEWEST = 0.05;
/** Speed is measured over so long, milliseconds, … */
const SPEED_MS = 100;
const NEWEST_SPEED = 0.3;
/** … and taken for no less, whatever one such time shows. */
const MIN_SPEED = 0.05;

/** Decides which work may wait in the queue, and when whoever is refused should try again. */
export class Door {
  readonly #queue: FairQueue;
  readonly #options: DoorOptions;
  readonly #seconds: WorkSeconds | null;
  /** By the seconds after which to try again, from 1: they are made once, as thousands may be told so in a second. */
  readonly #tooBusy: readonly BandloomError[];
  /** What a live job takes, milliseconds. */
  #usual = 0;
  /** Milliseconds of work that a worker does in one while work waits. */
  #speed = 1;
  /** Since when that is measured, and the work since. */
  #since = 0;
  #done = 0;
  /** Milliseconds of work that were refused lately. */
  #refused = 0;
  #refusedAt = 0;

  constructor(queue: FairQueue, options: DoorOptions) {
    this.#queue = queue;
    this.#options = options;
    const { ownerSeconds, shareOf } = options;
    const isLimited = ownerSeconds !== null || shareOf !== undefined;
    this.#seconds = isLimited ? new WorkSeconds((owner) => shareOf?.(owner)?.seconds ?? ownerSeconds) : null;
    this.#tooBusy = Array.from({ length: MAX_RETRY_SECONDS }, (_, n) => tooBusy(options.queueMs, n + 1));
  }

  /** Throws OVERLOADED for what would wait too long, QUOTA_EXCEEDED for an owner that has used its seconds. */
  admit(wanted: Wanted): void {
    const refusal = this.#refusal(wanted);
    if (refusal) throw refusal;
    if (wanted.priority === "live") this.#usual += NEWEST * (wanted.ms - this.#usual);
  }

  /** What an owner would be told that asked for a usual tile now; null: it would be let in. Before anything is known of what it wants. */
  refusal(owner: () => string): BandloomError | null {
    if (this.#seconds === null && this.#queue.length < this.#options.size) return null;
    return this.#refusal({ owner: owner(), priority: "live", ms: this.#usual });
  }

  #refusal({ owner, priority, ms }: Wanted): BandloomError | null {
    const pause = owner === NOBODY ? 0 : (this.#seconds?.wait(owner) ?? 0);
    if (pause > 0) return this.#usedUp(owner, pause);
    const { size, queueMs } = this.#options;
    // Most of the time.
    if (this.#queue.length < size) return null;
    const waiting = this.#queue.countOf(owner);
    if (waiting < this.#queue.shareOf(owner, ALWAYS * size)) return null;
    const wait = this.#queue.ahead(owner, priority, ms) / (size * this.#speed);
    return wait > queueMs || waiting >= MOST ? this.#overloaded(wait, ms) : null;
  }

  /** Work of an owner took so many milliseconds of a worker. */
  charge(owner: string, workMs: number): void {
    this.#learnSpeed(workMs);
    if (owner !== NOBODY) this.#seconds?.charge(owner, workMs);
  }

  #usedUp(owner: string, pause: number): BandloomError {
    const limit = this.#seconds?.limit(owner);
    const retryAfter = Math.ceil(pause / 1000);
    return new BandloomError(
      "QUOTA_EXCEEDED",
      `One client has ${limit} seconds of the workers' time in a minute, and these are used. Try again in ${retryAfter} s.`,
      { details: { retryAfter, limit, remaining: 0, window: 60 } },
    );
  }

  /** The queue was empty, and work begins to wait: what was done before says nothing of how fast workers are. */
  begin(): void {
    this.#since = performance.now();
    this.#done = 0;
  }

  /** While work waits, what is done of it in a while is what workers can do: they may share their cores, or wait for a network. */
  #learnSpeed(workMs: number): void {
    if (this.#queue.length === 0) {
      this.#speed += NEWEST * (1 - this.#speed);
      return;
    }
    const now = performance.now();
    this.#done += workMs;
    const passed = now - this.#since;
    if (passed < SPEED_MS) return;
    const seen = Math.min(1, Math.max(MIN_SPEED, this.#done / (passed * this.#options.size)));
    this.#speed += NEWEST_SPEED * (seen - this.#speed);
    this.#since = now;
    this.#done = 0;
  }

  /** When what waits and what was refused lately could be done; scattered, so that those who are refused together do not come back together. */
  #overloaded(wait: number, ms: number): BandloomError | null {
    const now = performance.now();
    this.#refused = this.#refused * Math.exp((this.#refusedAt - now) / REMEMBERED_MS) + ms;
    this.#refusedAt = now;
    const due = (wait + this.#refused / (this.#options.size * this.#speed)) / 1000;
    return this.#tooBusy[Math.min(MAX_RETRY_SECONDS, Math.max(1, Math.round(due * (1 + Math.random())))) - 1] ?? null;
  }
}

function tooBusy(queueMs: number, retryAfter: number): BandloomError {
  return new BandloomError(
    "OVERLOADED",
    `The server has more work than it does within ${queueMs} ms. Try again in ${retryAfter} s.`,
    { details: { retryAfter } },
  );
}
