import { BandloomError } from "../../core/errors.ts";
import type { Failure } from "../protocol.ts";
import type { Workbench } from "./workbench.ts";

/** What every step of a job may use. */
export class JobContext {
  readonly bench: Workbench;
  readonly #isCancelled: () => boolean;
  #bug = false;

  constructor(bench: Workbench, isCancelled: () => boolean) {
    this.bench = bench;
    this.#isCancelled = isCancelled;
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
    if (error instanceof JobCancelled) return { error: { code: "OVERLOADED", message: error.message } };
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
    super("Nobody waits for this work any more.");
  }
}
