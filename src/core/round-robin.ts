/** Things that wait, given out by owner in turn: one of each, however many another has. */
export class RoundRobin<Thing> {
  /** Owners in the order of their turns. */
  readonly #waiting = new Map<string, Thing[]>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** How many of an owner's wait. */
  countOf(owner: string): number {
    return this.#waiting.get(owner)?.length ?? 0;
  }

  /** How many are given out before one that this owner adds now. */
  ahead(owner: string): number {
    const round = this.countOf(owner) + 1;
    let sum = 0;
    for (const { length } of this.#waiting.values()) sum += Math.min(length, round);
    return sum;
  }

  push(owner: string, thing: Thing): void {
    const own = this.#waiting.get(owner);
    if (own) own.push(thing);
    else this.#waiting.set(owner, [thing]);
  }

  next(): Thing | undefined {
    for (const [owner, own] of this.#waiting) {
      this.#waiting.delete(owner);
      const first = own.shift();
      // Behind the others, until its next turn.
      if (own.length > 0) this.#waiting.set(owner, own);
      return first;
    }
    return undefined;
  }
}
