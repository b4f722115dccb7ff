/** Hex digits of a hash that an ETag shows: 128 bits, as many as a strong validator needs. */
const DIGITS = 32;

/** Strong ETag of what a hash names. */
export function etagOf(hash: string): string {
  return `"${hash.slice(0, DIGITS)}"`;
}

const ENTITY_TAG = /(?:W\/)?("[^"]*")/g;

/** Whether If-None-Match names the tag: compared weakly (RFC 9110 section 13.1.2), `*` matches everything that exists. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === "*") return true;
  for (const [, tag] of ifNoneMatch.matchAll(ENTITY_TAG)) {
    if (tag === etag) return true;
  }
  return false;
}
