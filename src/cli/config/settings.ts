import { z } from "zod";

/** Sizes in bytes, as people write them: `512MiB`, `10GB`, `65536`. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KIB", 2 ** 10],
  ["MIB", 2 ** 20],
  ["GIB", 2 ** 30],
  ["TIB", 2 ** 40],
]);

const bytes = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const factor = UNITS.get(match?.[2]?.toUpperCase() ?? "?");
  if (match && factor !== undefined) return Math.floor(Number(match[1]) * factor);
  context.addIssue({ code: "custom", message: "a size such as 512MiB or 10GB" });
  return z.NEVER;
});

const whole = (least: number, most: number) =>
  z.string().transform((text, context) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    context.addIssue({ code: "custom", message: `a whole number from ${least} to ${most}` });
    return z.NEVER;
  });

const flag = z.string().transform((text, context) => {
  const lower = text.trim().toLowerCase();
  if (["true", "on", "yes", "1"].includes(lower)) return true;
  if (["false", "off", "no", "0"].includes(lower)) return false;
  context.addIssue({ code: "custom", message: "true or false" });
  return z.NEVER;
});

const text = (what: string) => z.string().refine((value) => value.trim() !== "", { error: what });

const url = (schemes: readonly string[]) =>
  z.string().refine((value) => schemes.includes(URL.canParse(value) ? new URL(value).protocol : ""), {
    error: `an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`,
  });

/** One setting: everything that flags, environment, YAML, help and checks know of it. */
interface Setting<Value> {
  /** Word of the flag and of the YAML key. */
  readonly name: string;
  readonly environment: string;
  readonly help: string;
  /** Placeholder in help. */
  readonly value: string;
  readonly schema: z.ZodType<Value, string>;
  /** Undefined: there is none. */
  readonly default: Value;
}

function setting<Value>(definition: Setting<Value>): Setting<Value> {
  return definition;
}

const optional = undefined as string | undefined;
const optionalNumber = undefined as number | undefined;

/** Every setting of the server. Flags go over environment, over `.env`, over YAML, over defaults. */
export const SETTINGS = {
  data: setting({
    name: "data",
    environment: "BANDLOOM_DATA",
    value: "folder",
    help: "folder of the images; made with a demo image when it is empty",
    schema: text("a folder"),
    default: "data",
  }),
  host: setting({
    name: "host",
    environment: "BANDLOOM_HOST",
    value: "address",
    help: "address to listen on; 0.0.0.0 for all",
    schema: text("an address"),
    default: "127.0.0.1",
  }),
  port: setting({
    name: "port",
    environment: "BANDLOOM_PORT",
    value: "number",
    help: "port to listen on",
    schema: whole(1, 65_535),
    default: 8080,
  }),
  cache: setting({
    name: "cache",
    environment: "BANDLOOM_CACHE",
    value: "folder",
    help: "folder of the embedded tile store (default: .bandloom in the data folder)",
    schema: text("a folder") as z.ZodType<string | undefined, string>,
    default: optional,
  }),
  cacheBytes: setting({
    name: "cache-bytes",
    environment: "BANDLOOM_CACHE_BYTES",
    value: "size",
    help: "size of the embedded tile store; the tiles that nobody asks for go first",
    schema: bytes,
    default: 10 * 2 ** 30,
  }),
  memoryBytes: setting({
    name: "memory-bytes",
    environment: "BANDLOOM_MEMORY_BYTES",
    value: "size",
    help: "tiles that are kept in memory",
    schema: bytes,
    default: 64 * 2 ** 20,
  }),
  workers: setting({
    name: "workers",
    environment: "BANDLOOM_WORKERS",
    value: "number",
    help: "render threads (default: one for each core)",
    schema: whole(1, 1024) as z.ZodType<number | undefined, string>,
    default: optionalNumber,
  }),
  publicUrl: setting({
    name: "public-url",
    environment: "BANDLOOM_PUBLIC_URL",
    value: "url",
    help: "base of absolute tile URLs; without it they begin with /",
    schema: url(["http:", "https:"]) as z.ZodType<string | undefined, string>,
    default: optional,
  }),
  redisUrl: setting({
    name: "redis-url",
    environment: "REDIS_URL",
    value: "url",
    help: "tile cache that several servers share, in place of the embedded store",
    schema: url(["redis:", "rediss:"]) as z.ZodType<string | undefined, string>,
    default: optional,
  }),
  introspection: setting({
    name: "introspection",
    environment: "BANDLOOM_INTROSPECTION",
    value: "boolean",
    help: "let clients ask for the GraphQL schema",
    schema: flag,
    default: true,
  }),
  logLevel: setting({
    name: "log-level",
    environment: "BANDLOOM_LOG_LEVEL",
    value: "level",
    help: "silent, error, warn or info; JSON lines on stderr",
    schema: z.enum(["silent", "error", "warn", "info"], { error: "silent, error, warn or info" }),
    default: "warn" as const,
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type Config = { readonly [Key in SettingKey]: (typeof SETTINGS)[Key]["default"] };
