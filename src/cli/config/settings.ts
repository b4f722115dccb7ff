import type { ColorMode } from "../../core/color-mode.ts";
import { ROLES, type Role } from "../../core/roles.ts";
import type { SigningKey } from "../../service/index.ts";

/** Every setting, once: flags, environment variables, the keys of .env and of the YAML file, and help are derived from this table. */

export const LOG_LEVELS = ["silent", "error", "warn", "info"] as const;

/** What a setting of each kind is once it is read. */
export interface KindValues {
  /** Absolute path. */
  readonly folder: string;
  readonly file: string;
  readonly host: string;
  readonly port: number;
  readonly bytes: number;
  readonly threads: number;
  readonly connections: number;
  /** Pixels. */
  readonly side: number;
  readonly url: string;
  readonly redis: string;
  /** One, or several with commas between. */
  readonly redisNodes: string;
  readonly prefix: string;
  readonly token: string;
  readonly keys: readonly SigningKey[];
  readonly hours: number;
  readonly switch: boolean;
  readonly level: (typeof LOG_LEVELS)[number];
  readonly role: Role;
  readonly color: ColorMode;
  /** Separated by commas where it is one text. */
  readonly list: readonly string[];
  readonly networks: readonly string[];
  readonly milliseconds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly duration: number;
  readonly deadline: number;
  readonly cost: number;
  readonly bucket: { readonly bucket: string; readonly prefix: string };
}

export interface SettingRow {
  /** Without dashes; also the key of the YAML file. */
  readonly flag: string;
  readonly env: string;
  readonly kind: keyof KindValues;
  /** As a user would write it; null: the setting can be absent. */
  readonly fallback: string | null;
  /** Stands in help for a default that depends on something. */
  readonly fallbackHelp?: string;
  readonly placeholder: string;
  readonly help: string;
}

