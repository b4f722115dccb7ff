/** Which bound stands in the way: that of all, or that of one owner. */
type Lack = "all" | "own";

/** What owners hold of something of which there is only so much: connections, streams, bytes. */
export class Shares {
  /** Without owners that hold nothing. */
  readonly #held = new Map<string, number>();
  readonly #most: number;
  readonly #share: number;
  #sum = 0;

  /** `most`: all together; `share`: one owner. */
  constructor(most: number, share: number) {
    this.#most = most;
    this.#share = share;
  }

  /** Gives what gives it back; calling that again does nothing. Null stands for an owner that has no bound of its own. */
  take(owner: string | null, amount = 1): (() => void) | Lack {
    if (this.#sum + amount > this.#most) return "all";
    if (owner !== null && this.#of(owner) + amount > this.#share) return "own";
    this.#add(owner, amount);
    let isHeld = true;
    return () => {
      if (isHeld) this.#add(owner, -amount);
      isHeld = false;
    };
  }

  #of(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }

  #add(owner: string | null, amount: number): void {
    this.#sum += amount;
    if (owner === null) return;
    const held = this.#of(owner) + amount;
    if (held === 0) this.#held.delete(owner);
    else this.#held.set(owner, held);
  }
}
