import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { openAccess, Revocations } from "../access/index.ts";
import type { Access } from "../access/types.ts";
import { createTileCache, DEFAULT_REDIS_PREFIX, type S3TilesOptions } from "../cache/index.ts";
import type { ColorMode } from "../core/color-mode.ts";
import { BandloomError } from "../core/errors.ts";
import { createRenderer, DEFAULT_QUEUE_MS, type RendererOptions } from "../render/index.ts";
import { createRemote, type Location, type Remote, type RemoteOptions } from "../source/index.ts";
import { createState, type StateStore } from "../state/index.ts";
import { fewImages } from "./catalogue/few.ts";
import { RenderNode } from "./far/render-node.ts";
import { BoundFormulas } from "./formulas.ts";
import { Generations } from "./generations.ts";
import { type Held, type HeldOptions, heldImages } from "./held-images.ts";
import { CatalogueImages, type ImagesOptions } from "./images.ts";
import { createJobs, type JobsWorked } from "./jobs/create.ts";
import type { JobTimes } from "./jobs/times.ts";
import { LIMITS } from "./limits.ts";
import { linksOf, type SigningOptions } from "./links.ts";
import { Measurements } from "./measurements.ts";
import { Presets } from "./presets.ts";
import { ownSigning } from "./signing-keys.ts";
import { PipelineTiles } from "./tiles.ts";
import { Turns } from "./turns.ts";
import type { Limits } from "./types/limits.ts";
import type { Services } from "./types/services.ts";
import { Views, type Whole } from "./visible/views.ts";

/** With rules of access a link always ends: after this and what is left of the hour. */
const DEFAULT_LINK_HOURS = 1;

const PATIENT_MS = 600_000;

export interface ServiceEvent {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly error?: unknown;
}

export interface ServiceOptions extends HeldOptions, PipelineOptions {}

export interface PipelineOptions extends Pick<HeldOptions, "role" | "signing">, ImagesOptions {
  /** Where pictures are made and numbers measured, in place of the workers of this process. */
  readonly renderUrl?: string;
  /** Folder of the embedded store; null: tiles are kept in memory, or in Redis. */
  readonly cacheFolder: string | null;
  /** Size of the embedded store, bytes. */
  readonly cacheBytes: number;
  /** Tiles in memory, bytes. */
  readonly memoryBytes: number;
  /** Worker threads; default: one for each core. */
  readonly workers?: number;
  /** How workers are shared; what is left out has the renderer's default. */
  readonly sharing?: Pick<RendererOptions, "queueMs" | "deadlineMs" | "clientWorkers" | "clientSeconds">;
  /** What pictures show that nobody gives a formula; `srgb` when left out. */
  readonly color?: ColorMode;
  /** Who may see what; left out: everybody everything, and nobody may change anything. */
  readonly access?: Access;
  /** In place of what a server grants otherwise. */
  readonly limits?: Partial<Limits>;
  /** How long links hold where no keys were set, whole hours; 1 when left out. */
  readonly linkHours?: number;
  /** A cache that several servers share, in place of the embedded store. */
  readonly redisUrl?: string;
  /** `redisUrl` names nodes of a Redis Cluster, commas between. */
  readonly redisCluster?: boolean;
  /** Begins every key and channel in a Redis; `bandloom:` when left out. */
  readonly redisPrefix?: string;
  /** Longest wait for an answer of that Redis, milliseconds; 50 when left out. */
  readonly redisTimeoutMs?: number;
  /** Longest wait for a tile that another server renders, milliseconds. */
  readonly flightWaitMs?: number;
  /** A bucket for tiles that are to outlive all servers and Redis; its S3 server is that of `remote`. */
  readonly tilesInS3?: Omit<S3TilesOptions, "server">;
  /** A Redis that several servers share for what people save, in place of the embedded store. */
  readonly stateRedisUrl?: string;
  /** Longest wait for an answer of that one, milliseconds; 2000 when left out. */
  readonly stateRedisTimeoutMs?: number;
  /**
   * Work on jobs. False: other processes do that share their store. Left out: those do that render; where they could not learn of a job
   * (several roles without `stateRedisUrl`), none is begun.
   */
  readonly runJobs?: boolean;
  /** Waits of jobs; those that are left out are the usual ones. */
  readonly jobTimes?: Partial<JobTimes>;
  /** Base of absolute URLs. */
  readonly publicUrl?: string;
  onEvent(event: ServiceEvent): void;
}

