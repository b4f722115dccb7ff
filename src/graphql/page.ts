import { byCodePoint } from "../core/code-points.ts";
import { BandloomError } from "../core/errors.ts";
import { decodeCursor } from "./ids.ts";

export const DEFAULT_PAGE = 20;
/** Every image of a page may be opened: a page stays small whatever the client asks for. */
export const MAX_PAGE = 100;

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A page request that holds: from the front or from the back, between two keys. */
export interface PageRequest {
  readonly size: number;
  readonly fromBack: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** BAD_REQUEST for contradictory or impossible arguments. */
export function pageRequest({ first, after, last, before }: PageArguments): PageRequest {
  if (first != null && last != null) throw new BandloomError("BAD_REQUEST", "Use first or last, not both.");
  const size = first ?? last ?? DEFAULT_PAGE;
  if (size < 0 || size > MAX_PAGE)
    throw new BandloomError("BAD_REQUEST", `A page holds 0 to ${MAX_PAGE} entries, not ${size}.`);
  return {
    size,
    fromBack: last != null,
    after: after == null ? null : decodeCursor(after),
    before: before == null ? null : decodeCursor(before),
  };
}

export interface Page {
  readonly keys: readonly string[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Relay's slicing over keys in order of their code points. A cursor is a key, so it stays right when entries come and go around it. */
export function slicePage(keys: readonly string[], { size, fromBack, after, before }: PageRequest): Page {
  const from = after === null ? 0 : countBefore(keys, after, true);
  const to = before === null ? keys.length : countBefore(keys, before, false);
  const end = Math.max(from, to);
  const start = fromBack ? Math.max(from, end - size) : from;
  const stop = fromBack ? end : Math.min(end, from + size);
  return { keys: keys.slice(start, stop), hasNextPage: stop < keys.length, hasPreviousPage: start > 0 };
}

/** How many keys stand before one, which need not be there itself; `inclusive` counts it too. */
function countBefore(keys: readonly string[], key: string, inclusive: boolean): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = byCodePoint(keys[middle] ?? "", key);
    if (order < 0 || (inclusive && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
