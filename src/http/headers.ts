import type { ValidFormula } from "../service/types/formula.ts";

/** On every answer: pictures are public, may be read from any page with all of their headers, and are what their Content-Type says. */
export const COMMON_HEADERS = {
  "access-control-allow-origin": "*",
  // Which headers is no secret, and a list of them would be a percent of a tile.
  "access-control-expose-headers": "*",
  "x-content-type-options": "nosniff",
} as const;

/** Seconds of a year: the longest that caches promise. */
const LONGEST = 31_536_000;
/** A URL that names the bytes it stands for never changes its answer. */
const IMMUTABLE = `public, max-age=${LONGEST}, immutable`;
/** Kept by caches, asked for again each time: the answer is 304 as long as the file is the same. */
export const REVALIDATE = "no-cache";

/** `v` of a URL against the current version: a missing or stale one gets the current picture, not for ever. `expiry`: when the URL ends to hold. */
export function cacheControl(
  v: string | undefined,
  { version }: Pick<ValidFormula, "version">,
  expiry: number | null = null,
): string {
  if (v !== version) return REVALIDATE;
  return expiry === null ? IMMUTABLE : untilExpiry(expiry);
}

/** What a link with an end shows is kept until then and no longer, whatever the clock says. `expiry`: seconds since 1970. */
export function untilExpiry(expiry: number): string {
  const left = expiry - Math.floor(Date.now() / 1000);
  return `public, max-age=${Math.min(Math.max(0, left), LONGEST)}`;
}
