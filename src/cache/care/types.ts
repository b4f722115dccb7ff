/** A store of tiles as an operator finds it. */
export interface StoreReport {
  readonly tier: "embedded" | "redis";
  readonly entries: number;
  /** Of the tiles, as they lie in the store. */
  readonly bytes: number;
  /** False: there are more than were looked at. */
  readonly complete: boolean;
  /** Seconds since the tile was written (Redis) or last read, to an hour (embedded); null: there is none. */
  readonly oldestSeconds: number | null;
  readonly newestSeconds: number | null;
  readonly memory: MemoryReport | null;
}

/** Of a Redis, or of all nodes of a cluster. */
export interface MemoryReport {
  readonly usedBytes: number;
  /** Null: unbounded, or not told. */
  readonly maxBytes: number | null;
  /** Null: not told. */
  readonly policy: string | null;
  /** Entries that it drove out since it started. */
  readonly evictions: number;
  /** What its operator should change; null: nothing. */
  readonly advice: string | null;
}

export interface Verification {
  readonly checked: number;
  /** Signed, with no key here to check them: they were left as they are. */
  readonly unchecked: number;
  /** Not what was stored under their key; they were deleted. */
  readonly damaged: number;
}

/** Looks at a store of tiles from outside, beside the servers that use it. Rejects with BandloomErrors. */
export interface StoreCare {
  report(signal: AbortSignal): Promise<StoreReport>;
  /** Reads every tile, compares it with its checksum or signature and deletes it where it is damaged. */
  verify(onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<Verification>;
  close(): Promise<void>;
}
