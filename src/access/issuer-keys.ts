import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, type RemoteJWKSet } from "jose";
import { BandloomError } from "../core/errors.ts";
import { boundedText } from "./bounded-text.ts";
import { ThrottledLog } from "./throttled-log.ts";

/** Keys are fetched anew after this long, so that one that was withdrawn is not good for longer. */
const FRESH_MS = 600_000;
/** While they cannot be fetched, those that are known go on for a day. */
const USABLE_MS = 86_400_000;
/** A token with a key that is not known has them fetched, this often at most: anybody can send such tokens. */
const UNKNOWN_MS = 30_000;
/** After a failure. */
const RETRY_MS = 5_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 2 ** 20;
const LOG_MS = 60_000;

interface IssuerKeysOptions {
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** The keys with which an issuer signs, as its address gives them. */
export class IssuerKeys {
  readonly #url: string;
  readonly #now: () => number;
  readonly #log: ThrottledLog;
  /** When to fetch is decided here, by a clock that can be another one, and with what is known while the issuer is away. */
  readonly #remote: RemoteJWKSet;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;
  #version = 0;
  #known = "";

  constructor(url: string, { now, log }: IssuerKeysOptions) {
    this.#url = url;
    this.#now = now;
    this.#log = new ThrottledLog(log, now, LOG_MS);
    this.#remote = createRemoteJWKSet(new URL(url), {
      ...{
        timeoutDuration: TIMEOUT_MS,
        cooldownDuration: Number.POSITIVE_INFINITY,
        cacheMaxAge: Number.POSITIVE_INFINITY,
      },
      [customFetch]: boundedFetch,
    });
  }

  /** Grows when the keys are others: what was verified with those before is to be verified anew. */
  get version(): number {
    return this.#version;
  }

  /** Looks in the background whether they are still the same, where that is due. */
  keepFresh(): void {
    if (this.#isDue(FRESH_MS)) void this.#fetch().catch(() => {});
  }

  /** The key of a token. Rejects with SOURCE_FAILED where it cannot be told whether there is one. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    await this.#makeUsable();
    try {
      return await this.#remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.#isAway()) throw issuerAway(error);
      if (!this.#isDue(UNKNOWN_MS)) throw error;
      await this.#fetch();
      return this.#remote(header, token);
    }
  };

  async #makeUsable(): Promise<void> {
    const usable = this.#now() - this.#fetchedAt < USABLE_MS;
    if (this.#isDue(FRESH_MS))
      await this.#fetch().catch((error: unknown) => (usable ? undefined : Promise.reject(error)));
    else if (!usable) throw issuerAway();
  }

  /** Whether they were fetched longer ago, and it did not fail just now. */
  #isDue(milliseconds: number): boolean {
    return !this.#isAway() && Math.abs(this.#now() - this.#fetchedAt) >= milliseconds;
  }

  #isAway(): boolean {
    return Math.abs(this.#now() - this.#failedAt) < RETRY_MS;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    try {
      await this.#remote.reload();
    } catch (error) {
      this.#failedAt = this.#now();
      this.#log.tell(`The keys at ${this.#url} cannot be fetched: ${reasonOf(error)}`);
      throw issuerAway(error);
    }
    this.#fetchedAt = this.#now();
    this.#failedAt = Number.NEGATIVE_INFINITY;
    const known = JSON.stringify(this.#remote.jwks());
    if (known !== this.#known) this.#version++;
    this.#known = known;
  }
}

function issuerAway(cause?: unknown): BandloomError {
  const message = "The issuer's keys cannot be fetched, so that the token cannot be checked. Try again.";
  return new BandloomError("SOURCE_FAILED", message, { cause });
}

/** Redirects are not followed: they are answers that are not 200, which jose refuses. */
async function boundedFetch(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.status === 200 && response.body) return new Response(await boundedText(response.body, MAX_BYTES));
  await response.body?.cancel();
  return new Response(null, { status: 502 });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
