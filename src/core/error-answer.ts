import type { BandloomError, ErrorCode } from "./errors.ts";

/** What every failure looks like on the wire; `diagnostics` and other details beside the two. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
}

export function errorBody({ code, message, details }: BandloomError): ErrorBody {
  return { code, message, ...details };
}

/**
 * Which credential would be taken; when a client may try again, for the errors that pass; and where it has used what it may use, how much that is and when there is more
 * (draft-ietf-httpapi-ratelimit-headers).
 */
export function errorHeaders({ code, details }: BandloomError): Record<string, string> {
  const retryAfter = Number(details?.retryAfter ?? (code === "OVERLOADED" ? 1 : Number.NaN));
  const headers: Record<string, string> = { "cache-control": "no-store" };
  // RFC 9110, section 11.6.1: what would be taken here.
  if (code === "UNAUTHENTICATED") headers["www-authenticate"] = 'Bearer realm="bandloom"';
  if (!Number.isFinite(retryAfter)) return headers;
  headers["retry-after"] = String(retryAfter);
  if (code !== "QUOTA_EXCEEDED" || details?.limit === undefined) return headers;
  headers["ratelimit-policy"] = `"work";q=${Number(details.limit)};w=${Number(details.window)}`;
  headers.ratelimit = `"work";r=${Number(details.remaining)};t=${retryAfter}`;
  return headers;
}
