import type { Handle } from "./messages.ts";

/** The address of the server, kept from one process that serves to the next: who connects in between waits in place of being refused. */
export class HeldAddress {
  readonly #holdMs: number;
  #handle: Handle | undefined;
  #over = false;
  #late: NodeJS.Timeout | undefined;

  /** `holdMs`: how long it is kept while nobody serves; then clients are refused, for an error tells them more than silence. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** For the next process. Undefined: that one has to bind the address. */
  get handle(): Handle | undefined {
    return this.#handle;
  }

  /** Of a process that is ready; it replaces the one before. */
  keep(handle: Handle | undefined): void {
    this.#letGo();
    if (this.#over) handle?.close();
    else this.#handle = handle;
  }

  /** The process is gone. Time runs from the first that was lost until one is ready. */
  wait(): void {
    this.#late ??= setTimeout(() => this.#letGo(), this.#holdMs).unref();
  }

  /** For good: when the last process that listens closes the socket, nobody waits there. */
  release(): void {
    this.#over = true;
    this.#letGo();
  }

  #letGo(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#handle?.close();
    this.#handle = undefined;
  }
}
