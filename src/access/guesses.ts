import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { ThrottledLog } from "./throttled-log.ts";

const WINDOW_MS = 60_000;
/** Failures in a minute that cost nothing: a program with an old key, a person who mistypes. */
const FREE = 10;
/** More in a minute are refused. */
const MOST = 100;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** Answers that are held back at a time, of all clients: each is a connection. */
const MOST_WAITING = 500;
const CLIENTS = 10_000;
const LOG_MS = 1_000;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

interface Failures {
  readonly since: number;
  count: number;
}

/** Makes guessing slow: a client that brings bad credentials is answered later and later, and then not at all for a while. */
export class Guesses {
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #clients = new LRUCache<string, Failures>({ max: CLIENTS });
  #waiting = 0;
  #total = 0;

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock;
    this.#log = new ThrottledLog(log, () => clock.now(), LOG_MS);
  }

  /** Bad credentials, ever. */
  get total(): number {
    return this.#total;
  }

  /** Resolves when a bad credential of a client may be answered. QUOTA_EXCEEDED for one too many. */
  async failed(client: string): Promise<void> {
    this.#total++;
    const failures = this.#countOf(client);
    failures.count++;
    const { count } = failures;
    this.#log.tell(`A credential is not good: ${client}, ${count} in a minute`);
    if (count <= FREE) return;
    if (count > MOST || this.#waiting >= MOST_WAITING) throw this.#tooMany(failures);
    this.#waiting++;
    try {
      await this.#clock.sleep(Math.min(FIRST_DELAY_MS * 2 ** (count - FREE - 1), LONGEST_DELAY_MS));
    } finally {
      this.#waiting--;
    }
  }

  #countOf(client: string): Failures {
    const now = this.#clock.now();
    const known = this.#clients.get(client);
    if (known && Math.abs(now - known.since) < WINDOW_MS) return known;
    const fresh = { since: now, count: 0 };
    this.#clients.set(client, fresh);
    return fresh;
  }

  #tooMany({ since }: Failures): BandloomError {
    const retryAfter = Math.max(1, Math.ceil((since + WINDOW_MS - this.#clock.now()) / 1000));
    return new BandloomError(
      "QUOTA_EXCEEDED",
      `This client has sent too many credentials that are not good. Try again in ${retryAfter} s, with one that is.`,
      { details: { retryAfter } },
    );
  }
}
