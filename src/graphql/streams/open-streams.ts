import { setMaxListeners } from "node:events";
import { BandloomError } from "../../core/errors.ts";

/** A connection whose answer is a stream. */
export interface OpenStream {
  /** Aborted when the connection has ended, and when the server is to end: the stream completes, and a query is told the reason. */
  readonly signal: AbortSignal;
  /** To be called when the connection has ended. */
  leave(): void;
}

/** The connections whose answers are streams: counted, and told when the server is to end. */
export class OpenStreams {
  readonly #most: number;
  readonly #open = new Set<AbortController>();
  #ended = false;

  /** `most`: connections at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** OVERLOADED where there are too many. */
  enter(): OpenStream {
    if (this.#open.size >= this.#most || this.#ended)
      throw new BandloomError(
        "OVERLOADED",
        "The server has as many open streams as it can hold. Try again in a moment.",
      );
    // One for each connection, in place of one for all with signals that depend on it: those are not let go of in every Node.
    const controller = new AbortController();
    // Each tile of a range listens.
    setMaxListeners(0, controller.signal);
    this.#open.add(controller);
    const leave = () => {
      this.#open.delete(controller);
      controller.abort();
    };
    return { signal: controller.signal, leave };
  }

  end(): void {
    this.#ended = true;
    const reason = new BandloomError("OVERLOADED", "The server is shutting down. Try again.");
    for (const controller of this.#open) controller.abort(reason);
  }
}
