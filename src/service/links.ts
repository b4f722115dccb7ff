import { createHmac, timingSafeEqual } from "node:crypto";
import { BandloomError } from "../core/errors.ts";
import type { Links } from "./types/services.ts";

const HOUR = 3600;
/** Clocks of several machines may differ by this much, seconds. */
const SKEW = 30;

/** A secret and the name under which links carry it. */
export interface SigningKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface SigningOptions {
  /** The first signs; links of the others hold too, so that keys can be changed without breaking any. */
  readonly keys: readonly SigningKey[];
  /** How long a link holds, hours; null: for ever. */
  readonly hours: number | null;
}

/** What stands at the end of a signed link, in this order: perhaps its expiry, the key, the signature of all before. */
const SIGNED = /^(.*[?&]kid=([\w-]{1,64}))&sig=([\w-]{43})$/s;
const EXPIRY = /[?&]exp=(\d{1,12})&kid=[\w-]+$/;
/** An expiry in any place and spelling: one that is not read as such must not become a link for ever. */
const SAYS_EXPIRY = /[?&]exp=/;
/** Level and position of a tile or a chunk, which a signature leaves open. */
const PLACE = /^(\/(?:tiles|channels)\/.+)\/\d{1,10}\/\d{1,10}\/\d{1,10}(\.[a-z]{2,5})$/;

/** Links that this server, or one with the same keys, has given: HMAC-SHA256 over path and query as they stand, the place of a tile left out. */
class SignedLinks implements Links {
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #first: SigningKey;
  readonly #hours: number | null;

  /** Throws a plain Error without a key. */
  constructor({ keys, hours }: SigningOptions) {
    const [first] = keys;
    if (!first) throw new Error("Links are signed with one key at least.");
    this.#first = first;
    this.#keys = new Map(keys.map(({ id, secret }) => [id, secret]));
    this.#hours = hours;
  }

  /** Whole hours, so that the same links are given for an hour, and caches can keep what lies behind them. */
  expiry(): number | null {
    return this.#hours === null ? null : (Math.ceil(now() / HOUR) + this.#hours) * HOUR;
  }

  signed(path: string, query: string): string {
    const expiry = this.expiry();
    const { id, secret } = this.#first;
    const separator = query.includes("?") ? "&" : "?";
    const text = `${query}${separator}${expiry === null ? "" : `exp=${expiry}&`}kid=${id}`;
    return `${text}&sig=${signature(secret, `${path}${text}`).toString("base64url")}`;
  }

  check(target: string): number | null {
    const [, signed, kid = "", sig = ""] = SIGNED.exec(target) ?? [];
    const secret = this.#keys.get(kid);
    if (signed === undefined || secret === undefined || !isSame(signature(secret, withoutPlace(signed)), sig))
      throw new BandloomError(
        "FORBIDDEN",
        "This address is not signed, or its signature is not this server's. Take addresses from the API as they are.",
      );
    const exp = EXPIRY.exec(signed)?.[1];
    if (exp === undefined && SAYS_EXPIRY.test(signed))
      throw new BandloomError("FORBIDDEN", "The exp of an address is whole seconds since 1970, right before its kid.");
    if (exp === undefined) return null;
    const expiry = Number(exp);
    if (now() <= expiry + SKEW) return expiry;
    throw new BandloomError(
      "LINK_EXPIRED",
      "This address was good for a time that is over. Ask the API for a new one.",
    );
  }
}

/** `signing` left out: every address is good. */
export function linksOf(signing: SigningOptions | undefined): Links {
  return signing ? new SignedLinks(signing) : OPEN_LINKS;
}

/** Every address is good. */
export const OPEN_LINKS: Links = {
  expiry: () => null,
  signed: (_, query) => query,
  check: () => null,
};

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function signature(secret: Uint8Array, text: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

/** Compared as text, and for as long whatever the difference: another spelling of the same bytes is another address. */
function isSame(expected: Buffer, given: string): boolean {
  return timingSafeEqual(Buffer.from(expected.toString("base64url")), Buffer.from(given));
}

function withoutPlace(target: string): string {
  const mark = target.indexOf("?");
  return target.slice(0, mark).replace(PLACE, "$1$2") + target.slice(mark);
}
