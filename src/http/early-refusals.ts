import type { ServerResponse } from "node:http";
import { LRUCache } from "lru-cache";
import { errorBody, errorHeaders } from "../core/error-answer.ts";
import { BandloomError } from "../core/errors.ts";
import type { Services } from "../service/types/services.ts";
import { COMMON_HEADERS } from "./headers.ts";

/** Refusals that one client is told at once, and then each second: more would take the time of those who are let in. */
const AT_ONCE = 64;
const EACH_SECOND = 1_000;
const INTERVAL_MS = 1_000 / EACH_SECOND;
const MAX_CLIENTS = 4_096;

/** Addresses of work that the queue may refuse. */
const WORK = /^\/(tiles|regions|statistics|probe)\//;

function routeOf(url: string): string | null {
  return WORK.exec(url)?.[1] ?? null;
}

/** Scattered, so that those who are refused together do not come back together. */
const TOO_MANY = [1, 2, 3].map(
  (retryAfter) =>
    new BandloomError(
      "OVERLOADED",
      `The server has more requests than it reads in time. Try again in ${retryAfter} s.`,
      {
        details: { retryAfter },
      },
    ),
);

/** Tells clients whose work would be refused that it is, before anything is done for it: under overload there is no time to lose. */
export class EarlyRefusals {
  readonly #services: Services;
  /** When the next refusal of a client would be due, were they told evenly (GCRA), monotonic milliseconds. */
  readonly #due = new LRUCache<string, number>({ max: MAX_CLIENTS });
  readonly #answers = new WeakMap<BandloomError, readonly [headers: readonly string[], body: string]>();

  readonly #onRefusal: (route: string, refusal: BandloomError) => void;

  /** `onRefusal` is told of each, to be counted. */
  constructor(services: Services, onRefusal: (route: string, refusal: BandloomError) => void) {
    this.#services = services;
    this.#onRefusal = onRefusal;
  }

  /** Answers for the routes where the work would be refused; `client` is asked for where that can be. */
  answer(url: string, response: ServerResponse, client: () => string): boolean {
    const route = routeOf(url);
    if (route === null) return false;
    const refusal = this.#services.refusal(client);
    if (refusal) this.#tell(route, response, client(), refusal);
    return refusal !== null;
  }

  /** Where so many requests wait that this one would begin too late. False for what asks for no such work: it waits. */
  tooLate(url: string, response: ServerResponse, client: string): boolean {
    const route = routeOf(url);
    if (route === null) return false;
    this.#tell(route, response, client, TOO_MANY[Math.floor(Math.random() * TOO_MANY.length)]);
    return true;
  }

  #tell(route: string, response: ServerResponse, client: string, refusal: BandloomError | undefined): void {
    if (!refusal) return;
    this.#onRefusal(route, refusal);
    const delay = this.#delay(client);
    if (delay === 0) this.#write(response, refusal);
    else setTimeout(() => this.#write(response, refusal), delay);
  }

  /** Milliseconds until a client is to be told. */
  #delay(client: string): number {
    const now = performance.now();
    const due = Math.max(now, this.#due.get(client) ?? 0) + INTERVAL_MS;
    this.#due.set(client, due);
    return Math.max(0, due - now - AT_ONCE * INTERVAL_MS);
  }

  #write(response: ServerResponse, refusal: BandloomError): void {
    if (response.destroyed) return;
    const [headers, body] = this.#answerOf(refusal);
    response.writeHead(refusal.status, [...headers]).end(body);
  }

  #answerOf(refusal: BandloomError): readonly [headers: readonly string[], body: string] {
    const known = this.#answers.get(refusal);
    if (known) return known;
    const body = JSON.stringify(errorBody(refusal));
    const headers = {
      ...{ ...COMMON_HEADERS, ...errorHeaders(refusal), "content-type": "application/json; charset=utf-8" },
      "content-length": String(Buffer.byteLength(body)),
    };
    const answer = [Object.entries(headers).flat(), body] as const;
    this.#answers.set(refusal, answer);
    return answer;
  }
}
