import { BandloomError } from "../core/errors.ts";
import { NOBODY, ownerOf } from "../core/owner.ts";
import { RoundRobin } from "../core/round-robin.ts";

/** Work of one turn of the event loop, milliseconds: then sockets are read and hits are answered. One piece may take longer. */
const TURN_MS = 4;
/** Pieces of one owner that may wait, as many as one GraphQL operation asks for at most; further ones are refused. */
const MAX_WAITING = 8192;
const RETRY_AFTER_SECONDS = 1;

interface Piece {
  readonly signal: AbortSignal | undefined;
  /** Does the work and settles its promise. */
  readonly start: () => void;
  readonly drop: (reason: unknown) => void;
}

/**
 * Work that only the main thread can do, in pieces: a few milliseconds in each turn of the event loop, owners in turn. So a burst of new
 * formulas lets closed connections be noticed, and what was asked by a client that has left meanwhile is never begun.
 */
export class Turns {
  readonly #now: () => number;
  readonly #waiting = new RoundRobin<Piece>();
  /** Milliseconds of this turn that are used. */
  #used = 0;
  #scheduled = false;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Does a piece of work for the signal's owner: at once where nothing waits and this turn has time left. Rejects with what the work
   * throws, the reason of an aborted signal, or OVERLOADED.
   */
  run<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      const piece: Piece = { signal, start, drop: reject };
      if (signal?.aborted) reject(signal.reason);
      else if (this.#waiting.isEmpty && this.#used < TURN_MS) this.#do(piece);
      else this.#push(ownerOf(signal), piece);
      this.#schedule();
    });
  }

  #push(owner: string, piece: Piece): void {
    // What the server does for itself comes one after the other.
    if (owner !== NOBODY && this.#waiting.countOf(owner) >= MAX_WAITING) piece.drop(overloaded());
    else this.#waiting.push(owner, piece);
  }

  #schedule(): void {
    if (this.#scheduled || (this.#used === 0 && this.#waiting.isEmpty)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#used = 0;
      for (let piece = this.#take(); piece; piece = this.#used < TURN_MS ? this.#take() : null) this.#do(piece);
      this.#schedule();
    });
  }

  #do(piece: Piece): void {
    const begin = this.#now();
    piece.start();
    this.#used += this.#now() - begin;
  }

  /** The next piece for which somebody still waits. */
  #take(): Piece | null {
    for (;;) {
      const piece = this.#waiting.next();
      if (!piece?.signal?.aborted) return piece ?? null;
      piece.drop(piece.signal.reason);
    }
  }
}

function overloaded(): BandloomError {
  const message = "The server has more new formulas of this client than it can queue. Try again in a moment.";
  return new BandloomError("OVERLOADED", message, { details: { retryAfter: RETRY_AFTER_SECONDS } });
}
