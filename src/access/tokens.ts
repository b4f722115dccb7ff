import { hash } from "node:crypto";
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import type { IssuerRules } from "./schema.ts";
import type { Principal } from "./types.ts";

/** Signed with a private key that the issuer alone has. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
/** Clocks of several machines may differ by this much, seconds. */
const SKEW = 30;
const REMEMBERED = 10_000;

/** Not told from any other bad credential. */
export class BadCredential extends Error {}

interface TokensOptions {
  readonly issuers: readonly IssuerRules[];
  readonly keysOf: (rules: IssuerRules) => IssuerKeys;
  readonly principalOf: (rules: IssuerRules, payload: JWTPayload) => Principal;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

interface Verified {
  readonly principal: Principal;
  readonly keys: IssuerKeys;
  /** Of the keys with which it was verified. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Whom the tokens of the issuers name. */
export class Tokens {
  readonly #options: TokensOptions;
  readonly #issuers: ReadonlyMap<string, IssuerRules>;
  readonly #verified = new LRUCache<string, Verified>({ max: REMEMBERED });

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#issuers = new Map(options.issuers.map((rules) => [rules.issuer, rules]));
  }

  /** No token can be good. */
  get isEmpty(): boolean {
    return this.#issuers.size === 0;
  }

  /** Rejects with BadCredential; UNAUTHENTICATED for what was good and is over; SOURCE_FAILED where keys cannot be fetched. */
  async verify(token: string): Promise<Principal> {
    const id = hash("sha256", token, "base64");
    const known = this.#verified.get(id);
    if (known && this.#options.now() < known.until && known.version === known.keys.version) {
      known.keys.keepFresh();
      return known.principal;
    }
    const rules = this.#issuers.get(issuerOf(token) ?? "");
    if (!rules) throw new BadCredential();
    const keys = this.#options.keysOf(rules);
    const payload = await this.#payload(token, rules, keys);
    const principal = this.#options.principalOf(rules, payload);
    const until = (Number(payload.exp) + SKEW) * 1000;
    this.#verified.set(id, { principal, keys, version: keys.version, until });
    return principal;
  }

  async #payload(token: string, rules: IssuerRules, keys: IssuerKeys): Promise<JWTPayload> {
    const options = {
      ...{ issuer: rules.issuer, audience: rules.audience, algorithms: ALGORITHMS, clockTolerance: SKEW },
      ...{ requiredClaims: ["sub", "exp"], currentDate: new Date(this.#options.now()) },
    };
    try {
      return (await jwtVerify(token, keys.find, options).catch(inTurn(token, options))).payload;
    } catch (error) {
      if (error instanceof BandloomError) throw error;
      if (error instanceof errors.JWTExpired) throw expired();
      // A key of the issuer's that cannot be used, for one: the token is not good, and its operator is to know why.
      if (!(error instanceof errors.JOSEError))
        this.#options.log(
          `A token of ${rules.issuer} cannot be checked: ${error instanceof Error ? error.message : error}`,
        );
      throw new BadCredential();
    }
  }
}

/** A token that does not name its key, of an issuer with several that it could be: one after the other. */
function inTurn(token: string, options: Parameters<typeof jwtVerify>[2]) {
  return async (error: unknown) => {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new BadCredential();
  };
}

/** As the token says, unverified; null: it is no token. */
function issuerOf(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

function expired(): BandloomError {
  return new BandloomError("UNAUTHENTICATED", "The token has expired. Get a new one from who issued it.");
}
