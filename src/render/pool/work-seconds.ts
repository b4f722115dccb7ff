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
  readonly #limitMs: number;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_KNOWN });

  /** `limit`: seconds of a worker in a minute, and so many at once. */
  constructor(limit: number) {
    this.#limitMs = limit * 1000;
  }

  get limit(): number {
    return this.#limitMs / 1000;
  }

  /** Milliseconds until an owner may begin new work; 0: now. */
  wait(owner: string): number {
    const { left } = this.#bucket(owner);
    return left > 0 ? 0 : (1 - left) / this.#rate;
  }

  charge(owner: string, workMs: number): void {
    this.#bucket(owner).left -= workMs;
  }

  /** Tokens for each millisecond. */
  get #rate(): number {
    return this.#limitMs / MINUTE_MS;
  }

  #bucket(owner: string): Bucket {
    const now = performance.now();
    const bucket = this.#buckets.get(owner) ?? { left: this.#limitMs, at: now };
    bucket.left = Math.min(this.#limitMs, bucket.left + (now - bucket.at) * this.#rate);
    bucket.at = now;
    this.#buckets.set(owner, bucket);
    return bucket;
  }
}
