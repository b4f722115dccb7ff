import { LRUCache } from "lru-cache";
import { BandloomError } from "../../core/errors.ts";
import { SingleFlight } from "../../core/single-flight.ts";
import { sourceChanged } from "../identity.ts";
import { AllowList, parseAddress } from "./allow-list.ts";
import { BlockReader } from "./block-reader.ts";
import { BlockCache } from "./blocks.ts";
import { tooLong } from "./failures.ts";
import { BLOCK_BYTES } from "./ranges.ts";
import { withRetries } from "./retry.ts";
import type { S3Options } from "./s3-client.ts";
import type { BlobAnswer, BlobRequest, Transport } from "./transport.ts";
import type { ByteRange, Remote, RemoteBlob, RemoteStamp } from "./types.ts";

export interface RemoteOptions {
  /** Addresses that may be read: see AllowList. */
  readonly allowed: readonly string[];
  /** Blocks that are kept, bytes; default 64 MiB. Half of it is the most that is read of a server that knows no ranges. */
  readonly cacheBytes?: number;
  /** Longest wait for one answer, milliseconds, retries and the wait for a free connection included; default 10 seconds. */
  readonly timeoutMs?: number;
  /** How long what was just looked at is not looked at again, milliseconds: workers open one image one after the other; default 1 second. */
  readonly freshMs?: number;
  /** Pause before the first retry, milliseconds; default 100. See withRetries. */
  readonly pauseMs?: number;
  /** Requests to one host at a time, others wait; default 16. */
  readonly connectionsPerHost?: number;
  readonly s3?: S3Options;
  /** See HttpOptions; left out: addresses are asked for as they are. */
  readonly signed?: (url: URL) => URL;
}

export interface RemoteMetrics {
  readonly requests: number;
  /** Of blobs, as they arrived. */
  readonly bytes: number;
  /** Blocks that were asked for and there already. */
  readonly cacheHits: number;
  readonly retries: number;
}

/** The Remote of a process. */
export interface ProcessRemote extends Remote {
  metrics(): RemoteMetrics;
  close(): Promise<void>;
}

const MIB = 2 ** 20;
const CACHE_BYTES = 64 * MIB;
const TIMEOUT_MS = 10_000;
/** Enough for the chunks of a picture of many channels in one round trip, few enough for a small server. */
const CONNECTIONS = 16;
/** First bytes of a blob: header and directories of most images. */
const HEAD_BYTES = 4 * BLOCK_BYTES;
const FRESH_MS = 1000;
const PAUSE_MS = 100;
const MAX_STAMPS = 1000;
/** Small blobs, metadata as a rule, are kept as a whole for as long; all of them, and one. */
const BLOBS_BYTES = 8 * MIB;
const BLOB_BYTES = MIB;
/** Cost of an entry besides its bytes. */
const ENTRY_BYTES = 256;

/** Nothing is connected, and no library is loaded, before the first request. */
export function createRemote(options: RemoteOptions): ProcessRemote {
  return new RemoteReader(options);
}