/** The whole pipeline on a folder of images. Resolves when it can serve; `close` ends everything. */
export function createServices(options: ServiceOptions): Promise<Services> {
  const { remote, open } = heldImages(options, (message) => options.onEvent({ level: "warn", message }));
  return createPipeline(open, { ...options, remote });
}

/** The whole pipeline for a few images, under keys of the caller's choice. Nothing outlives it. */
export function createImageServices(
  places: readonly (readonly [key: string, location: Location])[],
  remote: RemoteOptions,
): Promise<Services> {
  const nothing = { cacheFolder: null, cacheBytes: 0, memoryBytes: 0, onEvent: () => {} };
  // One caller alone, who would rather wait.
  const sharing = { queueMs: PATIENT_MS };
  return createPipeline(() => ({ files: fewImages(places), originals: null }), { ...nothing, remote, sharing });
}

async function createPipeline(
  open: (remote: Remote) => Held,
  options: PipelineOptions & { readonly remote: RemoteOptions },
): Promise<Services> {
  const { onEvent, publicUrl, redisUrl, role = "all" } = options;
  const remote = createRemote(options.remote);
  const { files, originals } = open(remote);
  const workers = options.workers === undefined ? {} : { workers: options.workers };
  const onQuarantine = (message: string) => onEvent({ level: "warn", message });
  const log = (message: string) => onEvent({ level: "warn", message });
  const access = options.access ?? openAccess({ adminToken: null, startSecret: null, log });
  const shares = access.configured ? { shareOf: (client: string) => access.shareOf(client) } : {};
  const renderer = createRenderer({ ...shares, remote, ...workers, ...options.sharing, onQuarantine });
  const folder = ownFolder(options);
  if (folder === null && options.cacheFolder !== null && redisUrl === undefined && role === "all")
    log("The cache folder cannot be made: tiles are kept in memory only.");
  const prefix = options.redisPrefix === undefined ? {} : { redisPrefix: options.redisPrefix };
  // Tiles are kept as soon as the folder can be written; what people save is promised to last, or not at all.
  const lasting = folder !== null && isWritable(folder) ? folder : null;
  const saved = createState({
    redisUrl: options.stateRedisUrl ?? null,
    ...prefix,
    ...(options.stateRedisTimeoutMs === undefined ? {} : { redisTimeoutMs: options.stateRedisTimeoutMs }),
    ...{ folder: lasting, log },
  });
  // Several servers must all see a purge.
  const shared = options.stateRedisUrl !== undefined || (redisUrl === undefined && role === "all");
  const purges = await Generations.open(shared ? saved : null, log);
  const cache = await createTileCache({
    memoryBytes: options.memoryBytes,
    redisUrl: redisUrl ?? null,
    redisCluster: options.redisCluster ?? false,
    ...prefix,
    ...(options.redisTimeoutMs === undefined ? {} : { redisTimeoutMs: options.redisTimeoutMs }),
    ...(options.flightWaitMs === undefined ? {} : { flightWaitMs: options.flightWaitMs }),
    // Of several processes none is the one whose disk is asked: they share a Redis, or keep what memory holds.
    folder: redisUrl === undefined && role === "all" ? folder : null,
    embeddedBytes: options.cacheBytes,
    sealing: options.signing?.keys,
    // Whoever asks a render node for pictures would look for them in the bucket twice.
    ...(options.tilesInS3 && options.renderUrl === undefined
      ? { s3: { ...options.tilesInS3, server: options.remote.s3 ?? {} } }
      : {}),
    log,
  });
  const images = new CatalogueImages(files, renderer, remote, purges, { ...options, onWarning: log });
  const turns = new Turns();
  const formulas = new BoundFormulas(images, new Measurements(renderer, turns), purges, turns, options.color);
  const revocations = await Revocations.open(shared ? saved : null, log);
  // With rules, links are what carries the right to a picture.
  const signing = access.configured ? await signingWithRules(options, saved, log) : options.signing;
  const links = linksOf(signing, revocations);
  const renderNode = options.renderUrl === undefined ? null : new RenderNode(options.renderUrl);
  const tiles = PipelineTiles.create({ images, formulas, renderer, cache, publicUrl, links, renderNode, turns });
  const jobs = createJobs({
    redisUrl: options.stateRedisUrl ?? null,
    redisPrefix: options.redisPrefix ?? DEFAULT_REDIS_PREFIX,
    ...{ state: saved, images, formulas, tiles, log },
    worked: jobsWorked(options),
    ...(options.jobTimes === undefined ? {} : { times: options.jobTimes }),
  });
  let closed = false;
  // A first request would wait for what the workers load: a second on a slow machine.
  let state: string | null = "The workers are starting.";
  void renderer.ready.then(() => {
    if (!closed) state = null;
  });
  const views = new Views();
  const whole: Whole = {
    as: (viewer) => views.of(whole, viewer),
    ...{ access, images, formulas, tiles, jobs, links, originals },
    ...{ presets: new Presets(images, saved, turns, log), purges, texts: cache.texts },
    limits: { ...LIMITS, ...options.limits },
    stats: () => ({
      ...{ version: VERSION, cache: cache.stats(), pictures: tiles.outcomes() },
      ...{ renderer: renderer.metrics(), remote: remote.metrics() },
    }),
    queueMs: options.sharing?.queueMs ?? DEFAULT_QUEUE_MS,
    refusal: (client) => (renderNode ? null : renderer.refusal(client)),
    readiness: () => state ?? files.lacks(),
    async close() {
      closed = true;
      state = "The server is shutting down.";
      await jobs.close();
      await renderer.close();
      await renderNode?.close();
      await images.close();
      await remote.close();
      await cache.close();
      purges.close();
      revocations.close();
      access.close();
      await saved.close();
    },
  };
  return whole;
}

