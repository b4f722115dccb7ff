import type { Random } from "../../../src/cli/demo/random.ts";

/** Draws 0 … count−1; the n-th is drawn in proportion to 1/(n+1)^exponent (Zipf): a few are wanted by all, most by hardly anybody. */
export class Popularity {
  readonly #cumulated: Float64Array;

  constructor(count: number, exponent: number) {
    this.#cumulated = new Float64Array(count);
    let sum = 0;
    for (let n = 0; n < count; n++) {
      sum += 1 / (n + 1) ** exponent;
      this.#cumulated[n] = sum;
    }
  }

  draw(random: Random): number {
    const cumulated = this.#cumulated;
    const wanted = random() * (cumulated.at(-1) ?? 0);
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
