/** In place of an entry: there is none. It is the list's own, so that the ends of the list need no case of their own. */
const NONE = 0;
/** Spreads neighbouring numbers over all buckets: 2^32 divided by the golden ratio (Knuth, multiplicative hashing). */
const SPREAD = 0x9e3779b1;

/**
 * Least recently used caches of several sizes at once, asked the same. A larger one holds all that a smaller one holds, so one list in the
 * order of use tells of all of them (Mattson et al. 1970, "Evaluation techniques for storage hierarchies"): of each entry it is known
 * which is the smallest cache that holds it, of each cache which entry falls out of it next. Tiles are whole numbers below 2^32; 21 to
 * 25 bytes for each that the largest cache can hold.
 */
export class LruSizes {
  readonly #sizes: readonly number[];
  #count = 0;
  /** By entry, from 1 on: its tile, its neighbours in the order of use, the next one in its bucket, the smallest cache that holds it. */
  readonly #tile: Uint32Array;
  readonly #newer: Uint32Array;
  readonly #older: Uint32Array;
  readonly #chained: Uint32Array;
  readonly #within: Uint8Array;
  /** By cache: the entry that falls out of it next. */
  readonly #last: Uint32Array;
  /** The first entry of each. */
  readonly #buckets: Uint32Array;
  readonly #shift: number;

  /** `sizes`: entries, 1 at least, each more than the one before. */
  constructor(sizes: readonly number[]) {
    const most = sizes.at(-1) ?? 0;
    const bits = Math.max(1, Math.ceil(Math.log2(most)));
    const ofEntries = () => new Uint32Array(most + 1);
    this.#sizes = sizes;
    [this.#tile, this.#newer, this.#older, this.#chained] = [ofEntries(), ofEntries(), ofEntries(), ofEntries()];
    this.#within = new Uint8Array(most + 1);
    this.#last = new Uint32Array(sizes.length);
    this.#buckets = new Uint32Array(2 ** bits);
    this.#shift = 32 - bits;
  }

  /** Which is the smallest cache that has the tile, by its place in `sizes`; their number when none has it. All have it now. */
  ask(tile: number): number {
    const known = this.#find(tile);
    if (known === NONE) {
      this.#add(tile);
      return this.#sizes.length;
    }
    const had = this.#within[known] ?? 0;
    if (known !== this.#older[NONE]) this.#renew(known, had);
    return had;
  }

  /** One entry falls out of every cache that did not have it. */
  #renew(entry: number, had: number): void {
    if (this.#last[had] === entry) this.#last[had] = this.#newer[entry] ?? NONE;
    for (let cache = had - 1; cache >= 0; cache--) this.#fallOut(cache);
    this.#unlink(entry);
    this.#toFront(entry);
  }

  /** One entry falls out of every cache that is full, and into the next larger one. */
  #add(tile: number): void {
    let entry = NONE;
    for (let cache = this.#sizes.length - 1; cache >= 0; cache--) {
      if (this.#count < (this.#sizes[cache] ?? 0)) continue;
      const fallen = this.#fallOut(cache);
      if (cache === this.#sizes.length - 1) entry = fallen;
      else if (this.#last[cache + 1] === NONE) this.#last[cache + 1] = fallen;
    }
    if (entry === NONE) entry = ++this.#count;
    else {
      this.#unchain(entry);
      this.#unlink(entry);
    }
    this.#tile[entry] = tile;
    const bucket = this.#bucketOf(tile);
    this.#chained[entry] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = entry;
    this.#toFront(entry);
  }

  #fallOut(cache: number): number {
    const fallen = this.#last[cache] ?? NONE;
    this.#last[cache] = this.#newer[fallen] ?? NONE;
    this.#within[fallen] = cache + 1;
    return fallen;
  }

  #toFront(entry: number): void {
    const second = this.#older[NONE] ?? NONE;
    this.#older[entry] = second;
    this.#newer[entry] = NONE;
    this.#newer[second] = entry;
    this.#older[NONE] = entry;
    this.#within[entry] = 0;
    if (this.#last[0] === NONE) this.#last[0] = entry;
  }

  #unlink(entry: number): void {
    const [newer, older] = [this.#newer[entry] ?? NONE, this.#older[entry] ?? NONE];
    this.#older[newer] = older;
    this.#newer[older] = newer;
  }

  #bucketOf(tile: number): number {
    return Math.imul(tile, SPREAD) >>> this.#shift;
  }

  #find(tile: number): number {
    let entry = this.#buckets[this.#bucketOf(tile)] ?? NONE;
    while (entry !== NONE && this.#tile[entry] !== tile) entry = this.#chained[entry] ?? NONE;
    return entry;
  }

  #unchain(entry: number): void {
    const bucket = this.#bucketOf(this.#tile[entry] ?? 0);
    const after = this.#chained[entry] ?? NONE;
    let before = this.#buckets[bucket] ?? NONE;
    if (before === entry) {
      this.#buckets[bucket] = after;
      return;
    }
    while (this.#chained[before] !== entry) before = this.#chained[before] ?? NONE;
    this.#chained[before] = after;
  }
}
