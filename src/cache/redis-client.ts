import { Cluster, Redis } from "ioredis";
import { BandloomError } from "../core/errors.ts";

/** Where a Redis is. */
export interface RedisPlace {
  /** `redis://` or `rediss://`, with `user:password@` where it asks for them; of a cluster some of its nodes, commas between. */
  readonly url: string;
  readonly cluster: boolean;
}

export type RedisClient = Redis | Cluster;

/** How long a command may take, and what becomes of one that cannot be sent. */
interface Bounds {
  readonly commandTimeout?: number;
  readonly maxRetriesPerRequest: number | null;
  readonly autoResendUnfulfilledCommands?: boolean;
}

const CONNECT_TIMEOUT_MS = 2_000;
const CARE_TIMEOUT_MS = 5_000;
const LONGEST_RECONNECT_MS = 2_000;
/** A command whose slot has moved is sent so often, so long after: a cluster that is without a node must not take longer than a render. */
const MAX_REDIRECTIONS = 3;
const RETRY_DELAY_MS = 10;

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, LONGEST_RECONNECT_MS);

/** For what may be missing: a command that is not answered within the time, or cannot be sent now, fails. */
export function hastyClient(place: RedisPlace, commandTimeout: number): RedisClient {
  return createClient(place, false, { commandTimeout, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
}

/** For an operator who looks inside: an answer may take a while, for ever it must not. */
export function careClient(place: RedisPlace): RedisClient {
  return createClient(place, true, { commandTimeout: CARE_TIMEOUT_MS, maxRetriesPerRequest: 1 });
}

/** For a subscription: it waits for a connection as long as that takes. One that listens can do nothing else. */
export function listeningClient(place: RedisPlace): RedisClient {
  return createClient(place, true, { maxRetriesPerRequest: null });
}

/** For what a person waits for: a short while without a connection is waited out. */
export function patientClient(url: string, commandTimeout: number): Redis {
  return new Redis(url, standalone({ commandTimeout, maxRetriesPerRequest: 1 }));
}

function createClient({ url, cluster }: RedisPlace, enableOfflineQueue: boolean, bounds: Bounds): RedisClient {
  const nodes = url.split(",").map((node) => new URL(node.trim()));
  const [first] = nodes;
  if (!cluster && nodes.length > 1)
    throw new BandloomError(
      "BAD_REQUEST",
      "REDIS_URL names several servers. Name one, or set BANDLOOM_REDIS_CLUSTER to true where they are nodes of a cluster.",
    );
  const client = cluster
    ? new Cluster(nodes.map(addressOf), {
        enableOfflineQueue,
        clusterRetryStrategy: retryStrategy,
        maxRedirections: MAX_REDIRECTIONS,
        retryDelayOnFailover: RETRY_DELAY_MS,
        retryDelayOnClusterDown: RETRY_DELAY_MS,
        retryDelayOnTryAgain: RETRY_DELAY_MS,
        slotsRefreshTimeout: connectTimeoutOf(bounds),
        redisOptions: { ...accountOf(first), ...bounded(bounds) },
      })
    : new Redis(url, { enableOfflineQueue, ...standalone(bounds) });
  // Without a listener ioredis writes each failed attempt to the console.
  client.on("error", () => {});
  return client;
}

function standalone(bounds: Bounds) {
  return { ...bounded(bounds), retryStrategy };
}

/** Who may wait for an answer for longer may wait for a connection as long. */
function connectTimeoutOf({ commandTimeout = 0 }: Bounds): number {
  return Math.max(CONNECT_TIMEOUT_MS, commandTimeout);
}

function bounded(bounds: Bounds) {
  // The older protocol: all that is needed, and every server speaks it.
  return {
    ...bounds,
    connectTimeout: connectTimeoutOf(bounds),
    maxLoadingRetryTime: LONGEST_RECONNECT_MS,
    protocol: 2,
  } as const;
}

function addressOf({ hostname, port }: URL) {
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 6379) };
}

/** What every node of a cluster is told: a cluster names its nodes by address alone. */
function accountOf(node: URL | undefined) {
  if (!node) return {};
  const { username, password, protocol } = node;
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}
