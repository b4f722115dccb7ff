import { BandloomError } from "../core/errors.ts";

/** What a signed address ends with; where none are signed it says nothing. */
export const SIGNATURE = ["exp", "for", "kid", "sig"] as const;

/** Of a name that nobody knows, this much is repeated in the message. */
const SHOWN_NAME = 32;

/** A formula is cut at its own `&`: what stands behind is a name without a value. */
const AMPERSAND = " An & within a value is written %26.";

/**
 * The parameters of a raw query, values as received. BAD_REQUEST for one that is unknown, repeated or has no value: two readers of
 * one URL (a proxy's cache and this program) must never disagree on what it says.
 */
export function parseQuery<Name extends string>(
  query: string | null,
  allowed: readonly Name[],
): ReadonlyMap<Name, string> {
  const values = new Map<Name, string>();
  if (query === null) return values;
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const given = equals < 0 ? pair : pair.slice(0, equals);
    const name = allowed.find((known) => known === given);
    if (name === undefined)
      throw new BandloomError(
        "BAD_REQUEST",
        `There is no parameter “${given.slice(0, SHOWN_NAME)}” here; there are ${allowed.join(", ")}.${equals < 0 && values.size > 0 ? AMPERSAND : ""}`,
      );
    if (equals < 0) throw new BandloomError("BAD_REQUEST", `The parameter ${name} needs a value: ${name}=…`);
    if (values.has(name)) throw new BandloomError("BAD_REQUEST", `The parameter ${name} is given twice.`);
    values.set(name, pair.slice(equals + 1));
  }
  return values;
}
