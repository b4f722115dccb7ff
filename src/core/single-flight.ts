import { own, ownerOf } from "./owner.ts";

/**
 * Joins calls for the same key into one piece of work. Each caller has its own signal: the work is aborted
 * only when every caller has left. A failure is given to those who wait for it and then forgotten.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  get size(): number {
    return this.#flights.size;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    let flight = this.#flights.get(key);
    if (!flight) {
      flight = { controller: new AbortController(), waiting: 0, result: undefined as never };
      // Of all who wait the first is the one for whom it is done.
      own(flight.controller.signal, ownerOf(signal));
      this.#flights.set(key, flight);
      const started = flight;
      const forget = () => {
        if (this.#flights.get(key) === started) this.#flights.delete(key);
      };
      flight.result = work(flight.controller.signal).finally(forget);
      flight.result.catch(() => {});
    }
    return this.#wait(key, flight, signal);
  }

  #wait(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    flight.waiting++;
    if (!signal) return flight.result;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        flight.waiting--;
        if (flight.waiting === 0) {
          // A newcomer must not join work that is being aborted.
          if (this.#flights.get(key) === flight) this.#flights.delete(key);
          flight.controller.abort(signal.reason);
        }
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      flight.result.then(
        (value) => {
          signal.removeEventListener("abort", leave);
          resolve(value);
        },
        (error: unknown) => {
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      );
    });
  }
}

interface Flight<T> {
  readonly controller: AbortController;
  waiting: number;
  result: Promise<T>;
}
