import type { FastifyReply } from "fastify";
import type { ServedImage } from "../service/types/image.ts";

/** On every answer: pictures are public, may be read from any page with all of their headers, and are what their Content-Type says. */
export const COMMON_HEADERS = {
  "access-control-allow-origin": "*",
  // Which headers is no secret, and a list of them would be a percent of a tile.
  "access-control-expose-headers": "*",
  "x-content-type-options": "nosniff",
} as const;

/** On pictures, values and files: opened by themselves they run nothing and belong to no origin, whatever their bytes turn out to be. */
export const SANDBOX = { "content-security-policy": "sandbox" } as const;

/** Seconds of a year: the longest that caches promise. */
const LONGEST = 31_536_000;
/** A URL that names the bytes it stands for never changes its answer. */
const IMMUTABLE = `public, max-age=${LONGEST}, immutable`;
/** Kept by caches, asked for again each time: the answer is 304 as long as the file is the same. */
export const REVALIDATE = "no-cache";
export const CHANGING: Lifetime = { "cache-control": REVALIDATE };
/** For who is known: kept by that one's browser alone, and asked for again each time, as somebody else may sit there then. */
export const PRIVATE: Lifetime = { "cache-control": "private, no-cache", vary: "authorization" };

/** Headers that say how long caches may keep an answer. */
export interface Lifetime {
  readonly "cache-control": string;
  /** Of an answer to who is known, by what that was told. */
  readonly vary?: string;
  /** Of a link with an end. A max-age would begin anew whenever a cache passes the answer on. */
  readonly expires?: string;
}

/** What an answer is made of. */
export interface Versioned {
  readonly version: string;
  readonly images: readonly Pick<ServedImage, "holdsUntil">[];
}

/**
 * `v` of a URL against the current version: a missing or stale one gets the current picture, not for ever. `expiry`: when the URL ends to
 * hold, seconds since 1970. What it shows is kept until then, or until one of its images may be another; without an end of its own, an image
 * that may be another is asked for again each time.
 */
export function lifetimeOf(
  v: string | undefined,
  { version, images }: Versioned,
  expiry: number | null = null,
): Lifetime {
  if (v !== version) return CHANGING;
  const ends = images.flatMap(({ holdsUntil }) => (holdsUntil === null ? [] : [holdsUntil]));
  if (expiry === null) return ends.length > 0 ? CHANGING : { "cache-control": IMMUTABLE };
  const end = Math.min(...ends, expiry * 1000, Date.now() + LONGEST * 1000);
  return { "cache-control": "public", expires: new Date(end).toUTCString() };
}

/** A link that can be withdrawn: every cache asks again after this, milliseconds, so that it ends there too. */
const WITHDRAWABLE_MS = 60_000;

/** The same for a picture that a link with a grant shows, counted from now. */
export function untilAskedAgain(lifetime: Lifetime, expiry: number | null): Lifetime {
  // What is asked for again each time is anyway.
  if (lifetime["cache-control"] === REVALIDATE) return lifetime;
  const end = Math.min(expiry === null ? Number.POSITIVE_INFINITY : expiry * 1000, Date.now() + WITHDRAWABLE_MS);
  return { "cache-control": "public", expires: new Date(end).toUTCString() };
}

/** In place of what was said before. */
export function setLifetime(reply: FastifyReply, lifetime: Lifetime): FastifyReply {
  return reply.removeHeader("expires").headers({ ...lifetime });
}
