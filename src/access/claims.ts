import type { JWTPayload } from "jose";
import { type Granted, grantedTo } from "./grants.ts";
import { patternProblem } from "./patterns.ts";
import type { IssuerRules } from "./schema.ts";
import type { Scope } from "./types.ts";

/** Of patterns and of groups in one token. */
const MOST = 1_000;
const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ["bandloom:original", "original"],
  ["bandloom:admin", "admin"],
]);

export interface Claimed extends Granted {
  readonly groups: readonly string[];
  /** Patterns that cannot be, and so allow nothing. */
  readonly refused: number;
}

/** What a verified token grants by the rules of its issuer. */
export function claimed(rules: IssuerRules, payload: JWTPayload): Claimed {
  const groups = texts(payload[rules.groupsClaim], /,\s*/);
  const scopes = texts(payload[rules.scopesClaim], / +/).flatMap((name) => SCOPES.get(name) ?? []);
  const patterns = rules.claim === undefined ? [] : texts(payload[rules.claim], /\s+/);
  const good = patterns.filter((pattern) => patternProblem(pattern) === null);
  return {
    ...grantedTo({ read: [...rules.read, ...good], scopes }, rules.groups, groups),
    ...{ groups, refused: patterns.length - good.length },
  };
}

/** A claim is a list of texts, or one text that stands for one. */
function texts(claim: unknown, between: RegExp): readonly string[] {
  const items: readonly unknown[] =
    typeof claim === "string" ? claim.split(between) : Array.isArray(claim) ? claim : [];
  return items.filter((item) => typeof item === "string" && item !== "").slice(0, MOST) as string[];
}
