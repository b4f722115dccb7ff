import { LRUCache } from "lru-cache";

const MINUTE_MS = 60_000;
/** Clients that are remembered; one that is forgotten begins with a full bucket, as it would after a minute. */
const MAX_KNOWN = 16_384;

interface Bucket {
  /** Milliseconds of a worker that are left; below zero when the last work took more than was left. */
  left: number;
  /** When that was counted, monotonic milliseconds. */
  at: number;
}

/** Seconds of a worker that each owner may use in a minute: a token bucket, charged when work has ended. */
export class WorkSeconds {
  readonly #limitOf: (owner: string) => number | null;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_KNOWN });

  /** `limitOf`: seconds of a worker that an owner may use in a minute, and so many at once; null: as many as it likes. */
  constructor(limitOf: (owner: string) => number | null) {
    this.#limitOf = limitOf;
  }

  limit(owner: string): number | null {
    return this.#limitOf(owner);
  }

  /** Milliseconds until an owner may begin new work; 0: now. */
  wait(owner: string): number {
    const limit = this.#limitOf(owner);
    if (limit === null) return 0;
    const { left } = this.#bucket(owner, limit);
    return left > 0 ? 0 : (1 - left) / rateOf(limit);
  }

  charge(owner: string, workMs: number): void {
    const limit = this.#limitOf(owner);
    if (limit !== null) this.#bucket(owner, limit).left -= workMs;
  }

  #bucket(owner: string, limit: number): Bucket {
    const now = performance.now();
    const most = limit * 1000;
    const bucket = this.#buckets.get(owner) ?? { left: most, at: now };
    bucket.left = Math.min(most, bucket.left + (now - bucket.at) * rateOf(limit));
    bucket.at = now;
    this.#buckets.set(owner, bucket);
    return bucket;
  }
}

/** Milliseconds of work that are given for each millisecond. */
function rateOf(limit: number): number {
  return (limit * 1000) / MINUTE_MS;
}
