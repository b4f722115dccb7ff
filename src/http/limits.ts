/** Longest URL that is read, characters: ours stay below 6,000, queries of GraphQL's GET may be longer. */
export const MAX_URL = 16 * 1024;

/** Request line and headers together, bytes: room for the longest URL and as much again. */
export const MAX_HEADER_BYTES = 2 * MAX_URL;

/** A client that has not sent its headers, or its body, after this time is not going to. With the time between two looks it is gone in 10 s. */
export const HEADERS_WITHIN_MS = 8_000;
export const REQUEST_WITHIN_MS = 30_000;

/** Every so often a body must have grown by so much (64 kbit/s), or be whole: who sends half of one is gone long before the time for all of it is over. */
export const BODY_LOOK_MS = 8_000;
export const BODY_LEAST_BYTES = 64 * 1024;

/** Bodies up to this size are never in the way of each other: queries of GraphQL have one or two kilobytes. */
export const SMALL_BODY_BYTES = 16 * 1024;
/** Of larger ones so many bytes are received at a time, and so many of one client: memory that is given to who has only announced something. */
export const BODIES_BYTES = 64 * 2 ** 20;
export const BODY_SHARE_BYTES = BODIES_BYTES / 4;

/** Longer than the 60 s for which proxies keep idle connections: theirs ends first, so no request meets a closing socket. */
export const KEEP_ALIVE_MS = 72_000;
