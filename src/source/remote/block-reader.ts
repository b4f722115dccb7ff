import { setMaxListeners } from "node:events";
import { LRUCache } from "lru-cache";
import { SingleFlight } from "../../core/single-flight.ts";
import { sourceChanged } from "../identity.ts";
import { unreadable } from "../unreadable.ts";
import { type BlockCache, blockKey } from "./blocks.ts";
import { blocksOf, bytesOfRun, cut, type Run, runsOf } from "./ranges.ts";
import type { BlobAnswer, BlobRequest } from "./transport.ts";
import type { ByteRange, RemoteStamp } from "./types.ts";

/** Addresses of servers without ranges that are remembered. */
const MAX_WHOLE = 1000;

type Blocks = ReadonlyMap<number, Uint8Array>;

/** A request that runs, or is about to. */
interface Flight {
  readonly key: string;
  /** Null: all of the blob. */
  readonly run: Run | null;
}

export interface BlockReaderOptions {
  readonly cache: BlockCache;
  /** More is not read of a server that knows no ranges, bytes. */
  readonly wholeLimit: number;
  readonly ask: (url: string, request: BlobRequest, signal: AbortSignal) => Promise<BlobAnswer>;
  readonly onHits: (blocks: number) => void;
  readonly onChange: (url: string) => void;
}

/** Ranges out of blocks: those that are kept do not travel, those that are on their way do not travel twice, near ones travel together. */
export class BlockReader {
  readonly #options: BlockReaderOptions;
  readonly #flights = new SingleFlight<Blocks>();
  /** Which flight brings a block. */
  readonly #coming = new Map<string, Flight>();
  /** Blobs whose server gives them as a whole only. */
  readonly #whole = new LRUCache<string, true>({ max: MAX_WHOLE });

  constructor(options: BlockReaderOptions) {
    this.#options = options;
  }

  async read(stamp: RemoteStamp, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    for (const { offset, length } of ranges)
      if (!(offset >= 0 && length >= 0 && offset + length <= stamp.size))
        throw unreadable("it ends before the bytes that it points to");
    const blocks = new Map<number, Uint8Array>();
    const flights = this.#flightsFor(stamp, blocksOf(ranges), blocks);
    this.#options.onHits(blocks.size);
    // One who reads many ranges waits for many requests: that is no leak.
    if (signal && flights.length > 1) setMaxListeners(0, signal);
    const found = await Promise.all(
      flights.map((flight) => this.#flights.run(flight.key, (shared) => this.#fly(stamp, flight, shared), signal)),
    );
    for (const some of found) for (const [block, bytes] of some) blocks.set(block, bytes);
    return ranges.map((range) => cut(range, blocks));
  }

  /** Remembers that a server has sent all of a blob where it was asked for a part. */
  sendsWhole(url: string): void {
    this.#whole.set(url, true);
  }

  /** Puts the blocks that are kept into `blocks`; returns the flights that bring the others. */
  #flightsFor(stamp: RemoteStamp, wanted: readonly number[], blocks: Map<number, Uint8Array>): Flight[] {
    const flights = new Set<Flight>();
    const missing = wanted.filter((block) => {
      const kept = this.#options.cache.get(stamp, block);
      const coming = kept ? undefined : this.#coming.get(blockKey(stamp, block));
      if (kept) blocks.set(block, kept);
      if (coming) flights.add(coming);
      return !kept && !coming;
    });
    if (missing.length > 0 && this.#whole.has(stamp.url)) flights.add({ key: blockKey(stamp, "all"), run: null });
    else for (const run of runsOf(missing)) flights.add({ key: `${blockKey(stamp, run.first)}-${run.last}`, run });
    return [...flights];
  }

  async #fly(stamp: RemoteStamp, flight: Flight, signal: AbortSignal): Promise<Blocks> {
    const forget = this.#announce(stamp, flight);
    const { ask, cache, onChange, wholeLimit: limit } = this.#options;
    try {
      const range = flight.run && bytesOfRun(flight.run, stamp.size);
      const answer = await ask(stamp.url, { range, validator: stamp.validator, limit }, signal);
      if (answer.kind !== "bytes" || answer.size !== stamp.size || answer.validator !== stamp.validator) {
        onChange(stamp.url);
        throw sourceChanged();
      }
      if (range && answer.bytes.length !== range.length) this.sendsWhole(stamp.url);
      return cache.keep(stamp, answer);
    } finally {
      forget();
    }
  }

  /** Until the returned function is called, others find the flight for its blocks. */
  #announce(stamp: RemoteStamp, flight: Flight): () => void {
    if (!flight.run) return () => {};
    const keys: string[] = [];
    for (let block = flight.run.first; block <= flight.run.last; block++) keys.push(blockKey(stamp, block));
    for (const key of keys) this.#coming.set(key, flight);
    return () => {
      for (const key of keys) if (this.#coming.get(key) === flight) this.#coming.delete(key);
    };
  }
}
