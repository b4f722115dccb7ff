import type { BandloomError, ErrorCode } from "../core/errors.ts";

/** What every failure looks like on the wire; `diagnostics` and other details beside the two. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
}

export function errorBody({ code, message, details }: BandloomError): ErrorBody {
  return { code, message, ...details };
}

/** Seconds after which a client may try again, for the errors that pass. */
const RETRY_AFTER: Partial<Record<ErrorCode, string>> = { OVERLOADED: "1" };

export function errorHeaders({ code }: BandloomError): Record<string, string> {
  const retryAfter = RETRY_AFTER[code];
  return { "cache-control": "no-store", ...(retryAfter ? { "retry-after": retryAfter } : {}) };
}
