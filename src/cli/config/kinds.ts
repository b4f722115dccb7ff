import ipaddr from "ipaddr.js";
import { z } from "zod";
import { COLOR_MODES } from "../../core/color-mode.ts";
import { ROLES } from "../../core/roles.ts";
import type { SigningKey } from "../../service/index.ts";
import { type KindValues, LOG_LEVELS } from "./settings.ts";

interface Kind<T> {
  /** From what stands in a flag, a variable or a file. */
  readonly schema: z.ZodType<T, string>;
  /** Completes "… is expected". */
  readonly expects: string;
  readonly example: string;
  /** The value may hold a password: messages never show it. */
  readonly secret?: boolean;
}

const MAX_PORT = 65_535;
/** Every thread takes memory of its own; more than this is a slip of the keyboard. */
const MAX_THREADS = 256;
/** 64 TiB: more than any disk holds, and what LMDB can map on every system. */
const MAX_BYTES = 2 ** 46;
/** A process may open about so many files, where the system lets it. */
const MAX_CONNECTIONS = 1_000_000;
/** Below the side of a thumbnail where none is asked for, pictures that nobody asked to be large would be refused. */
const MIN_SIDE = 1_024;
/** Four bytes a pixel, evaluated and encoded: half a gigabyte for one picture. */
const MAX_SIDE = 8_192;
/** Of one connection that hangs; more is no timeout. */
const MAX_MILLISECONDS = 600_000;
/** A minute of as many workers as there may be. */
const MAX_SECONDS = 60 * MAX_THREADS;
/** Less, and nothing that reads a file is answered. */
const MIN_DEADLINE = 100;
/** Less, and tools cannot ask for the schema. */
const MIN_COST = 1_000;
/** 50,000 tiles in one answer, which no client can read. */
const MAX_COST = 1_000_000;
const MAX_LIST = 1000;
const MAX_KEYS = 16;
/** Ten years. */
const MAX_HOURS = 87_600;
const MAX_MINUTES = 60 * MAX_HOURS;
const KEY = /^[\w-]{1,64}:(?:[0-9a-f]{2}){16,128}$/i;
/** Names of buckets as Amazon has them; of keys, the characters that need no care. */
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w!.*'()-]+)*)\/?$/;
const UNITS: Readonly<Record<string, number>> = {
  ...{ "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};
const SIZE = /^(\d{1,16}(?:\.\d{1,6})?)\s*([a-z]{0,3})$/i;

const redisUrl = z.url({ protocol: /^rediss?$/ });
const wholeNumber = z.string().regex(/^\d{1,16}$/);

export const KINDS: { readonly [Name in keyof KindValues]: Kind<KindValues[Name]> } = {
  folder: { schema: z.string().refine((text) => !text.includes("\0")), expects: "a folder", example: "/srv/images" },
  file: { schema: z.string().refine((text) => !text.includes("\0")), expects: "a file", example: "/srv/images.yaml" },
  list: {
    schema: z
      .string()
      .transform((text) => text.split(",").map((item) => item.trim()))
      .pipe(z.array(z.string().min(1)).max(MAX_LIST)),
    expects: "values with commas between them",
    example: "https://images.example.org/open,s3://scans",
  },
  networks: {
    schema: z
      .string()
      .transform((text) => text.split(",").map((item) => item.trim()))
      .pipe(z.array(z.string().refine((item) => ipaddr.isValid(item) || ipaddr.isValidCIDR(item))).max(MAX_LIST)),
    expects: "IP addresses or networks (CIDR) with commas between them",
    example: "10.0.0.0/8,fd00::/8",
  },
  milliseconds: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(1).max(MAX_MILLISECONDS)),
    expects: `a whole number from 1 to ${MAX_MILLISECONDS}`,
    example: "10000",
  },
  seconds: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(1).max(MAX_SECONDS)),
    expects: `a whole number from 1 to ${MAX_SECONDS}`,
    example: "60",
  },
  minutes: {
    schema: wholeNumber.transform(Number).pipe(z.number().max(MAX_MINUTES)),
    expects: `a whole number from 0 to ${MAX_MINUTES}`,
    example: "60",
  },
  duration: {
    schema: wholeNumber.transform(Number).pipe(z.number().max(MAX_MILLISECONDS)),
    expects: `a whole number from 0 to ${MAX_MILLISECONDS}`,
    example: "20",
  },
  deadline: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(MIN_DEADLINE).max(MAX_MILLISECONDS)),
    expects: `a whole number from ${MIN_DEADLINE} to ${MAX_MILLISECONDS}`,
    example: "60000",
  },
  cost: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(MIN_COST).max(MAX_COST)),
    expects: `a whole number from ${MIN_COST} to ${MAX_COST}`,
    example: "8000",
  },
  bucket: {
    schema: z.string().regex(BUCKET).transform(bucketOf),
    expects: "s3://bucket/prefix, the prefix of letters, digits and !-_.*'()/",
    example: "s3://tiles/bandloom",
  },
  host: {
    schema: z.string().regex(/^[\p{L}\p{N}_.:%-]{1,253}$/u),
    expects: "a host name or an IP address",
    example: "127.0.0.1",
  },
  port: {
    schema: wholeNumber.transform(Number).pipe(z.number().max(MAX_PORT)),
    expects: `a whole number from 0 to ${MAX_PORT}`,
    example: "8080",
  },
  bytes: {
    schema: z.string().regex(SIZE).transform(bytesOf).pipe(z.number().max(MAX_BYTES)),
    expects: "a number of bytes, or one of KiB, MiB, GiB, TiB, up to 64TiB",
    example: "512MiB",
  },
  connections: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(1).max(MAX_CONNECTIONS)),
    expects: `a whole number from 1 to ${MAX_CONNECTIONS}`,
    example: "1000",
  },
  side: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(MIN_SIDE).max(MAX_SIDE)),
    expects: `a whole number of pixels from ${MIN_SIDE} to ${MAX_SIDE}`,
    example: "4096",
  },
  threads: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(1).max(MAX_THREADS)),
    expects: `a whole number from 1 to ${MAX_THREADS}`,
    example: "4",
  },
  url: {
    schema: z.string().refine(isBaseUrl),
    expects: "an http or https URL without query, fragment and credentials",
    example: "https://tiles.example.org",
  },
  redis: {
    schema: redisUrl,
    expects: "a redis:// or rediss:// URL",
    example: "redis://127.0.0.1:6379",
    secret: true,
  },
  redisNodes: {
    schema: z.string().refine((text) => text.split(",").every((node) => redisUrl.safeParse(node.trim()).success)),
    expects: "a redis:// or rediss:// URL, or those of several nodes with commas between them",
    example: "redis://127.0.0.1:6379",
    secret: true,
  },
  // A brace would be taken for the tag that decides a key's slot, the others for a pattern.
  prefix: {
    schema: z.string().regex(/^[\w.:/-]{1,64}$/),
    expects: "1 to 64 letters, digits and _ . : / -",
    example: "bandloom:",
  },
  token: {
    schema: z
      .string()
      .min(16)
      .max(512)
      .regex(/^[\x21-\x7e]+$/),
    expects: "at least 16 characters without spaces, such as `openssl rand -hex 32` gives",
    example: "6d0f…",
    secret: true,
  },
  keys: {
    schema: z
      .string()
      .transform((text) => text.split(",").map((item) => item.trim()))
      .pipe(z.array(z.string().regex(KEY)).min(1).max(MAX_KEYS))
      .transform((items) => items.map(signingKey))
      .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length),
    expects: "id:hex with commas between them, each hex at least 32 digits, such as `openssl rand -hex 32` gives",
    example: "2026a:6d0f…",
    secret: true,
  },
  hours: {
    schema: wholeNumber.transform(Number).pipe(z.number().min(1).max(MAX_HOURS)),
    expects: `a whole number from 1 to ${MAX_HOURS}`,
    example: "24",
  },
  switch: { schema: z.stringbool(), expects: "true or false", example: "false" },
  role: { schema: z.enum(ROLES), expects: `one of ${ROLES.join(", ")}`, example: "render" },
  color: { schema: z.enum(COLOR_MODES), expects: `one of ${COLOR_MODES.join(", ")}`, example: "stored" },
  level: { schema: z.enum(LOG_LEVELS), expects: `one of ${LOG_LEVELS.join(", ")}`, example: "info" },
};

function signingKey(text: string): SigningKey {
  const [id = "", hex = ""] = text.split(":");
  return { id, secret: Buffer.from(hex, "hex") };
}

function bucketOf(text: string): KindValues["bucket"] {
  const [, bucket = "", path = ""] = BUCKET.exec(text) ?? [];
  return { bucket, prefix: path.slice(1) };
}

/** NaN for a unit that there is not. */
function bytesOf(text: string): number {
  const [, number = "", unit = ""] = SIZE.exec(text) ?? [];
  return Math.floor(Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && search + hash + username + password === "" && !/[?#]/.test(text);
}
