import type { ByteRange } from "./types.ts";

/** One request for bytes of a blob. */
export interface BlobRequest {
  /** Null: all of it. */
  readonly range: ByteRange | null;
  /** Only this version; null: any. */
  readonly validator: string | null;
  /** More bytes than this are not read. */
  readonly limit: number;
}

/** What a server answers. */
export type BlobAnswer =
  | {
      readonly kind: "bytes";
      readonly bytes: Uint8Array;
      /** Where the bytes begin in the blob: 0 where the server knows no ranges and has sent the whole. */
      readonly offset: number;
      /** Length of the blob. */
      readonly size: number;
      readonly validator: string | null;
    }
  | { readonly kind: "missing" }
  /** It is another version now. */
  | { readonly kind: "changed" };

export interface BlobHead {
  readonly size: number;
  readonly validator: string | null;
}

/** One protocol. Rejects with a TransportError, or with a BandloomError that is final. */
export interface Transport {
  read(address: string, request: BlobRequest, signal: AbortSignal): Promise<BlobAnswer>;
  /** Null: there is none. */
  head(address: string, signal: AbortSignal): Promise<BlobHead | null>;
  close(): Promise<void>;
}

/** A request that failed for now: the server is busy, or the connection broke. It may be tried again. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}

const STRONG = /^"[^"]*"$/;

/** The strong ETag, else what else tells versions apart, with its kind before it; null: nothing does. */
export function validatorOf(etag: string | undefined, lastModified: string | undefined): string | null {
  if (etag && STRONG.test(etag)) return etag;
  if (etag) return `weak ${etag}`;
  return lastModified ? `date ${lastModified}` : null;
}

/** What If-Match takes. */
export function isStrong(validator: string | null): validator is string {
  return validator !== null && STRONG.test(validator);
}
