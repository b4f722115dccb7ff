import { setImmediate as nextTurn } from "node:timers/promises";
import { BandloomError } from "../../core/errors.ts";
import { Overrun } from "../deadline.ts";
import type { Failure } from "../protocol.ts";
import type { OpenImage } from "./images.ts";
import type { ReadAhead } from "./read-ahead.ts";
import type { Workbench } from "./workbench.ts";

const NOBODY_WAITS = "Nobody waits for this work any more.";

/** A job gives way to others in its worker after so much work: what comes meanwhile waits no longer than this. */
const SLICE_MS = 20;

/** What every step of a job may use. */
export class JobContext {
  readonly bench: Workbench;
  /** Aborted when nobody waits for the job any more: for what waits for a network. */
  readonly signal: AbortSignal | undefined;
  /** Images behind a network, and how their chunks are asked for. */
  readonly readAhead = new Map<OpenImage, ReadAhead>();
  /** Other images that kernels lay over the one that is shown, by key. */
  readonly others = new Map<string, OpenImage>();
  readonly #isCancelled: () => boolean;
  readonly #deadlineMs: number;
  /** When the present slice began, monotonic milliseconds. */
  #sliceAt = performance.now();
  /** What the slices before it took, milliseconds. */
  #workedMs = 0;
  #bug = false;

  constructor(
    bench: Workbench,
    isCancelled: () => boolean,
    signal?: AbortSignal,
    deadlineMs = Number.POSITIVE_INFINITY,
  ) {
    this.bench = bench;
    this.#isCancelled = isCancelled;
    this.#deadlineMs = deadlineMs;
    this.signal = signal;
  }

  /** What it has taken so far, milliseconds. */
  get workMs(): number {
    return this.#workedMs + performance.now() - this.#sliceAt;
  }

  /** Its slice is used up: `breathe` is to be awaited where it holds no view of memory. Asked between chunks and parts of kernels. */
  get isDue(): boolean {
    return performance.now() - this.#sliceAt >= SLICE_MS;
  }

  /** Lets the other jobs of the worker, and those that have just come, do their slices. JobCancelled, or LIMIT_EXCEEDED after the deadline. */
  async breathe(): Promise<void> {
    this.#workedMs += performance.now() - this.#sliceAt;
    if (this.#workedMs > this.#deadlineMs) throw new Overrun(this.#deadlineMs);
    await nextTurn();
    this.#sliceAt = performance.now();
    this.checkCancelled();
  }

  /** The job met a bug; the worker's memory is not to be trusted any more. */
  get metBug(): boolean {
    return this.#bug;
  }

  /** Throws JobCancelled when nobody waits for the job any more; asked between chunks and between pictures. */
  checkCancelled(): void {
    if (this.#isCancelled()) throw new JobCancelled();
  }

  /** What a client may know of an error. A bug is logged here, with its stack, where it is known. */
  failure(error: unknown): Failure {
    if (error instanceof Overrun) return { error: error.toMessage(), overran: true };
    if (error instanceof BandloomError && error.code !== "INTERNAL") return { error: error.toMessage() };
    if (error instanceof JobCancelled || this.signal?.aborted)
      return { error: { code: "OVERLOADED", message: NOBODY_WAITS } };
    console.error(error);
    if (error instanceof BandloomError) return { error: error.toMessage() };
    this.#bug = true;
    return { error: { code: "INTERNAL", message: "The worker that did this failed; it has been replaced." } };
  }
}

/** Ends a job that nobody waits for; its reply is thrown away. */
export class JobCancelled extends Error {
  override readonly name = "JobCancelled";

  constructor() {
    super(NOBODY_WAITS);
  }
}
