import type { IncomingHttpHeaders } from "node:http";
import type { JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { claimed } from "./claims.ts";
import { type Granted, grantedTo } from "./grants.ts";
import { Hook, type HookPrincipal } from "./hook.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { grantOf, keyHash } from "./keys.ts";
import { principalName } from "./names.ts";
import { proxyUser } from "./proxy-user.ts";
import { readerOf } from "./readers.ts";
import type { AccessRules, IssuerRules, KeyRules } from "./schema.ts";
import { Tokens } from "./tokens.ts";
import type { Principal, Share } from "./types.ts";

const REMEMBERED_USERS = 10_000;

export interface RulesTools {
  readonly keysOf: (url: string) => IssuerKeys;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** What a file of rules says, ready to be asked. */
export class Rules {
  readonly anonymous: Principal;
  readonly tokens: Tokens;
  readonly #file: AccessRules;
  readonly #tools: RulesTools;
  readonly #hook: Hook | null;
  readonly #keys: ReadonlyMap<string, KeyRules>;
  readonly #shares: ReadonlyMap<string, Share>;
  /** By hash: each is made when it is first asked for. */
  readonly #principals = new Map<string, Principal>();
  readonly #users = new LRUCache<string, Principal>({ max: REMEMBERED_USERS });

  constructor(file: AccessRules, tools: RulesTools) {
    this.#file = file;
    this.#tools = tools;
    this.#hook = file.hook ? new Hook(file.hook, tools) : null;
    this.#keys = new Map(file.keys.map((key) => [key.hash, key]));
    this.#shares = new Map(file.keys.flatMap(({ name, share }) => (share ? [[`key:${name}`, shareOf(share)]] : [])));
    const { read = [], scopes = [] } = file.anonymous ?? {};
    this.anonymous = this.#principal(
      { name: "anonymous", kind: "anonymous" },
      grantedTo({ read, scopes }, {}, []),
      null,
    );
    this.tokens = new Tokens({
      ...{ issuers: file.jwt, now: tools.now, log: tools.log },
      keysOf: ({ jwks }) => tools.keysOf(jwks),
      principalOf: (issuer, payload) => this.#ofToken(issuer, payload),
    });
  }

  /** Where the issuers keep their keys. */
  get keyPlaces(): readonly string[] {
    return this.#file.jwt.map(({ jwks }) => jwks);
  }

  /** Whose key it is; null: nobody's. */
  ofKey(text: string): Principal | null {
    const hash = keyHash(text);
    const known = this.#principals.get(hash);
    if (known) return known;
    const key = this.#keys.get(hash);
    if (!key) return null;
    const principal = this.#ofKey(key);
    this.#principals.set(hash, principal);
    return principal;
  }

  /** Who the headers of a trusted proxy say is there; null: nobody, or its word does not count. */
  ofProxy(headers: IncomingHttpHeaders): Principal | null {
    const { proxy } = this.#file;
    const user = proxy ? proxyUser(proxy, headers) : null;
    if (!proxy || !user) return null;
    const id = JSON.stringify(user);
    const known = this.#users.get(id);
    if (known) return known;
    const who: HookPrincipal = {
      ...{ name: principalName("user:", user.name), kind: "user" },
      claims: { sub: user.name, groups: user.groups },
    };
    const principal = this.#principal(
      who,
      grantedTo({ read: proxy.read, scopes: [] }, proxy.groups, user.groups),
      null,
    );
    this.#users.set(id, principal);
    return principal;
  }

  shareOf(name: string): Share | null {
    const share = this.#shares.get(name);
    if (share) return share;
    if (name.startsWith("user:")) return orNull(this.#file.proxy?.share);
    if (!name.startsWith("jwt:")) return null;
    const issuer = name.slice(name.lastIndexOf("@") + 1);
    return orNull(this.#file.jwt.find((one) => one.issuer === issuer)?.share);
  }

  close(): void {
    void this.#hook?.close();
  }

  #ofKey({ name, hash, read, scopes }: KeyRules): Principal {
    const who: HookPrincipal = { name: `key:${name}`, kind: "key" };
    return this.#principal(who, { read, scopes: new Set(scopes) }, grantOf(name, hash));
  }

  #ofToken(rules: IssuerRules, payload: JWTPayload): Principal {
    const granted = claimed(rules, payload);
    const sub = String(payload.sub);
    const name = principalName("jwt:", sub, `@${rules.issuer}`);
    if (granted.refused > 0)
      this.#tools.log(`The token of ${name} holds ${granted.refused} patterns that cannot be: they allow nothing.`);
    return this.#principal({ name, kind: "jwt", claims: { sub, groups: granted.groups } }, granted, null);
  }

  #principal(who: HookPrincipal, { read, scopes }: Granted, grant: string | null): Principal {
    return {
      ...{ name: who.name, anonymous: who.kind === "anonymous", scopes, grant, share: this.shareOf(who.name) },
      reader: readerOf(read, this.#hook?.askFor(who) ?? null),
    };
  }
}

function orNull(share: IssuerRules["share"]): Share | null {
  return share ? shareOf(share) : null;
}

/** Without what is not said. */
function shareOf({ workers, seconds }: NonNullable<IssuerRules["share"]>): Share {
  return { ...(workers === undefined ? {} : { workers }), ...(seconds === undefined ? {} : { seconds }) };
}