class RemoteReader implements ProcessRemote {
  readonly #options: RemoteOptions;
  readonly #allowed: AllowList;
  readonly #transports = new Map<string, Promise<Transport>>();
  readonly #cache: BlockCache;
  readonly #blocks: BlockReader;
  readonly #wholeLimit: number;
  readonly #looks = new SingleFlight<RemoteStamp | null>();
  readonly #gets = new SingleFlight<RemoteBlob | null>();
  readonly #stamps: LRUCache<string, { readonly stamp: RemoteStamp | null }>;
  readonly #blobs: LRUCache<string, { readonly blob: RemoteBlob | null }>;
  readonly #counts = { requests: 0, bytes: 0, cacheHits: 0, retries: 0 };

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#allowed = new AllowList(options.allowed);
    const { cacheBytes = CACHE_BYTES, freshMs = FRESH_MS } = options;
    this.#wholeLimit = cacheBytes / 2;
    this.#cache = new BlockCache(cacheBytes);
    this.#blocks = new BlockReader({
      cache: this.#cache,
      wholeLimit: this.#wholeLimit,
      ask: (url, request, signal) => this.#ask(url, request, signal),
      onHits: (blocks) => {
        this.#counts.cacheHits += blocks;
      },
      onChange: (url) => this.#stamps.delete(url),
    });
    this.#stamps = new LRUCache({ max: MAX_STAMPS, ttl: freshMs });
    this.#blobs = new LRUCache({
      ...{ maxSize: BLOBS_BYTES, ttl: freshMs },
      sizeCalculation: ({ blob }) => ENTRY_BYTES + (blob?.bytes.length ?? 0),
    });
  }

  stat(url: string, signal?: AbortSignal): Promise<RemoteStamp | null> {
    const look = async (shared: AbortSignal) => {
      const head = await this.#try((transport, waiting) => transport.head(url, this.#wholeLimit, waiting), url, shared);
      return head && { url, ...head };
    };
    return this.#looks.run(`stat ${url}`, look, signal);
  }

  async open(url: string, signal?: AbortSignal, tail = 0): Promise<RemoteStamp | null> {
    const known = this.#stamps.get(url);
    if (known) return known.stamp;
    return this.#looks.run(`open ${url}`, (shared) => this.#openNow(url, tail, shared), signal);
  }

  read(stamp: RemoteStamp, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#blocks.read(stamp, ranges, signal);
  }

  async get(url: string, limit: number, signal?: AbortSignal): Promise<RemoteBlob | null> {
    const known = this.#blobs.get(url);
    const blob = known
      ? known.blob
      : await this.#gets.run(`${limit} ${url}`, (shared) => this.#getNow(url, limit, shared), signal);
    if (blob && blob.bytes.length > limit) throw tooLong(limit);
    return blob;
  }

  metrics(): RemoteMetrics {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    const transports = await Promise.all(this.#transports.values());
    await Promise.all(transports.map((transport) => transport.close()));
  }

  async #openNow(url: string, tail: number, signal: AbortSignal): Promise<RemoteStamp | null> {
    const head = { range: { offset: 0, length: HEAD_BYTES }, validator: null, limit: this.#wholeLimit };
    const answer = (tail > 0 && (await this.#lastBytes(url, tail, signal))) || (await this.#ask(url, head, signal));
    if (answer.kind === "changed") throw sourceChanged();
    const stamp = answer.kind === "bytes" ? { url, size: answer.size, validator: answer.validator } : null;
    if (stamp && answer.kind === "bytes") {
      this.#cache.keep(stamp, answer);
      if (answer.whole && answer.bytes.length > HEAD_BYTES) this.#blocks.sendsWhole(url);
    }
    this.#stamps.set(url, { stamp });
    return stamp;
  }

  /** The blocks in which the last bytes lie. Null where the server has no answer to such a range: not all know them. */
  async #lastBytes(url: string, tail: number, signal: AbortSignal): Promise<BlobAnswer | null> {
    const range = { tail: tail + BLOCK_BYTES };
    try {
      const answer = await this.#ask(url, { range, validator: null, limit: HEAD_BYTES }, signal);
      return answer.kind === "changed" ? null : answer;
    } catch (error) {
      if (error instanceof BandloomError && error.code === "SOURCE_FAILED") return null;
      throw error;
    }
  }

  async #getNow(url: string, limit: number, signal: AbortSignal): Promise<RemoteBlob | null> {
    const answer = await this.#ask(url, { range: null, validator: null, limit }, signal);
    if (answer.kind === "changed") throw sourceChanged();
    const { bytes, ...head } = answer.kind === "bytes" ? answer : { bytes: null, size: 0, validator: null };
    const blob = bytes && { bytes, stamp: { url, size: head.size, validator: head.validator } };
    if (!blob || blob.bytes.length <= BLOB_BYTES) this.#blobs.set(url, { blob });
    return blob;
  }

  #ask(url: string, request: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    const once = async (transport: Transport, waiting: AbortSignal) => {
      const answer = await transport.read(url, request, waiting);
      if (answer.kind === "bytes") this.#counts.bytes += answer.bytes.length;
      return answer;
    };
    return this.#try(once, url, signal);
  }

  async #try<T>(
    work: (transport: Transport, signal: AbortSignal) => Promise<T>,
    url: string,
    signal: AbortSignal,
  ): Promise<T> {
    const address = parseAddress(url);
    this.#allowed.check(address);
    const once = async (waiting: AbortSignal) => {
      const transport = await this.#transport(address.kind);
      this.#counts.requests++;
      return work(transport, waiting);
    };
    const { timeoutMs = TIMEOUT_MS, pauseMs = PAUSE_MS } = this.#options;
    return withRetries(once, { timeoutMs, pauseMs, onRetry: () => this.#counts.retries++ }, signal);
  }

  #transport(kind: "http" | "s3"): Promise<Transport> {
    const transport = this.#transports.get(kind) ?? this.#load(kind);
    this.#transports.set(kind, transport);
    return transport;
  }

  async #load(kind: "http" | "s3"): Promise<Transport> {
    const options = { allowed: this.#allowed, connectionsPerHost: this.#options.connectionsPerHost ?? CONNECTIONS };
    if (kind === "s3") return new (await import("./s3.ts")).S3Transport({ ...options, ...this.#options.s3 });
    const { timeoutMs = TIMEOUT_MS, signed = (url: URL) => url } = this.#options;
    return new (await import("./http.ts")).HttpTransport({ ...options, timeoutMs, signed });
  }
}
