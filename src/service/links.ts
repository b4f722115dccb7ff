import { createHmac, timingSafeEqual } from "node:crypto";
import { BandloomError } from "../core/errors.ts";
import type { Link, Links, LinkTerms } from "./types/links.ts";

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

/** What stands at the end of a signed link, in this order: perhaps its expiry, perhaps its grant, the key, the signature of all before. */
const SIGNED = /^(.*[?&]kid=([\w-]{1,64}))&sig=([\w-]{43})$/s;
const EXPIRY = /[?&]exp=(\d{1,12})(?:&for=[0-9a-f]{16})?&kid=[\w-]+$/;
const GRANT = /[?&]for=([0-9a-f]{16})&kid=[\w-]+$/;
/** An expiry or a grant in any place and spelling: one that is not read as such must not become a link for ever. */
const SAYS_EXPIRY = /[?&]exp=/;
const SAYS_GRANT = /[?&]for=/;
/** Whatever looks like a signature is judged as one. */
const SAYS_SIGNATURE = /[?&]sig=/;
/** Level and position of a tile or a chunk, which a signature leaves open. */
const PLACE = /^(\/(?:tiles|channels)\/.+)\/\d{1,10}\/\d{1,10}\/\d{1,10}(\.[a-z]{2,5})$/;

/** Grants whose links are withdrawn before their end. */
interface Withdrawn {
  isRevoked(grant: string): boolean;
}

const NO_TERMS: LinkTerms = { grant: null, until: null };

/** Links that this server, or one with the same keys, has given: HMAC-SHA256 over path and query as they stand, the place of a tile left out. */
class SignedLinks implements Links {
  readonly required = true;
  readonly #options: SigningOptions;
  readonly #withdrawn: Withdrawn;
  readonly #terms: LinkTerms;
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #first: SigningKey;

  /** Throws a plain Error without a key. */
  constructor(options: SigningOptions, withdrawn: Withdrawn, terms: LinkTerms = NO_TERMS) {
    const [first] = options.keys;
    if (!first) throw new Error("Links are signed with one key at least.");
    this.#options = options;
    this.#withdrawn = withdrawn;
    this.#terms = terms;
    this.#first = first;
    this.#keys = new Map(options.keys.map(({ id, secret }) => [id, secret]));
  }

  /** Whole hours, so that the same links are given for an hour, and caches can keep what lies behind them. */
  expiry(): number | null {
    const { hours } = this.#options;
    const { until } = this.#terms;
    if (hours === null) return until;
    const end = (Math.ceil(now() / HOUR) + hours) * HOUR;
    return until === null ? end : Math.min(end, until);
  }

  signed(path: string, query: string): string {
    const expiry = this.expiry();
    const { grant } = this.#terms;
    const { id, secret } = this.#first;
    const separator = query.includes("?") ? "&" : "?";
    const terms = `${expiry === null ? "" : `exp=${expiry}&`}${grant === null ? "" : `for=${grant}&`}`;
    const text = `${query}${separator}${terms}kid=${id}`;
    return `${text}&sig=${signature(secret, `${path}${text}`).toString("base64url")}`;
  }

  isSigned(target: string): boolean {
    return SAYS_SIGNATURE.test(target);
  }

  check(target: string): Link {
    const [, signed, kid = "", sig = ""] = SIGNED.exec(target) ?? [];
    const secret = this.#keys.get(kid);
    if (signed === undefined || secret === undefined || !isSame(signature(secret, withoutPlace(signed)), sig))
      throw new BandloomError(
        "FORBIDDEN",
        "This address is not signed, or its signature is not this server's. Take addresses from the API as they are.",
      );
    const exp = EXPIRY.exec(signed)?.[1];
    const grant = GRANT.exec(signed)?.[1] ?? null;
    if ((exp === undefined && SAYS_EXPIRY.test(signed)) || (grant === null && SAYS_GRANT.test(signed)))
      throw new BandloomError("FORBIDDEN", "The exp of an address is whole seconds since 1970, right before its kid.");
    if (grant !== null && this.isWithdrawn(grant))
      throw new BandloomError("LINK_EXPIRED", "This address was withdrawn, with the key that asked for it.");
    if (exp === undefined) return { expiry: null, grant };
    const expiry = Number(exp);
    if (now() <= expiry + SKEW) return { expiry, grant };
    throw new BandloomError(
      "LINK_EXPIRED",
      "This address was good for a time that is over. Ask the API for a new one.",
    );
  }

  isWithdrawn(grant: string): boolean {
    return this.#withdrawn.isRevoked(grant);
  }

  on(terms: LinkTerms): Links {
    return new SignedLinks(this.#options, this.#withdrawn, terms);
  }
}

const NOTHING_WITHDRAWN: Withdrawn = { isRevoked: () => false };

/** `signing` left out: every address is good. */
export function linksOf(signing: SigningOptions | undefined, withdrawn: Withdrawn = NOTHING_WITHDRAWN): Links {
  return signing ? new SignedLinks(signing, withdrawn) : OPEN_LINKS;
}

/** Every address is good. */
export const OPEN_LINKS: Links = {
  required: false,
  expiry: () => null,
  signed: (_, query) => query,
  isSigned: () => false,
  check: () => ({ expiry: null, grant: null }),
  isWithdrawn: () => false,
  on: () => OPEN_LINKS,
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