/** The keys that were set; else, on a server of its own, keys that it makes. Throws BAD_REQUEST where several servers would each make their own. */
async function signingWithRules(
  { signing, linkHours, role = "all", redisUrl, stateRedisUrl }: PipelineOptions,
  state: StateStore,
  log: (line: string) => void,
): Promise<SigningOptions> {
  if (signing) return { keys: signing.keys, hours: signing.hours ?? DEFAULT_LINK_HOURS };
  if (role === "all" && redisUrl === undefined && stateRedisUrl === undefined)
    return ownSigning(state, linkHours ?? DEFAULT_LINK_HOURS, log);
  throw new BandloomError(
    "BAD_REQUEST",
    "With BANDLOOM_ACCESS links are signed, and several servers must know one another's: set the same BANDLOOM_SIGNING_KEYS on all of them.",
  );
}

/** Without a Redis that servers share, jobs are for a server that does everything: those of other roles learn of none, as they do of purges. */
function jobsWorked({ role = "all", renderUrl, stateRedisUrl, runJobs }: PipelineOptions): JobsWorked {
  if (runJobs !== undefined) return runJobs ? "here" : "elsewhere";
  const renders = (role === "all" || role === "render") && renderUrl === undefined;
  if (stateRedisUrl === undefined) return renders && role === "all" ? "here" : "nowhere";
  return renders ? "here" : "elsewhere";
}

/** The folder of the embedded stores; null: there is none, and none can be made. */
function ownFolder({ cacheFolder }: PipelineOptions): string | null {
  if (cacheFolder === null) return null;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    return cacheFolder;
  } catch {
    return null;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** package.json lies two folders above, in the sources and in what is built of them. */
const { version: VERSION } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};
