import { BandloomError } from "../../core/errors.ts";
import type { Failure } from "../protocol.ts";
import type { OpenImage } from "./images.ts";
import type { ReadAhead } from "./read-ahead.ts";
import type { Workbench } from "./workbench.ts";

const NOBODY_WAITS = "Nobody waits for this work any more.";

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
  #bug = false;

  constructor(bench: Workbench, isCancelled: () => boolean, signal?: AbortSignal) {
    this.bench = bench;
    this.#isCancelled = isCancelled;
    this.signal = signal;
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
