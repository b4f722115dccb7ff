import { z } from "zod";
import { keys, number, refused, text } from "../source/channel-set/fields.ts";
import { patternProblem } from "./patterns.ts";
import type { Scope } from "./types.ts";

const MAX_PATTERNS = 1_000;
const MAX_KEYS = 10_000;
const MAX_GROUPS = 1_000;
const MAX_ISSUERS = 16;
const MAX_AUDIENCES = 16;
/** A thread for each worker is the most that there is. */
const MAX_WORKERS = 256;
/** A minute of as many workers. */
const MAX_SECONDS = 60 * MAX_WORKERS;
/** So that a subject fits beside it in a name. */
const MAX_ISSUER = 128;
const MAX_HOOK_MS = 30_000;
const HOOK_MS = 2_000;

export const SCOPES = ["read", "original", "admin"] as const satisfies readonly Scope[];

const pattern = z
  .string(refused("pattern of keys", "one in quotes, such as plates/**"))
  .trim()
  .superRefine((value, context) => {
    const message = patternProblem(value);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

const patternList = z
  .array(pattern, refused("list of patterns", 'one such as ["plates/**"]'))
  .max(MAX_PATTERNS, `has more than ${MAX_PATTERNS} patterns. Write wider ones.`);

const scopeList = scopesAmong(SCOPES);

function scopesAmong<const S extends Scope>(among: readonly S[]) {
  const write = `a list of ${among.join(", ")}`;
  return z.array(z.enum(among, refused("scope", `one of ${among.join(", ")}`)), refused("list of scopes", write));
}

function wholeNumber(what: string, most: number) {
  const message = `is no whole number from 1 to ${most}.`;
  return number(what, "a whole number")
    .refine(Number.isInteger, message)
    .refine((value) => value >= 1 && value <= most, message);
}

const share = keys("share", {
  workers: wholeNumber("number of workers", MAX_WORKERS).optional(),
  seconds: wholeNumber("number of seconds", MAX_SECONDS).optional(),
});

export const KEY_NAME = /^[\w.-]{1,64}$/;

const key = keys("key", {
  name: text("name", "a name such as lab-a").regex(
    KEY_NAME,
    "is no name of a key. Write up to 64 letters, digits, _ . -",
  ),
  // What stands there in its place may be the key itself: it is not repeated in a log.
  hash: z
    .string("is missing, or no text. Write what `bandloom key create` gives.")
    .trim()
    .toLowerCase()
    .regex(
      /^sha256:[0-9a-f]{64}$/,
      "is no hash of a key. Write sha256: and 64 hex digits, as `bandloom key create` does.",
    ),
  read: patternList,
  scopes: scopeList.default(["read"]),
  share: share.optional(),
});

/** A list is what a group may read; a map tells its scopes too. */
const group = z.preprocess(
  (value) => (Array.isArray(value) ? { read: value } : value),
  keys("group", { read: patternList.default([]), scopes: scopeList.default([]) }),
);

const groups = z
  .record(z.string(), group, refused("map of groups", "a group a line, such as staff: [plates/**]"))
  .refine((map) => Object.keys(map).length <= MAX_GROUPS, `has more than ${MAX_GROUPS} groups.`)
  .default({});

function httpUrl(what: string, example: string) {
  return text(what, example).refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username === "" && password === "";
  }, `is no http or https URL without credentials. Write one such as ${example}.`);
}

const claim = (fallback: string) => text("name of a claim", `one such as ${fallback}`).max(200, "is too long.");

const issuer = keys("issuer", {
  // The last @ of a name ends the subject.
  issuer: httpUrl("issuer", "https://login.example.org/")
    .max(MAX_ISSUER, `is longer than ${MAX_ISSUER} characters.`)
    .refine((value) => /^[\x21-\x3f\x41-\x7e]+$/.test(value), "holds a character that no issuer has."),
  audience: z
    .preprocess(
      (value) => (Array.isArray(value) ? value : [value]),
      z.array(text("audience", "what the tokens hold as aud")),
    )
    .refine((list) => list.length > 0 && list.length <= MAX_AUDIENCES, `needs 1 to ${MAX_AUDIENCES} texts.`),
  jwks: httpUrl("address of keys", "https://login.example.org/jwks.json"),
  claim: claim("bandloom_read").optional(),
  groupsClaim: claim("groups").default("groups"),
  groups,
  scopesClaim: claim("scope").default("scope"),
  read: patternList.default([]),
  share: share.optional(),
});

const header = (fallback: string) =>
  text("name of a header", `one such as ${fallback}`)
    .regex(/^[a-z0-9-]{1,64}$/i, "is no name of a header. Write letters, digits and -")
    .toLowerCase()
    .default(fallback.toLowerCase());

const proxy = keys("proxy", {
  userHeader: header("X-Forwarded-User"),
  groupsHeader: header("X-Forwarded-Groups"),
  read: patternList.default([]),
  groups,
  share: share.optional(),
});

const hook = keys("hook", {
  url: httpUrl("address", "http://127.0.0.1:9000/may"),
  timeoutMs: wholeNumber("time", MAX_HOOK_MS).default(HOOK_MS),
});

const anonymous = keys("part for anonymous", {
  read: patternList.default([]),
  // Whoever sends nothing changes nothing.
  scopes: scopesAmong(["read", "original"]).default(["read"]),
});

const listed = <T extends z.ZodType>(item: T, most: number, what: string) =>
  z.array(item, refused(`list of ${what}`, "each after a dash")).max(most, `has more than ${most} ${what}.`);

/** What a file of rules may say: `jwt` is one issuer, or a list of several. */
export function accessSchema(severalIssuers: boolean) {
  const jwt = severalIssuers ? listed(issuer, MAX_ISSUERS, "issuers") : issuer.transform((one) => [one]);
  return keys("file of rules", {
    anonymous: anonymous.optional(),
    keys: listed(key, MAX_KEYS, "keys")
      .superRefine(distinct("name", "is another key's name already. Choose one of its own."))
      .superRefine(distinct("hash", "is another key's hash already. Create a key for each name."))
      .default([]),
    jwt: jwt.superRefine(distinct("issuer", "is another entry's issuer already. Join the two.")).default([]),
    proxy: proxy.optional(),
    hook: hook.optional(),
  });
}

export type AccessRules = Readonly<z.output<ReturnType<typeof accessSchema>>>;
export type KeyRules = AccessRules["keys"][number];
export type IssuerRules = AccessRules["jwt"][number];
export type ProxyRules = NonNullable<AccessRules["proxy"]>;
export type HookRules = NonNullable<AccessRules["hook"]>;
export type GroupRules = IssuerRules["groups"];

/** The first of several entries that say the same. */
function distinct<Field extends string>(field: Field, message: string) {
  return (entries: readonly Readonly<Record<Field, string>>[], context: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [index, { [field]: value }] of entries.entries()) {
      if (seen.has(value)) context.addIssue({ code: "custom", path: [index, field], message });
      seen.add(value);
    }
  };
}
