import { BandloomError } from "../core/errors.ts";

/** A request target as it was received, nothing decoded. */
export interface RequestTarget {
  /** Between the slashes, behind the route's name. */
  readonly segments: readonly string[];
  /** Behind the first `?`; null without one. */
  readonly query: string | null;
}

/** Printable ASCII without space, `"`, `#`, `<`, `>`: what may stand in a request target, and what browsers leave as it is. */
const TARGET = /^[!$-;=?-~]*$/;

/** Splits `/route/a/b?query`. BAD_REQUEST for characters that must be percent-encoded; NOT_FOUND where the route's name is spelled otherwise. */
export function splitTarget(url: string, route: string): RequestTarget {
  if (!TARGET.test(url))
    throw new BandloomError(
      "BAD_REQUEST",
      "Percent-encode spaces, quotes, #, < and > and everything that is not ASCII.",
    );
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const prefix = `/${route}/`;
  if (!path.startsWith(prefix)) throw new BandloomError("NOT_FOUND", "There is nothing at this address.");
  return { segments: path.slice(prefix.length).split("/"), query: mark < 0 ? null : url.slice(mark + 1) };
}

/** Percent-decodes once, strictly: BAD_REQUEST for `%`, `%zz` and bytes that are no UTF-8 (RFC 3629: no overlong forms, no surrogates). */
export function decodeStrictly(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new BandloomError("BAD_REQUEST", `${what} holds a bad percent escape or is not UTF-8.`, { cause });
  }
}

/** Key of an image: what is left of the path, its slashes encoded or not. NOT_FOUND when nothing is left. */
export function imageKey(segments: readonly string[]): string {
  const key = decodeStrictly(segments.join("/"), "The key of the image");
  if (key === "") throw new BandloomError("NOT_FOUND", "The address names no image.");
  return key;
}
