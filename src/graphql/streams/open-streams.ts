import { setMaxListeners } from "node:events";
import { BandloomError } from "../../core/errors.ts";

/** Connections with streams, of both kinds: each holds a socket, and a few kilobytes while it waits. */
const MAX_STREAMS = 1_000;

/** The connections whose answers are streams: counted, and told when the server is to end. */
export class OpenStreams {
  readonly #end = new AbortController();
  #count = 0;

  constructor() {
    setMaxListeners(0, this.#end.signal);
  }

  /** Aborted when the server is to end: streams complete. */
  get ending(): AbortSignal {
    return this.#end.signal;
  }

  get count(): number {
    return this.#count;
  }

  /** OVERLOADED where there are too many. Gives what is to be called when the connection has ended. */
  enter(): () => void {
    if (this.#count >= MAX_STREAMS || this.ending.aborted)
      throw new BandloomError(
        "OVERLOADED",
        "The server has as many open streams as it can hold. Try again in a moment.",
      );
    this.#count++;
    let left = false;
    return () => {
      if (!left) this.#count--;
      left = true;
    };
  }

  end(): void {
    this.#end.abort();
  }
}
