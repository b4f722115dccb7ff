import { setTimeout as sleep } from "node:timers/promises";
import { BandloomError } from "../core/errors.ts";
import { EVERYTHING } from "../core/reader.ts";
import { credentialOf, isJwt, secretsMatcher } from "./credential.ts";
import { type Clock, Guesses } from "./guesses.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { isKeyText } from "./keys.ts";
import { isOwnPage } from "./own-page.ts";
import { Rules } from "./rules.ts";
import { RulesFile } from "./rules-file.ts";
import { BadCredential } from "./tokens.ts";
import type { Access, Asked, Principal, Scope, Share } from "./types.ts";

export interface SecretOptions {
  /** BANDLOOM_ADMIN_TOKEN. */
  readonly adminToken: string | null;
  /** Made and told at the start of the server. */
  readonly startSecret: string | null;
  readonly log: (line: string) => void;
  readonly clock?: Clock;
}

export interface AccessOptions extends SecretOptions {
  /** Rules in YAML; null: everybody sees everything. */
  readonly file: string | null;
}

/** With what is counted. */
export interface CountedAccess extends Access {
  /** Bad credentials, ever. */
  readonly failures: number;
}

const CLOCK: Clock = { now: Date.now, sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }) };

const ADMIN: Principal = {
  ...{ name: "admin", anonymous: false, reader: EVERYTHING, grant: null, share: null },
  scopes: new Set<Scope>(["read", "original", "admin"]),
};

const EVERYBODY: Principal = {
  ...{ name: "anonymous", anonymous: true, reader: EVERYTHING, grant: null, share: null },
  scopes: new Set<Scope>(["read", "original"]),
};

/** By the rules of a file; without one, `openAccess`. Throws BAD_REQUEST for a file that cannot be used. */
export function createAccess(options: AccessOptions): CountedAccess {
  return options.file === null ? openAccess(options) : new RuledAccess(options, options.file);
}

/** Everybody sees everything; who has one of the secrets may change what is saved. */
export function openAccess(options: SecretOptions): CountedAccess {
  const guesses = new Guesses(options.clock ?? CLOCK, options.log);
  const isOfServer = secretsMatcher([options.adminToken, options.startSecret]);
  return {
    ...{ configured: false, count: 0, anonymous: EVERYBODY, shareOf: () => null, close: () => {} },
    get failures() {
      return guesses.total;
    },
    async authenticate({ headers, client }) {
      const given = credentialOf(headers);
      // What else stands there is for a proxy before this server.
      if (given.kind !== "bearer") return EVERYBODY;
      if (isOfServer(given.secret)) return ADMIN;
      return isJwt(given.secret) ? EVERYBODY : refused(guesses, client);
    },
  };
}

class RuledAccess implements CountedAccess {
  readonly configured = true;
  readonly #options: AccessOptions;
  readonly #clock: Clock;
  readonly #guesses: Guesses;
  readonly #file: RulesFile;
  readonly #isOfServer: (secret: string) => boolean;
  /** They outlive the rules: an issuer may be away when these change. */
  readonly #issuerKeys = new Map<string, IssuerKeys>();
  #rules: Rules;
  #count = 0;

  constructor(options: AccessOptions, path: string) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
    this.#guesses = new Guesses(this.#clock, options.log);
    this.#file = new RulesFile({ path, now: () => this.#clock.now(), log: options.log });
    this.#isOfServer = secretsMatcher([options.adminToken, options.startSecret]);
    this.#rules = this.#build();
  }

  get count(): number {
    this.#current();
    return this.#count;
  }

  get failures(): number {
    return this.#guesses.total;
  }

  get anonymous(): Principal {
    return this.#current().anonymous;
  }

  shareOf(name: string): Share | null {
    return this.#current().shareOf(name);
  }

  async authenticate(asked: Asked): Promise<Principal> {
    const rules = this.#current();
    const { headers } = asked;
    const given = credentialOf(headers);
    const user = asked.trusted ? rules.ofProxy(headers) : null;
    if (given.kind === "none") return user ? withoutForgery(user, asked) : rules.anonymous;
    if (given.kind === "unknown" || (user && !this.#isForUs(given.secret, given.kind, rules)))
      return user ? withoutForgery(user, asked) : refused(this.#guesses, asked.client);
    try {
      const principal = await this.#whose(given.secret, rules);
      return given.kind === "basic" ? withoutForgery(principal, asked) : principal;
    } catch (error) {
      if (error instanceof BadCredential) return refused(this.#guesses, asked.client);
      throw error;
    }
  }

  close(): void {
    this.#rules.close();
  }

  async #whose(secret: string, rules: Rules): Promise<Principal> {
    if (isKeyText(secret)) {
      const principal = rules.ofKey(secret);
      if (principal) return principal;
    }
    if (this.#isOfServer(secret)) return ADMIN;
    if (isJwt(secret)) return rules.tokens.verify(secret);
    throw new BadCredential();
  }

  /** A proxy that names the user may pass on what it was given for itself: a password, or a token of its own issuer. */
  #isForUs(secret: string, kind: "bearer" | "basic", rules: Rules): boolean {
    if (isKeyText(secret) || this.#isOfServer(secret)) return true;
    return kind === "bearer" && !(isJwt(secret) && rules.tokens.isEmpty);
  }

  #current(): Rules {
    if (!this.#file.look()) return this.#rules;
    const before = this.#rules;
    this.#rules = this.#build();
    this.#count++;
    before.close();
    for (const url of this.#issuerKeys.keys()) if (!this.#rules.keyPlaces.includes(url)) this.#issuerKeys.delete(url);
    return this.#rules;
  }

  #build(): Rules {
    const tools = { now: () => this.#clock.now(), log: this.#options.log };
    const keysOf = (url: string) => {
      const keys = this.#issuerKeys.get(url) ?? new IssuerKeys(url, tools);
      this.#issuerKeys.set(url, keys);
      return keys;
    };
    const { rules } = this.#file;
    for (const { jwks } of rules.jwt)
      if (isOpenToOthers(jwks))
        tools.log(`The keys at ${jwks} are fetched without encryption: who is on the way can replace them. Use https.`);
    return new Rules(rules, { ...tools, keysOf });
  }
}

/** Fetched by http from another machine. */
function isOpenToOthers(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

/** Browsers send a password and a session by themselves, whoever's page makes them: what such a page asks for changes nothing. */
function withoutForgery(principal: Principal, { headers }: Asked): Principal {
  if (!principal.scopes.has("admin") || isOwnPage(headers)) return principal;
  return { ...principal, scopes: new Set([...principal.scopes].filter((scope) => scope !== "admin")) };
}

/** One answer for whatever is wrong, so that it tells nothing. */
async function refused(guesses: Guesses, client: string): Promise<never> {
  await guesses.failed(client);
  throw new BandloomError(
    "UNAUTHENTICATED",
    "This credential is not good here: it is unknown or was withdrawn. Send one that is, as Authorization: Bearer …, or none.",
  );
}
