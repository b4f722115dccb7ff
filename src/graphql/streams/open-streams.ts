import { setMaxListeners } from "node:events";
import { BandloomError } from "../../core/errors.ts";
import { own } from "../../core/owner.ts";

/** One client has at most one part in so many of the streams. */
const SHARES = 4;
/** Whatever the limit of all: a page with a viewer has a few. */
const LEAST_SHARE = 4;

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
  /** The owner of each. */
  readonly #open = new Map<AbortController, string>();
  #ended = false;

  /** `most`: connections at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** OVERLOADED where there are too many, QUOTA_EXCEEDED where the owner has its share. What is done for it is done for `owner`. */
  enter(owner: string): OpenStream {
    if (this.#open.size >= this.#most || this.#ended)
      throw new BandloomError(
        "OVERLOADED",
        "The server has as many open streams as it can hold. Try again in a moment.",
      );
    const share = Math.max(LEAST_SHARE, Math.floor(this.#most / SHARES));
    if ([...this.#open.values()].filter((one) => one === owner).length >= share)
      throw new BandloomError("QUOTA_EXCEEDED", `One client has at most ${share} streams at a time. Close one first.`);
    // One for each connection, in place of one for all with signals that depend on it: those are not let go of in every Node.
    const controller = new AbortController();
    // Each tile of a range listens.
    setMaxListeners(0, own(controller.signal, owner));
    this.#open.set(controller, owner);
    const leave = () => {
      this.#open.delete(controller);
      controller.abort();
    };
    return { signal: controller.signal, leave };
  }

  end(): void {
    this.#ended = true;
    const reason = new BandloomError("OVERLOADED", "The server is shutting down. Try again.");
    for (const controller of this.#open.keys()) controller.abort(reason);
  }
}
