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
