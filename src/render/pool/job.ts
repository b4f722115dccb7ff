import type { BandloomError } from "../../core/errors.ts";
import type { Cost } from "../cost.ts";
import type { Task } from "../protocol.ts";
import type { Priority } from "../types.ts";
import type { Loss } from "./lane.ts";

/** A job of which more than this is known or expected, milliseconds: others come between its slices. */
const LONG_MS = 40;

export interface JobOptions {
  readonly priority: Priority;
  /** The lane that probably has the chunks decoded; null: any. */
  readonly preferred: number | null;
  /** Whose work it is. */
  readonly owner: string;
  readonly cost: Cost;
  readonly onLost?: OnLost | undefined;
}

/** The job has cost a worker, whether anybody waits for it or not: by that loss, which is told to those who do by that error. */
export type OnLost = (loss: Loss, error: BandloomError) => void;

/** One task on its way through the pool. */
export class Job {
  readonly id: number;
  readonly task: Task;
  /** It mostly waits for a network. */
  readonly remote: boolean;
  readonly priority: Priority;
  /** The lane that probably has the chunks decoded; null: any. */
  readonly preferred: number | null;
  readonly owner: string;
  readonly cost: Cost;
  readonly onLost: OnLost;
  /** When a worker was given it last, monotonic milliseconds. */
  startedAt = 0;
  /** What it was expected to take when it came, milliseconds. */
  readonly expected: number;
  /** What its owner was charged for it when it was taken, milliseconds. */
  charged = 0;
  /** Index of the lane that it is in; null: it waits. */
  lane: number | null = null;
  /** A worker died while this job and another one were in it: it runs alone now, so that the guilty one is known. */
  suspect = false;
  /** How often a younger job went first because it suited a lane better. */
  skipped = 0;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (reason: unknown) => void;
  #settled = false;
  #stopListening: () => void = () => {};

  constructor(
    id: number,
    task: Task,
    { priority, preferred, owner, cost, onLost = () => {} }: JobOptions,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.id = id;
    this.task = task;
    this.remote = task.source.remote;
    this.preferred = preferred;
    this.priority = priority;
    this.owner = owner;
    this.cost = cost;
    this.expected = cost.ms;
    this.onLost = onLost;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** It takes long, as far as is known by now. */
  isLongAt(now: number): boolean {
    return this.cost.ms > LONG_MS || (this.startedAt > 0 && now - this.startedAt > LONG_MS);
  }

  /** Nobody waits for it any more. */
  get settled(): boolean {
    return this.#settled;
  }

  onAbort(signal: AbortSignal, abort: () => void): void {
    signal.addEventListener("abort", abort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", abort);
  }

  resolve(value: unknown): void {
    this.#settle();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#reject(reason);
  }

  #settle(): void {
    this.#settled = true;
    this.#stopListening();
  }
}
