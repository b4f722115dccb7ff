interface Waiter {
  readonly entries: number;
  readonly rounds: number;
  readonly resolve: () => void;
}

/**
 * Tells when what was to be written at a moment has been, of a writer that works in rounds while others may go on adding to its work:
 * who waited for all of it to be done might wait for ever.
 */
export class Rounds {
  #added = 0;
  #written = 0;
  #ended = 0;
  #isOpen = false;
  #waiting: readonly Waiter[] = [];

  /** An entry that is to be written, in its turn. */
  add(): void {
    this.#added++;
  }

  /** A round takes what it will write. */
  begin(): void {
    this.#isOpen = true;
  }

  /** `entries`: of those that were added. */
  end(entries: number): void {
    this.#isOpen = false;
    this.#written += entries;
    this.#ended++;
    this.#release(({ entries, rounds }) => entries <= this.#written && rounds <= this.#ended);
  }

  /** Nothing is left. */
  rest(): void {
    this.#release(() => true);
  }

  /** Resolves when all that was added by now is written, and so is the rest of what the writer would have taken now. */
  caughtUp(): Promise<void> {
    const rounds = this.#ended + (this.#isOpen ? 2 : 1);
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, { entries: this.#added, rounds, resolve }];
    });
  }

  #release(isDue: (waiter: Waiter) => boolean): void {
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((waiter) => !isDue(waiter));
    for (const { resolve } of due) resolve();
  }
}
