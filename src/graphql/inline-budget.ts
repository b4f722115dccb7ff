import { BandloomError } from "../core/errors.ts";

const MIB = 1024 * 1024;

/** Bytes that one answer may carry as base64: larger answers stall the client's JSON parser and our memory. */
export class InlineBudget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** LIMIT_EXCEEDED once the answer would be larger than its limit. */
  take(bytes: number): void {
    if (bytes > this.#left) {
      const message = `One answer carries at most ${this.#limit / MIB} MiB of inline pictures. Ask for url instead.`;
      throw new BandloomError("LIMIT_EXCEEDED", message, { details: { limit: this.#limit } });
    }
    this.#left -= bytes;
  }
}
