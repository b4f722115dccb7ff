import { Cluster, type Redis } from "ioredis";
import { BandloomError } from "../../core/errors.ts";
import { CHECKED, ENVELOPE_BYTES, type Envelope, isSigned } from "../envelope.ts";
import { MAX_VALUE_BYTES } from "../redis-bounds.ts";
import { careClient, type RedisClient, type RedisPlace } from "../redis-client.ts";
import { RedisKeys } from "../redis-keys.ts";
import { reasonOf } from "../redis-link.ts";
import { memoryOf } from "./redis-memory.ts";
import type { StoreCare, StoreReport, Verification } from "./types.ts";

/** Names that one SCAN goes over: others get their turn in between. */
const NAMES_PER_SCAN = 500;
/** A report looks at so many tiles at most. */
const MAX_REPORTED = 1_000_000;
/** Of common tiles a megabyte. */
const VALUES_PER_READ = 32;

/** Name of ioredis' error for a command that no connection took. */
const GAVE_UP = "MaxRetriesPerRequestError";

interface RedisCareOptions {
  readonly place: RedisPlace;
  readonly prefix: string;
  readonly ttlSeconds: number;
  /** Of the servers that use it. */
  readonly envelope: Envelope;
}

/** What an entry turned out to be. Signed where no key is known: it cannot be told. */
type Verdict = "good" | "damaged" | "unchecked";

/** The tiles in a Redis, or in all nodes of a cluster, under a prefix. */
export class RedisCare implements StoreCare {
  readonly #client: RedisClient;
  readonly #keys: RedisKeys;
  readonly #ttlMs: number;
  readonly #envelope: Envelope;
  /** Why the connection failed: what a command is told then is how often ioredis tried. */
  #lost: unknown = null;

  constructor({ place, prefix, ttlSeconds, envelope }: RedisCareOptions) {
    this.#envelope = envelope;
    this.#client = careClient(place);
    this.#client.on("error", (error: unknown) => {
      this.#lost = error;
    });
    this.#keys = new RedisKeys(prefix);
    this.#ttlMs = ttlSeconds * 1000;
  }

  report(signal: AbortSignal): Promise<StoreReport> {
    return this.#answered(async () => {
      let [entries, bytes] = [0, 0];
      const ages: number[] = [];
      let complete = true;
      for (const node of await this.#nodes()) {
        for await (const names of this.#names(node, signal)) {
          if (entries >= MAX_REPORTED) {
            complete = false;
            break;
          }
          const sizes = await all(node, names, (pipeline, name) => pipeline.strlen(name));
          const times = await all(node, names, (pipeline, name) => pipeline.pttl(name));
          entries += names.length;
          bytes += sizes.reduce((sum: number, size) => sum + Number(size ?? 0), 0);
          // A name without an end, or that is gone meanwhile, tells no age.
          const known = times.map(Number).filter((left) => left >= 0);
          if (known.length > 0) ages.push(this.#ttlMs - Math.max(...known), this.#ttlMs - Math.min(...known));
        }
      }
      const seconds = ages.map((age) => Math.max(0, Math.round(age / 1000)));
      return {
        tier: "redis",
        ...{ entries, bytes, complete },
        oldestSeconds: seconds.length > 0 ? seconds.reduce((a, b) => Math.max(a, b)) : null,
        newestSeconds: seconds.length > 0 ? seconds.reduce((a, b) => Math.min(a, b)) : null,
        memory: await memoryOf(await this.#nodes(), "cache"),
      };
    });
  }

  verify(onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<Verification> {
    return this.#answered(async () => {
      const nodes = await this.#nodes();
      const sizes = await Promise.all(nodes.map((node) => node.dbsize()));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      let [checked, damaged, unchecked] = [0, 0, 0];
      for (const node of nodes) {
        for await (const names of this.#names(node, signal)) {
          for (let from = 0; from < names.length; from += VALUES_PER_READ) {
            const verdicts = await this.#judge(node, names.slice(from, from + VALUES_PER_READ));
            const bad = named(verdicts, "damaged");
            await all(node, bad, (pipeline, name) => pipeline.unlink(name));
            damaged += bad.length;
            unchecked += named(verdicts, "unchecked").length;
          }
          checked += names.length;
          onProgress(checked, Math.max(total, checked));
        }
      }
      return { checked: checked - unchecked, damaged, unchecked };
    });
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  async #answered<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof Error && cause.name === "AbortError") throw cause;
      const reason = reasonOf(cause instanceof Error && cause.name === GAVE_UP && this.#lost ? this.#lost : cause);
      const message = `The Redis of REDIS_URL does not answer as it should (${reason}). Look whether it runs and lets this user in.`;
      throw new BandloomError("SOURCE_FAILED", message, { cause });
    }
  }

  async #nodes(): Promise<readonly Redis[]> {
    if (!(this.#client instanceof Cluster)) return [this.#client];
    // Known once it is connected.
    await this.#client.get(this.#keys.probe);
    return this.#client.nodes("master");
  }

  async *#names(node: Redis, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    let cursor = "0";
    do {
      const [next, names] = await node.scan(cursor, "MATCH", this.#keys.tiles, "COUNT", NAMES_PER_SCAN);
      signal.throwIfAborted();
      cursor = next;
      if (names.length > 0) yield names;
    } while (cursor !== "0");
  }

  /** By name. Too large for a tile, or of another type, is damaged without a look. */
  async #judge(node: Redis, names: readonly string[]): Promise<ReadonlyMap<string, Verdict>> {
    const sizes = await all(node, names, (pipeline, name) => pipeline.strlen(name));
    const readable = names.filter((_, index) => isTileSize(sizes[index]));
    const values = await all(node, readable, (pipeline, name) => pipeline.getBuffer(name));
    const verdicts = new Map<string, Verdict>(names.map((name) => [name, "damaged"]));
    for (const [index, name] of readable.entries()) verdicts.set(name, this.#verdict(name, values[index]));
    return verdicts;
  }

  /** Gone meanwhile is not damaged. */
  #verdict(name: string, value: unknown): Verdict {
    if (value === null) return "good";
    const key = this.#keys.keyOf(name);
    if (key === null || !Buffer.isBuffer(value)) return "damaged";
    if (this.#envelope === CHECKED && isSigned(value)) return "unchecked";
    return this.#envelope.unseal(key, value) ? "good" : "damaged";
  }
}

function named(verdicts: ReadonlyMap<string, Verdict>, verdict: Verdict): readonly string[] {
  return [...verdicts].flatMap(([name, one]) => (one === verdict ? [name] : []));
}

function isTileSize(size: unknown): boolean {
  return typeof size === "number" && size <= MAX_VALUE_BYTES + ENVELOPE_BYTES;
}

/** One command for each name, at once; null where it failed, as on a value of another type. */
async function all(
  node: Redis,
  names: readonly string[],
  add: (pipeline: ReturnType<Redis["pipeline"]>, name: string) => void,
): Promise<readonly unknown[]> {
  if (names.length === 0) return [];
  const pipeline = node.pipeline();
  for (const name of names) add(pipeline, name);
  const replies = (await pipeline.exec()) ?? [];
  const lost = replies.find(([error]) => error && !/^WRONGTYPE/.test(error.message))?.[0];
  if (lost) throw lost;
  return replies.map(([error, value]) => (error ? undefined : value));
}
