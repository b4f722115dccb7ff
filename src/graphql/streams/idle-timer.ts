/** Ends what has had nothing to do for so long. It runs from the beginning. */
export class IdleTimer {
  readonly #afterMs: number;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(afterMs: number, end: () => void) {
    this.#afterMs = afterMs;
    this.#end = end;
    this.start();
  }

  /** Anew, where it runs already. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#end, this.#afterMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
