/** Longest URL that is read, characters: ours stay below 6,000, queries of GraphQL's GET may be longer. */
export const MAX_URL = 16 * 1024;

/** Request line and headers together, bytes: room for the longest URL and as much again. */
export const MAX_HEADER_BYTES = 2 * MAX_URL;

/** A client that has not sent its headers, or its body, after this time is not going to. With the time between two looks it is gone in 10 s. */
export const HEADERS_WITHIN_MS = 8_000;
export const REQUEST_WITHIN_MS = 30_000;

/** Longer than the 60 s for which proxies keep idle connections: theirs ends first, so no request meets a closing socket. */
export const KEEP_ALIVE_MS = 72_000;
