import type { ByteRange, ByteTail } from "./types.ts";

/** One request for bytes of a blob. */
export interface BlobRequest {
  /** Null: all of it. */
  readonly range: ByteRange | ByteTail | null;
  /** Only this version; null: any. */
  readonly validator: string | null;
  /** More bytes than this are not read where the server sends all of it. */
  readonly limit: number;
}

/** What a server answers. */
export type BlobAnswer =
  | BlobBytes
  | { readonly kind: "missing" }
  /** It is another version now. */
  | { readonly kind: "changed" };

export interface BlobBytes {
  readonly kind: "bytes";
  /** They own their memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the bytes begin in the blob. */
  readonly offset: number;
  /** Length of the blob. */
  readonly size: number;
  readonly validator: string | null;
  /** All of the blob, because it was asked for, or because the server knows no ranges. */
  readonly whole: boolean;
}

export interface BlobHead {
  readonly size: number;
  readonly validator: string | null;
}

/** What is asked for to learn of a blob. Two bytes: some servers take a range that ends with byte 0 for one without an end. */
export const FIRST_BYTES: ByteRange = { offset: 0, length: 2 };

/** One protocol. Rejects with a TransportError, or with a BandloomError that is final. */
export interface Transport {
  read(address: string, request: BlobRequest, signal: AbortSignal): Promise<BlobAnswer>;
  /** Null: there is none. */
  head(address: string, limit: number, signal: AbortSignal): Promise<BlobHead | null>;
  close(): Promise<void>;
}

/** A request that failed for now: the server is busy, or the connection broke. It may be tried again. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}

/** Value of the header Range. */
export function rangeHeader(range: ByteRange | ByteTail): string {
  if ("tail" in range) return `bytes=-${range.tail}`;
  return `bytes=${range.offset}-${range.offset + range.length - 1}`;
}