/** Keys are the flags in camel case. */
export const SETTINGS = {
  data: {
    ...{ flag: "data", env: "BANDLOOM_DATA", kind: "folder", fallback: "data", placeholder: "FOLDER" },
    help: "folder of the images; an empty one is given the demo image",
  },
  catalogue: {
    ...{ flag: "catalogue", env: "BANDLOOM_CATALOGUE", kind: "file", fallback: null, placeholder: "FILE" },
    fallbackHelp: "catalogue.yaml in the data folder",
    help: "YAML file of remote images, channel sets, names and presets",
  },
  host: {
    ...{ flag: "host", env: "BANDLOOM_HOST", kind: "host", fallback: "127.0.0.1", placeholder: "ADDRESS" },
    help: "address to listen on; 0.0.0.0 for every interface",
  },
  port: {
    ...{ flag: "port", env: "BANDLOOM_PORT", kind: "port", fallback: "8080", placeholder: "NUMBER" },
    help: "port to listen on; 0 for any that is free",
  },
  role: {
    ...{ flag: "role", env: "BANDLOOM_ROLE", kind: "role", fallback: "all", placeholder: "ROLE" },
    help: `part in a cluster: ${ROLES.join(", ")}; api answers GraphQL, render makes tiles, files gives away originals, all is a server of its own`,
  },
  cache: {
    ...{ flag: "cache", env: "BANDLOOM_CACHE", kind: "folder", fallback: null, placeholder: "FOLDER" },
    fallbackHelp: ".bandloom in the data folder",
    help: "folder of the embedded tile cache",
  },
  cacheBytes: {
    ...{ flag: "cache-bytes", env: "BANDLOOM_CACHE_BYTES", kind: "bytes", fallback: "4GiB", placeholder: "SIZE" },
    help: "size of the embedded tile cache",
  },
  memoryBytes: {
    ...{ flag: "memory-bytes", env: "BANDLOOM_MEMORY_BYTES", kind: "bytes", fallback: "128MiB", placeholder: "SIZE" },
    help: "size of the tile cache in memory",
  },
  redisUrl: {
    ...{ flag: "redis-url", env: "REDIS_URL", kind: "redisNodes", fallback: null, placeholder: "URL" },
    help: "Redis that several servers share as their tile cache, in place of the embedded one",
  },
  redisCluster: {
    ...{ flag: "redis-cluster", env: "BANDLOOM_REDIS_CLUSTER", kind: "switch", fallback: "false", placeholder: "" },
    help: "take REDIS_URL for nodes of a Redis Cluster, commas between",
  },
  redisPrefix: {
    ...{ flag: "redis-prefix", env: "BANDLOOM_REDIS_PREFIX", kind: "prefix", fallback: "bandloom:" },
    placeholder: "TEXT",
    help: "begins every key and channel in Redis: one for each deployment that shares it",
  },
  redisTimeoutMs: {
    ...{ flag: "redis-timeout-ms", env: "BANDLOOM_REDIS_TIMEOUT_MS", kind: "milliseconds", fallback: "50" },
    placeholder: "NUMBER",
    help: "longest wait for an answer of the Redis of REDIS_URL, milliseconds: after it a tile is rendered",
  },
  flightWaitMs: {
    ...{ flag: "flight-wait-ms", env: "BANDLOOM_FLIGHT_WAIT_MS", kind: "milliseconds", fallback: "250" },
    placeholder: "NUMBER",
    help: "longest wait for a tile that another server of the same Redis renders, milliseconds",
  },
  stateRedisUrl: {
    ...{ flag: "state-redis-url", env: "BANDLOOM_STATE_REDIS_URL", kind: "redis", fallback: null, placeholder: "URL" },
    help: "Redis that several servers share for saved presets, jobs and purges (noeviction, AOF), in place of the embedded store",
  },
  tilesS3: {
    ...{ flag: "tiles-s3", env: "BANDLOOM_TILES_S3", kind: "bucket", fallback: null, placeholder: "ADDRESS" },
    fallbackHelp: "none",
    help: "s3://bucket/prefix for tiles that are to outlive Redis and this machine; asked after all other caches",
  },
  tilesS3FromMs: {
    ...{ flag: "tiles-s3-from-ms", env: "BANDLOOM_TILES_S3_FROM_MS", kind: "duration", fallback: "20" },
    placeholder: "NUMBER",
    help: "tiles that took less to render are not written to S3, milliseconds; 0: all are",
  },
  trustedProxies: {
    ...{ flag: "trusted-proxies", env: "BANDLOOM_TRUSTED_PROXIES", kind: "networks", fallback: null },
    placeholder: "LIST",
    fallbackHelp: "none",
    help: "addresses and networks of proxies whose X-Forwarded-For tells the client; clients are served in turn by address",
  },
  access: {
    ...{ flag: "access", env: "BANDLOOM_ACCESS", kind: "file", fallback: null, placeholder: "FILE" },
    fallbackHelp: "everybody sees everything",
    help: "YAML file of rules: who may see which images, by API key, token or proxy; read again when it changes",
  },
  adminToken: {
    ...{ flag: "admin-token", env: "BANDLOOM_ADMIN_TOKEN", kind: "token", fallback: null, placeholder: "TOKEN" },
    fallbackHelp: "the secret that is printed at the start",
    help: "what mutations must bring as Authorization: Bearer TOKEN",
  },
  signingKeys: {
    ...{ flag: "signing-keys", env: "BANDLOOM_SIGNING_KEYS", kind: "keys", fallback: null, placeholder: "LIST" },
    fallbackHelp: "addresses are not signed",
    help: "id:hex,id:hex: addresses of pictures need a signature with one of these keys; the first signs",
  },
  linkHours: {
    ...{ flag: "link-hours", env: "BANDLOOM_LINK_HOURS", kind: "hours", fallback: null, placeholder: "NUMBER" },
    fallbackHelp: "for ever",
    help: "how long signed addresses hold, whole hours",
  },
  workers: {
    ...{ flag: "workers", env: "BANDLOOM_WORKERS", kind: "threads", fallback: null, placeholder: "NUMBER" },
    fallbackHelp: "one for each core",
    help: "threads that render",
  },
  queueMs: {
    ...{ flag: "queue-ms", env: "BANDLOOM_QUEUE_MS", kind: "milliseconds", fallback: "500", placeholder: "NUMBER" },
    help: "work that would wait longer for a worker is refused at once (OVERLOADED), milliseconds",
  },
  deadlineMs: {
    ...{ flag: "deadline-ms", env: "BANDLOOM_DEADLINE_MS", kind: "deadline", fallback: "30000" },
    placeholder: "NUMBER",
    help: "what one picture or measure may take of a worker, milliseconds",
  },
  clientWorkers: {
    ...{ flag: "client-workers", env: "BANDLOOM_CLIENT_WORKERS", kind: "threads", fallback: null },
    placeholder: "NUMBER",
    fallbackHelp: "all but one",
    help: "workers that one client has at most while others wait",
  },
  clientSeconds: {
    ...{ flag: "client-seconds", env: "BANDLOOM_CLIENT_SECONDS", kind: "seconds", fallback: null },
    placeholder: "NUMBER",
    fallbackHelp: "no end",
    help: "seconds of a worker that one client may use in a minute (QUOTA_EXCEEDED)",
  },
  regionSide: {
    ...{ flag: "region-side", env: "BANDLOOM_REGION_SIDE", kind: "side", fallback: "4096", placeholder: "NUMBER" },
    help: "longest side of a region or thumbnail, pixels",
  },
  connections: {
    ...{ flag: "connections", env: "BANDLOOM_CONNECTIONS", kind: "connections", fallback: "8192" },
    placeholder: "NUMBER",
    help: "connections at a time; more are refused (OVERLOADED)",
  },
  clientConnections: {
    ...{ flag: "client-connections", env: "BANDLOOM_CLIENT_CONNECTIONS", kind: "connections", fallback: "2048" },
    placeholder: "NUMBER",
    help: "connections of one client at a time (QUOTA_EXCEEDED); those of trusted proxies are not counted",
  },
  streams: {
    ...{ flag: "streams", env: "BANDLOOM_STREAMS", kind: "connections", fallback: "1000", placeholder: "NUMBER" },
    help: "event streams and WebSockets at a time; one client has at most a quarter",
  },
  streamIdleMs: {
    ...{ flag: "stream-idle-ms", env: "BANDLOOM_STREAM_IDLE_MS", kind: "deadline", fallback: "60000" },
    placeholder: "NUMBER",
    help: "a WebSocket on which no operation runs for so long is closed, milliseconds",
  },
  renderUrl: {
    ...{ flag: "render-url", env: "BANDLOOM_RENDER_URL", kind: "url", fallback: null, placeholder: "URL" },
    fallbackHelp: "this process renders itself",
    help: "where the role api gets pictures and numbers that its answers hold: the proxy before the servers of the role render",
  },
  filesUrl: {
    ...{ flag: "files-url", env: "BANDLOOM_FILES_URL", kind: "url", fallback: null, placeholder: "URL" },
    fallbackHelp: "images are read from the data folder",
    help: "a server of the role files whose images are served, in place of those of the data folder",
  },
  serveFiles: {
    ...{ flag: "serve-files", env: "BANDLOOM_SERVE_FILES", kind: "switch", fallback: "false", placeholder: "" },
    help: "give away the files of the images at /files/, as the role files always does",
  },
  metricsPort: {
    ...{ flag: "metrics-port", env: "BANDLOOM_METRICS_PORT", kind: "port", fallback: null, placeholder: "NUMBER" },
    fallbackHelp: "off",
    help: "port of /metrics, for Prometheus; 0 for any that is free",
  },
  publicUrl: {
    ...{ flag: "public-url", env: "BANDLOOM_PUBLIC_URL", kind: "url", fallback: null, placeholder: "URL" },
    help: "base of the tile URLs in answers; without it they begin with /",
  },
  allowedSources: {
    ...{ flag: "allowed-sources", env: "BANDLOOM_ALLOWED_SOURCES", kind: "list", fallback: null, placeholder: "LIST" },
    fallbackHelp: "none",
    help: "where the catalogue may name remote images, commas between: host (https alone), *.host, https://host/prefix, s3://bucket/prefix; a private address is allowed as localhost, as its number, or with private+ before it",
  },
  sourceTimeoutMs: {
    ...{ flag: "source-timeout-ms", env: "BANDLOOM_SOURCE_TIMEOUT_MS", kind: "milliseconds", fallback: "10000" },
    placeholder: "NUMBER",
    help: "longest wait for bytes of a remote image, milliseconds",
  },
  chunkMinutes: {
    ...{ flag: "chunk-minutes", env: "BANDLOOM_CHUNK_MINUTES", kind: "minutes", fallback: "60" },
    placeholder: "NUMBER",
    help: "chunks of OME-Zarr behind a network, or too many to look at, are taken to be as they were for so long, minutes; 0: for ever",
  },
  remoteCacheBytes: {
    ...{ flag: "remote-cache-bytes", env: "BANDLOOM_REMOTE_CACHE_BYTES", kind: "bytes", fallback: "64MiB" },
    placeholder: "SIZE",
    help: "blocks of remote images kept in memory",
  },
  s3Endpoint: {
    ...{ flag: "s3-endpoint", env: "BANDLOOM_S3_ENDPOINT", kind: "url", fallback: null, placeholder: "URL" },
    fallbackHelp: "Amazon's",
    help: "S3 server to use; credentials and region come from the AWS environment or profile",
  },
  s3PathStyle: {
    ...{ flag: "s3-path-style", env: "BANDLOOM_S3_PATH_STYLE", kind: "switch", fallback: "false", placeholder: "" },
    help: "address buckets by path instead of by host name, as most servers other than Amazon's expect",
  },
  color: {
    ...{ flag: "color", env: "BANDLOOM_COLOR", kind: "color", fallback: "srgb", placeholder: "MODE" },
    help: "what pictures show that nobody gives a formula: srgb converts colors by their profile, stored passes the file's numbers through untouched",
  },
  introspection: {
    ...{ flag: "introspection", env: "BANDLOOM_INTROSPECTION", kind: "switch", fallback: "true", placeholder: "" },
    help: "let clients ask for the GraphQL schema",
  },
  queryCost: {
    ...{ flag: "query-cost", env: "BANDLOOM_QUERY_COST", kind: "cost", fallback: "8000", placeholder: "NUMBER" },
    help: "what one GraphQL operation may cost (LIMIT_EXCEEDED); a tile of 256² that is rendered for the answer is 20",
  },
  operationMs: {
    ...{ flag: "operation-ms", env: "BANDLOOM_OPERATION_MS", kind: "deadline", fallback: "60000" },
    placeholder: "NUMBER",
    help: "a GraphQL query or mutation that takes longer is ended (DEADLINE_EXCEEDED), milliseconds",
  },
  logLevel: {
    ...{ flag: "log-level", env: "BANDLOOM_LOG_LEVEL", kind: "level", fallback: "warn", placeholder: "LEVEL" },
    help: `what is logged to stderr: ${LOG_LEVELS.join(", ")}`,
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

export type SettingName = keyof typeof SETTINGS;

type Absent<Row extends SettingRow> = Row["fallback"] extends null ? null : never;

export type Settings = {
  readonly [Name in SettingName]: KindValues[(typeof SETTINGS)[Name]["kind"]] | Absent<(typeof SETTINGS)[Name]>;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

export function settingRow(name: SettingName): SettingRow {
  return SETTINGS[name];
}
