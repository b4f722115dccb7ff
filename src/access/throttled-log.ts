/** A log that takes one line in a while, and says of how many it is the last. */
export class ThrottledLog {
  readonly #log: (line: string) => void;
  readonly #now: () => number;
  readonly #everyMs: number;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(log: (line: string) => void, now: () => number, everyMs: number) {
    this.#log = log;
    this.#now = now;
    this.#everyMs = everyMs;
  }

  tell(line: string): void {
    const now = this.#now();
    if (Math.abs(now - this.#toldAt) < this.#everyMs) {
      this.#untold++;
      return;
    }
    this.#log(this.#untold === 0 ? line : `${line} (and ${this.#untold} times more since the last line)`);
    this.#toldAt = now;
    this.#untold = 0;
  }
}
