import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { Agent, request } from "undici";
import { z } from "zod";
import { Slots } from "../core/slots.ts";
import { boundedText } from "./bounded-text.ts";
import type { Ask } from "./readers.ts";
import type { HookRules } from "./schema.ts";
import { ThrottledLog } from "./throttled-log.ts";

/** Keys in one question. */
const A_QUESTION = 500;
/** Questions under way at a time, and those that wait for one of them. */
const AT_A_TIME = 8;
const MOST_WAITING = 256;
/** 500 keys of 1,024 characters, each of them escaped, are less. */
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** Characters of names and keys whose answers are remembered. */
const REMEMBERED = 16 * 2 ** 20;
/** An answer holds no longer, whatever its Cache-Control says, seconds. */
const LONGEST = 86_400;
const LOG_MS = 60_000;

/** Who asks, as the service is told. */
export interface HookPrincipal {
  readonly name: string;
  readonly kind: "anonymous" | "key" | "jwt" | "user";
  readonly claims?: { readonly sub: string; readonly groups: readonly string[] };
}

const answerSchema = z.object({ allow: z.array(z.string()) });

interface HookOptions {
  readonly now: () => number;
  readonly log: (line: string) => void;
}

interface Remembered {
  readonly allowed: boolean;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** A service that knows who may read what. What it does not answer in time, or not in its form, may not be read. */
export class Hook {
  readonly #rules: HookRules;
  readonly #now: () => number;
  readonly #log: ThrottledLog;
  readonly #agent: Agent;
  readonly #slots = new Slots(AT_A_TIME);
  readonly #answers = new LRUCache<string, Remembered>({
    maxSize: REMEMBERED,
    sizeCalculation: (_, { length }) => length + 1,
  });
  /** Questions under way by principal and key. */
  readonly #flights = new Map<string, Promise<boolean>>();

  constructor(rules: HookRules, { now, log }: HookOptions) {
    this.#rules = rules;
    this.#now = now;
    this.#log = new ThrottledLog(log, now, LOG_MS);
    this.#agent = new Agent({ connections: AT_A_TIME, connect: { timeout: rules.timeoutMs } });
  }

  /** For one principal: one answer for each key, in order. Rejects never: who leaves is told that nothing is allowed. */
  askFor(principal: HookPrincipal): Ask {
    const who = createHash("sha256").update(JSON.stringify(principal)).digest("base64url");
    return (keys, signal) => this.#ask(principal, who, keys, signal);
  }

  /** Once the questions under way are answered. */
  close(): Promise<void> {
    return this.#agent.close();
  }

  async #ask(principal: HookPrincipal, who: string, keys: readonly string[], signal?: AbortSignal) {
    const now = this.#now();
    const open: string[] = [];
    const found = keys.map((key) => {
      const id = `${who}\n${key}`;
      const known = this.#answers.get(id);
      if (known !== undefined && now < known.until) return known.allowed;
      const flight = this.#flights.get(id);
      if (flight === undefined) open.push(key);
      return flight ?? null;
    });
    for (let from = 0; from < open.length; from += A_QUESTION)
      this.#begin(principal, who, open.slice(from, from + A_QUESTION));
    const all = Promise.all(found.map((one, n) => one ?? this.#flights.get(`${who}\n${keys[n]}`) ?? false));
    return signal ? orNothing(all, keys.length, signal) : all;
  }

  #begin(principal: HookPrincipal, who: string, keys: readonly string[]): void {
    const answer = this.#answer(principal, keys);
    for (const key of keys) {
      const id = `${who}\n${key}`;
      const flight = answer.then(({ allow, maxAge }) => {
        this.#flights.delete(id);
        const allowed = allow.has(key);
        if (maxAge > 0) this.#answers.set(id, { allowed, until: this.#now() + maxAge * 1000 });
        return allowed;
      });
      this.#flights.set(id, flight);
    }
  }

  /** Nothing is allowed, and that is not remembered, where it cannot be asked. */
  async #answer(principal: HookPrincipal, images: readonly string[]) {
    // From now on: a slow service ends the questions that wait, too.
    const signal = AbortSignal.timeout(this.#rules.timeoutMs);
    try {
      if (this.#slots.waiting >= MOST_WAITING) throw new Error("too many questions wait for it");
      return await this.#slots.run(() => this.#post({ principal, images }, signal));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.tell(
        `The hook of the rules of access gave no answer that counts, so that nothing was allowed: ${reason}`,
      );
      return { allow: new Set<string>(), maxAge: 0 };
    }
  }

  async #post(question: object, signal: AbortSignal) {
    const { statusCode, headers, body } = await request(this.#rules.url, {
      ...{ method: "POST", dispatcher: this.#agent, signal },
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(question),
    });
    if (statusCode < 200 || statusCode > 299) {
      body.destroy().on("error", () => {});
      throw new Error(`status ${statusCode}`);
    }
    const { allow } = answerSchema.parse(JSON.parse(await boundedText(body, MAX_ANSWER_BYTES)));
    return { allow: new Set(allow), maxAge: maxAgeOf(headers["cache-control"]) };
  }
}

/** Seconds for which an answer may be remembered; 0: it may not. */
function maxAgeOf(header: string | string[] | undefined): number {
  const control = String(header ?? "").toLowerCase();
  if (/\bno-(?:store|cache)\b/.test(control)) return 0;
  return Math.min(Number(/(?:^|[\s,])max-age="?(\d{1,9})/.exec(control)?.[1] ?? 0), LONGEST);
}

function orNothing(
  answers: Promise<readonly boolean[]>,
  count: number,
  signal: AbortSignal,
): Promise<readonly boolean[]> {
  const nothing = Array.from({ length: count }, () => false);
  if (signal.aborted) return Promise.resolve(nothing);
  return new Promise((resolve) => {
    const leave = () => resolve(nothing);
    signal.addEventListener("abort", leave, { once: true });
    void answers.then((all) => {
      signal.removeEventListener("abort", leave);
      resolve(all);
    });
  });
}
