import { setMaxListeners } from "node:events";
import { BandloomError } from "../../core/errors.ts";
import { own } from "../../core/owner.ts";
import { Shares } from "../../core/shares.ts";

/** One client has at most one part in so many of the streams. */
const SHARES = 4;
/** Whether who has a stream may still have it is looked at so often: a key that is withdrawn ends it within a minute. */
const CHECK_MS = 30_000;
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
  readonly #shares: Shares;
  readonly #share: number;
  /** With what tells whether each may go on. */
  readonly #open = new Map<AbortController, () => Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #ended = false;

  /** `most`: connections at a time. `checkMs`: how often it is asked whether each may go on. */
  constructor(most: number, checkMs = CHECK_MS) {
    this.#timer = setInterval(() => void this.#check(), checkMs).unref();
    this.#share = Math.max(LEAST_SHARE, Math.floor(most / SHARES));
    this.#shares = new Shares(most, this.#share);
  }

  /**
   * OVERLOADED where there are too many, QUOTA_EXCEEDED where the owner has its share. What is done for it is done for `owner`. The stream ends
   * with what `mayGoOn` rejects with, should it.
   */
  enter(owner: string, mayGoOn: () => Promise<void> = async () => {}): OpenStream {
    const free = this.#ended ? "all" : this.#shares.take(owner);
    if (free === "all")
      throw new BandloomError(
        "OVERLOADED",
        "The server has as many open streams as it can hold. Try again in a moment.",
      );
    if (free === "own")
      throw new BandloomError(
        "QUOTA_EXCEEDED",
        `One client has at most ${this.#share} streams at a time. Close one first.`,
      );
    // One for each connection, in place of one for all with signals that depend on it: those are not let go of in every Node.
    const controller = new AbortController();
    // Each tile of a range listens.
    setMaxListeners(0, own(controller.signal, owner));
    this.#open.set(controller, mayGoOn);
    const leave = () => {
      free();
      this.#open.delete(controller);
      controller.abort();
    };
    return { signal: controller.signal, leave };
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    const reason = new BandloomError("OVERLOADED", "The server is shutting down. Try again.");
    for (const controller of this.#open.keys()) controller.abort(reason);
  }

  async #check(): Promise<void> {
    for (const [controller, mayGoOn] of this.#open)
      await mayGoOn().catch((reason: unknown) => {
        // What cannot be found out now is asked again.
        if (reason instanceof BandloomError && reason.code === "UNAUTHENTICATED") controller.abort(reason);
      });
  }
}
