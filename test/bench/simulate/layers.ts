import type { Servers } from "./crowd.ts";
import { LruSizes } from "./lru.ts";

/** One cache, in several sizes at once. */
export class OneCache implements Servers {
  readonly #sizes: readonly number[];
  readonly #caches: LruSizes;
  /** Of the counted tiles: how many each size had that no smaller one had; the last, how many none had. */
  readonly #had: Float64Array;

  /** In tiles, each more than the one before. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#caches = new LruSizes(sizes);
    this.#had = new Float64Array(sizes.length + 1);
  }

  ask(tile: number, isCounted: boolean): void {
    const had = this.#caches.ask(tile);
    if (isCounted) this.#had[had] = (this.#had[had] ?? 0) + 1;
  }

  /** By size, the counted tiles that it had, and those that had to be rendered. */
  outcomes(): readonly { readonly size: number; readonly hits: number; readonly rendered: number }[] {
    const all = this.#had.reduce((sum, count) => sum + count, 0);
    return this.#sizes.map((size, at) => {
      const hits = this.#had.subarray(0, at + 1).reduce((sum, count) => sum + count, 0);
      return { size, hits, rendered: all - hits };
    });
  }
}

/** A cache of so many tiles, and one of so many behind it. */
export class TwoCaches implements Servers {
  readonly #front: LruSizes;
  readonly #back: LruSizes;
  /** Of the counted tiles. */
  readonly counts = { front: 0, back: 0, rendered: 0 };

  constructor(front: number, back: number) {
    this.#front = new LruSizes([front]);
    this.#back = new LruSizes([back]);
  }

  ask(tile: number, isCounted: boolean): void {
    const place = this.#front.ask(tile) === 0 ? "front" : this.#back.ask(tile) === 0 ? "back" : "rendered";
    if (isCounted) this.counts[place]++;
  }
}
