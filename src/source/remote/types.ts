/** Which version of a remote blob. Plain data. */
export interface RemoteStamp {
  /** `https:`, `http:` or `s3:`. */
  readonly url: string;
  /** Length in bytes. */
  readonly size: number;
  /** Strong ETag; else what the server gives instead, with its kind before it; null: nothing. */
  readonly validator: string | null;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** The last bytes of a blob whose length is not known. */
export interface ByteTail {
  readonly tail: number;
}

/**
 * Blobs behind HTTP and S3. One for the whole process, on its main thread: connections, limits, credentials and cached blocks are
 * shared; workers reach it through a port. Every call rejects with FORBIDDEN (address not allowed), SOURCE_FAILED, SOURCE_TIMEOUT,
 * or the signal's reason; messages never hold an address.
 */
export interface Remote {
  /** What is there now, asked of the server itself; null: nothing. */
  stat(url: string, signal?: AbortSignal): Promise<RemoteStamp | null>;
  /** As `stat`, with the first bytes in the same request, or the last `tail` ones, kept for the reads that follow. */
  open(url: string, signal?: AbortSignal, tail?: number): Promise<RemoteStamp | null>;
  /**
   * Ranges of one version of a blob, in order; near ones travel together, and blocks that are cached do not travel at all. Rejects with
   * `sourceChanged()` when the blob is another one by now, with SOURCE_UNREADABLE past its end.
   */
  read(stamp: RemoteStamp, ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /** A blob as a whole, of at most `limit` bytes (SOURCE_UNREADABLE beyond); null: none. */
  get(url: string, limit: number, signal?: AbortSignal): Promise<RemoteBlob | null>;
}

export interface RemoteBlob {
  readonly bytes: Uint8Array;
  readonly stamp: RemoteStamp;
}
