import { setMaxListeners } from "node:events";
import type { GraphQLSchema } from "graphql";
import { isObjectType } from "graphql";
import { BandloomError } from "../core/errors.ts";
import { own, ownerOf } from "../core/owner.ts";
import type { GraphqlContext } from "./context.ts";

/** The time of one operation. What is not done by its end fails, and what was being done for it is ended. */
export class Deadline {
  /** Aborted when the client leaves, and when the time is over. Work under it is done for the same owner. */
  readonly signal: AbortSignal;
  readonly #ms: number;
  readonly #controller = new AbortController();
  readonly #over: Promise<never>;
  #fail: (error: BandloomError) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(client: AbortSignal, ms: number) {
    this.#ms = ms;
    this.signal = this.#controller.signal;
    // Each tile of an operation listens.
    setMaxListeners(0, own(this.signal, ownerOf(client)));
    const leave = () => this.#controller.abort(client.reason);
    if (client.aborted) leave();
    else client.addEventListener("abort", leave, { once: true });
    this.#over = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#over.catch(() => {});
  }

  /** The time begins. Of what is never started, as subscriptions, it has no end. */
  start(): void {
    this.#timer = setTimeout(() => {
      const message = `The operation was ended after ${this.#ms} ms. Ask for less at once, or again: what was done by then is kept.`;
      const error = new BandloomError("DEADLINE_EXCEEDED", message, { details: { limit: this.#ms } });
      // First: whoever waits is to be told this, whatever the work says of its end.
      this.#fail(error);
      this.#controller.abort(error);
    }, this.#ms).unref();
  }

  /** The operation was answered. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** The value, or DEADLINE_EXCEEDED if it is not there by then. */
  within<T>(value: Promise<T>): Promise<T> {
    return this.#timer === undefined ? value : Promise.race([value, this.#over]);
  }
}

/** Has every field of the schema wait for its value no longer than the operation has time: an answer goes out though a resolver hangs. */
export function keepDeadlines(schema: GraphQLSchema): void {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith("__"));
  for (const type of types)
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      const { resolve } = field;
      if (!resolve) continue;
      field.resolve = (source, args, context: GraphqlContext, info) => {
        const value: unknown = resolve(source, args, context, info);
        return value instanceof Promise ? context.deadline.within(value) : value;
      };
    }
}
