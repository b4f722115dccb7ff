import { LRUCache } from "lru-cache";
import { SingleFlight } from "../../core/single-flight.ts";
import { sourceChanged } from "../identity.ts";
import { unreadable } from "../unreadable.ts";
import { AllowList, parseAddress } from "./allow-list.ts";
import { BLOCK_BYTES, blocksOf, bytesOfRun, type Run, runsOf } from "./ranges.ts";
import { withRetries } from "./retry.ts";
import type { S3Options } from "./s3.ts";
import type { BlobAnswer, BlobRequest, Transport } from "./transport.ts";
import type { ByteRange, Remote, RemoteBlob, RemoteStamp } from "./types.ts";

export interface RemoteOptions {
  /** Addresses that may be read: see AllowList. None by default. */
  readonly allowed: readonly string[];
  /** Blocks and small blobs that are kept; default 64 MiB. */
  readonly cacheBytes?: number;
  /** Longest wait for one answer, retries included; default 10 seconds. */
  readonly timeoutMs?: number;
  /** Requests to one host at a time, HTTP; default 8. */
  readonly connectionsPerHost?: number;
  readonly s3?: S3Options;
}

export interface RemoteMetrics {
  readonly requests: number;
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
/** First bytes of a blob: header and directories of most images. */
const HEAD_BYTES = 4 * BLOCK_BYTES;
/** A server that gives no parts of a file is asked for the whole, if it is no longer than this. */
const WHOLE_BYTES = 64 * MIB;
/** What was just looked at need not be looked at again, milliseconds (semantics.md 13): workers open one image one after the other. */
const FRESH_MS = 1000;
/** Blobs above this are not kept as a whole. */
const KEPT_BLOB_BYTES = MIB;
/** Costs of an entry that has no bytes. */
const ENTRY_BYTES = 256;

interface Kept {
  readonly bytes: Uint8Array;
}

/** Nothing is connected, and no library is loaded, before the first request. */
export function createRemote(options: RemoteOptions): ProcessRemote {
  return new RemoteReader(options);
}

class RemoteReader implements ProcessRemote {
  readonly #allowed: AllowList;
  readonly #options: RemoteOptions;
  readonly #transports = new Map<string, Promise<Transport>>();
  /** Blocks by address, version and number. */
  readonly #blocks: LRUCache<string, Kept>;
  readonly #runs = new SingleFlight<readonly Uint8Array[]>();
  readonly #looks = new SingleFlight<RemoteStamp | null>();
  readonly #gets = new SingleFlight<RemoteBlob | null>();
  readonly #stamps = new LRUCache<string, { readonly stamp: RemoteStamp | null }>({ max: 1000, ttl: FRESH_MS });
  readonly #blobs: LRUCache<string, { readonly blob: RemoteBlob | null }>;
  readonly #counts = { requests: 0, bytes: 0, cacheHits: 0, retries: 0 };

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#allowed = new AllowList(options.allowed);
    const maxSize = Math.max(1, options.cacheBytes ?? 64 * MIB);
    this.#blocks = new LRUCache({ maxSize, sizeCalculation: ({ bytes }) => ENTRY_BYTES + bytes.length });
    this.#blobs = new LRUCache({
      maxSize: 8 * MIB,
      ttl: FRESH_MS,
      sizeCalculation: ({ blob }) => ENTRY_BYTES + (blob?.bytes.length ?? 0),
    });
  }

  stat(url: string, signal?: AbortSignal): Promise<RemoteStamp | null> {
    return this.#looks.run(
      `stat ${url}`,
      async (shared) => {
        const head = await this.#try((transport, waiting) => transport.head(url, waiting), url, shared);
        return head && { url, ...head };
      },
      signal,
    );
  }

  async open(url: string, signal?: AbortSignal): Promise<RemoteStamp | null> {
    const known = this.#stamps.get(url);
    if (known) return known.stamp;
    return this.#looks.run(
      `open ${url}`,
      async (shared) => {
        const request = { range: { offset: 0, length: HEAD_BYTES }, validator: null, limit: WHOLE_BYTES };
        const answer = await this.#ask(url, request, shared);
        if (answer.kind === "changed") throw sourceChanged();
        const stamp = answer.kind === "missing" ? null : this.#keep(url, answer);
        this.#stamps.set(url, { stamp });
        return stamp;
      },
      signal,
    );
  }

  async read(stamp: RemoteStamp, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    for (const { offset, length } of ranges)
      if (!(offset >= 0 && length >= 0 && offset + length <= stamp.size))
        throw unreadable("it ends before the bytes that it points to");
    const blocks = new Map<number, Uint8Array>();
    const missing = blocksOf(ranges).filter((block) => {
      const kept = this.#blocks.get(blockKey(stamp, block));
      if (kept) blocks.set(block, kept.bytes);
      return !kept;
    });
    this.#counts.cacheHits += blocks.size;
    await Promise.all(
      runsOf(missing).map(async (run) => {
        const found = await this.#run(stamp, run, signal);
        for (const [index, bytes] of found.entries()) blocks.set(run.first + index, bytes);
      }),
    );
    return ranges.map((range) => cut(range, blocks));
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
    const transports = await Promise.allSettled(this.#transports.values());
    await Promise.all(transports.map((one) => (one.status === "fulfilled" ? one.value.close() : null)));
  }

  async #getNow(url: string, limit: number, signal: AbortSignal): Promise<RemoteBlob | null> {
    const answer = await this.#ask(url, { range: null, validator: null, limit }, signal);
    if (answer.kind === "changed") throw sourceChanged();
    const blob =
      answer.kind === "missing"
        ? null
        : { bytes: answer.bytes, stamp: { url, size: answer.size, validator: answer.validator } };
    if (!blob || blob.bytes.length <= KEPT_BLOB_BYTES) this.#blobs.set(url, { blob });
    return blob;
  }

  /** Blocks of a run, those in flight not asked for twice. */
  #run(stamp: RemoteStamp, run: Run, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
    return this.#runs.run(
      `${blockKey(stamp, run.first)}-${run.last}`,
      async (shared) => {
        const range = bytesOfRun(run, stamp.size);
        const request = { range, validator: stamp.validator, limit: WHOLE_BYTES };
        const answer = await this.#ask(stamp.url, request, shared);
        if (answer.kind !== "bytes" || answer.size !== stamp.size || answer.validator !== stamp.validator) {
          this.#stamps.delete(stamp.url);
          throw sourceChanged();
        }
        this.#keep(stamp.url, answer);
        const last = run.last - run.first + 1;
        return Array.from({ length: last }, (_, index) => {
          const from = (run.first + index) * BLOCK_BYTES - answer.offset;
          return answer.bytes.subarray(from, Math.min(from + BLOCK_BYTES, answer.bytes.length));
        });
      },
      signal,
    );
  }

  /** Puts what has arrived into blocks, as copies: a view would hold the whole answer. */
  #keep(url: string, { bytes, offset, size, validator }: BlobAnswer & { readonly kind: "bytes" }): RemoteStamp {
    const stamp = { url, size, validator };
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.slice(at, at + BLOCK_BYTES);
      const isWhole = block.length === BLOCK_BYTES || offset + bytes.length === size;
      if (isWhole) this.#blocks.set(blockKey(stamp, (offset + at) / BLOCK_BYTES), { bytes: block });
    }
    return stamp;
  }

  async #ask(url: string, request: BlobRequest, signal: AbortSignal): Promise<BlobAnswer> {
    return this.#try(
      async (transport, waiting) => {
        const answer = await transport.read(url, request, waiting);
        if (answer.kind === "bytes") this.#counts.bytes += answer.bytes.length;
        return answer;
      },
      url,
      signal,
    );
  }

  #try<T>(
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
    const onRetry = () => this.#counts.retries++;
    return withRetries(once, { timeoutMs: this.#options.timeoutMs ?? 10_000, onRetry }, signal);
  }

  #transport(kind: "http" | "s3"): Promise<Transport> {
    const transport = this.#transports.get(kind) ?? this.#load(kind);
    this.#transports.set(kind, transport);
    return transport;
  }

  async #load(kind: "http" | "s3"): Promise<Transport> {
    const allowed = this.#allowed;
    if (kind === "s3") return new (await import("./s3.ts")).S3Transport(allowed, this.#options.s3 ?? {});
    const { HttpTransport } = await import("./http.ts");
    return new HttpTransport({ allowed, connectionsPerHost: this.#options.connectionsPerHost ?? 8 });
  }
}

function blockKey({ url, size, validator }: RemoteStamp, block: number): string {
  return `${url}\0${size}\0${validator ?? ""}\0${block}`;
}

/** The bytes of a range, copied out of its blocks. */
function cut({ offset, length }: ByteRange, blocks: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const position = offset + at;
    const block = Math.floor(position / BLOCK_BYTES);
    const from = position - block * BLOCK_BYTES;
    const part = blocks.get(block)?.subarray(from, from + length - at);
    if (!part || part.length === 0) throw new Error("A block is shorter than its blob says.");
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function tooLong(limit: number) {
  return unreadable(`a part of it is longer than the ${limit} bytes that it may have`);
}
