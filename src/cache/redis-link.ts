import { Breaker } from "./breaker.ts";
import { hastyClient, type RedisClient, type RedisPlace } from "./redis-client.ts";
import { memoryAdvice, parseInfo } from "./redis-info.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** No answer within this time is a miss: rendering a tile is about as fast. */
export const COMMAND_TIMEOUT_MS = 50;
/** A process whose timers are later than this has more to do than to wait for Redis. */
const BUSY_MS = 10;
const FAILURES_TO_OPEN = 3;
const PROBE_MS = 1_000;
/** What ioredis says of a command that was not answered in time. */
export const TIMED_OUT = "Command timed out";

export interface RedisLinkOptions {
  readonly place: RedisPlace;
  readonly keys: RedisKeys;
  /** No answer within this time is a miss, milliseconds. */
  readonly timeoutMs: number;
  /** Called when it answers again. */
  readonly onAnswer: () => void;
  readonly log: (line: string) => void;
}

/** The connection to the cache Redis, with a breaker for each direction: a Redis that is full or read-only can still be read. */
export class RedisLink {
  readonly keys: RedisKeys;
  readonly cluster: boolean;
  /** Resolves with the first connection or the first failure to get one. */
  readonly opened: Promise<void>;
  readonly #client: RedisClient;
  readonly #reads: Breaker;
  readonly #writes: Breaker;
  readonly #timeoutMs: number;
  readonly #log: (line: string) => void;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #timedOutAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ place, keys, timeoutMs, onAnswer, log }: RedisLinkOptions) {
    this.keys = keys;
    this.#timeoutMs = timeoutMs;
    this.cluster = place.cluster;
    this.#log = log;
    const client = hastyClient(place, timeoutMs);
    this.#client = client;
    this.#reads = new Breaker({
      name: "Redis cache, reading",
      threshold: FAILURES_TO_OPEN,
      probe: async () => {
        await client.mgetBuffer(keys.probe);
        // It answers again: that is news for the others too.
        this.#writes.probeNow();
        onAnswer();
      },
      log,
    });
    this.#writes = new Breaker({
      name: "Redis cache, writing",
      threshold: FAILURES_TO_OPEN,
      probe: () => client.set(keys.probe, Buffer.alloc(1024), "PX", PROBE_MS),
      log,
    });
    client.on("error", (error: unknown) => this.#reads.open(reasonOf(error)));
    client.on("close", () => {
      if (!this.#closed) this.#reads.open("connection lost");
    });
    client.on("ready", () => this.#reads.probeNow());
    client.once("ready", () => void this.#judgeMemory());
    this.opened = new Promise<void>((done) => {
      client.once("ready", () => done()).once("error", () => done());
    });
  }

  get canRead(): boolean {
    return this.#connected && this.#reads.closed;
  }

  get canWrite(): boolean {
    return this.#connected && this.#writes.closed && !this.#closed;
  }

  /** It cannot be read, or has a moment ago let the whole time for an answer pass without any: nobody need wait for another answer. */
  get silent(): boolean {
    return !this.#reads.closed || performance.now() - this.#timedOutAt < this.#timeoutMs;
  }

  /** Why it is not well; null when it is. */
  get detail(): string | null {
    return this.#reads.reason ?? this.#writes.reason ?? (this.#connected ? null : "not connected yet");
  }

  /** What Redis answers; null when it does not, or not in time. */
  async read<T>(ask: (client: RedisClient) => Promise<T>): Promise<T | null> {
    if (!this.canRead) return null;
    const asked = performance.now();
    try {
      const answer = await ask(this.#client);
      this.#answeredAt = performance.now();
      this.#reads.success();
      return answer;
    } catch (error) {
      const reason = reasonOf(error);
      const now = performance.now();
      // A timer that is late says that this process is busy, and the answer may lie in the socket; other answers that came say that Redis is.
      const inTime = now - asked < this.#timeoutMs + BUSY_MS;
      if (reason === TIMED_OUT && inTime && this.#answeredAt < asked) this.#timedOutAt = now;
      this.#reads.failure(reason);
      // Nobody waits any more for what may still arrive, perhaps hundreds of megabytes: begin again with a new connection.
      if (!this.#reads.closed && this.#connected) this.#client.disconnect(true);
      return null;
    }
  }

  /** Sends commands at once. What fails is dropped. */
  async write(add: (pipeline: ReturnType<RedisClient["pipeline"]>) => void): Promise<void> {
    if (!this.canWrite) return;
    const pipeline = this.#client.pipeline();
    add(pipeline);
    try {
      const failed = ((await pipeline.exec()) ?? []).find(([error]) => error)?.[0];
      if (failed) this.#writes.failure(reasonOf(failed));
      else this.#writes.success();
    } catch (error) {
      this.#writes.failure(reasonOf(error));
    }
  }

  close(): void {
    this.#closed = true;
    this.#reads.stop();
    this.#writes.stop();
    this.#client.disconnect();
  }

  /** Once: an operator is told of a Redis that will not make room by itself. One that tells nothing about itself is not judged. */
  async #judgeMemory(): Promise<void> {
    const info = await this.#client.info("memory").catch(() => "");
    const advice = memoryAdvice(parseInfo(info));
    if (advice !== null) this.#log(`Redis cache: ${advice}`);
  }

  get #connected(): boolean {
    return this.#client.status === "ready";
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}
