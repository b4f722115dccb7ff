import type { IncomingMessage, ServerResponse } from "node:http";
import { RoundRobin } from "../core/round-robin.ts";

/**
 * Requests that are begun in one turn of the event loop; then what others wait for comes: answers of workers, timers, and new connections.
 * libuv takes one in a turn from each listener (since 1.45; cli/serve/more-listeners.ts), so turns must be short.
 */
const A_TURN = 4;
/** What memory answers, or the queue refuses, takes microseconds: so many more of each in a turn. */
const HITS_A_TURN = 64;
const REFUSALS_A_TURN = 64;
/** A turn of a server that has little to do, milliseconds. */
const TURN_MS = 2;
/** Of the time that work may wait, this part may pass before it is begun. */
const BEFORE = 0.2;
/** A request in a turn that is full, milliseconds, before any was measured; and how fast a new turn replaces the old ones. */
const FIRST_MS = 0.5;
const NEWEST = 0.2;

/** What may become of a request. */
export interface Passage {
  readonly client: (request: IncomingMessage) => string;
  /** Answers at once what memory holds. */
  readonly hit: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly begin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Refuses what would be refused when it begins, had it begun now; false: that may begin. */
  readonly early: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Refuses what would begin too late; false: that waits as long as it must. */
  readonly refuse: (request: IncomingMessage, response: ServerResponse, client: string) => boolean;
}

/**
 * Lets requests begin, so many in a turn of the event loop, clients in turn where there are more. Without it a client with a thousand
 * connections keeps node reading them for seconds (libuv looks for events 48 times, of 1,024 each, before it does anything else); one
 * whose request waits sends no other.
 */
export class Turnstile {
  readonly #waiting = new RoundRobin<readonly [IncomingMessage, ServerResponse]>();
  readonly #passage: Passage;
  readonly #mostMs: number;
  #begun = 0;
  #hits = 0;
  #refused = 0;
  /** What begins until then counts as of one turn, where no turn was full: monotonic milliseconds. */
  #turnEnds = 0;
  #scheduled = false;
  /** When the last turn began, where requests were left to the next one. */
  #fullSince: number | null = null;
  /** What a request takes of a full turn, milliseconds. */
  #requestMs = FIRST_MS;

  /** `queueMs`: how long work may wait, milliseconds. */
  constructor(queueMs: number, passage: Passage) {
    this.#mostMs = queueMs * BEFORE;
    this.#passage = passage;
  }

  /** Answered, begun, refused, or waiting for one of the next turns. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    const now = performance.now();
    if (now > this.#turnEnds) {
      this.#turnEnds = now + TURN_MS;
      this.#begun = 0;
      this.#hits = 0;
      this.#refused = 0;
    }
    if (this.#hits < HITS_A_TURN && this.#passage.hit(request, response)) this.#hits++;
    else if (this.#waiting.isEmpty && this.#begun < A_TURN) {
      this.#begun++;
      this.#passage.begin(request, response);
    } else this.#push(request, response);
  }

  #push(request: IncomingMessage, response: ServerResponse): void {
    const client = this.#passage.client(request);
    const late = this.#waiting.ahead(client) * this.#requestMs > this.#mostMs;
    if (late && this.#passage.refuse(request, response, client)) return;
    // Who is told no is told soon.
    if (this.#refused < REFUSALS_A_TURN && this.#passage.early(request, response)) {
      this.#refused++;
      return;
    }
    this.#waiting.push(client, [request, response]);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#learn();
      for (let begun = 0; begun < A_TURN; begun++) {
        const next = this.#waiting.next();
        if (!next) return;
        if (!this.#passage.hit(...next)) this.#passage.begin(...next);
      }
      this.#fullSince = performance.now();
      this.#schedule();
    });
  }

  /** From one full turn to the next: all that its requests had done in between is in it. */
  #learn(): void {
    if (this.#fullSince === null) return;
    const seen = (performance.now() - this.#fullSince) / A_TURN;
    this.#requestMs += NEWEST * (seen - this.#requestMs);
    this.#fullSince = null;
  }
}
