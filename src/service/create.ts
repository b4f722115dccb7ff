import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { createTileCache } from "../cache/index.ts";
import { createRenderer } from "../render/index.ts";
import { createRemote, type Location, type RemoteOptions } from "../source/index.ts";
import { createState } from "../state/index.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { fewImages } from "./catalogue/few.ts";
import type { ImageFiles } from "./catalogue/types.ts";
import { BoundFormulas } from "./formulas.ts";
import { CatalogueImages } from "./images.ts";
import { LIMITS } from "./limits.ts";
import { OPEN_LINKS, SignedLinks, type SigningOptions } from "./links.ts";
import { Measurements } from "./measurements.ts";
import { Presets } from "./presets.ts";
import { PipelineTiles } from "./tiles.ts";
import type { Services } from "./types.ts";

export interface ServiceEvent {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly error?: unknown;
}

export interface ServiceOptions extends PipelineOptions {
  /** Folder of the images; it must exist. */
  readonly dataFolder: string;
  /** YAML file of remote images, channel sets, names and presets; `catalogue.yaml` in the data folder when left out. */
  readonly catalogueFile?: string;
}

export interface PipelineOptions {
  /** Folder of the embedded store; null: tiles are kept in memory, or in Redis. */
  readonly cacheFolder: string | null;
  /** Size of the embedded store, bytes. */
  readonly cacheBytes: number;
  /** Tiles in memory, bytes. */
  readonly memoryBytes: number;
  /** Worker threads; default: one for each core. */
  readonly workers?: number;
  /** A cache that several servers share, in place of the embedded store. */
  readonly redisUrl?: string;
  /** Longest wait for a tile that another server renders, milliseconds. */
  readonly flightWaitMs?: number;
  /** A Redis that several servers share for what people save, in place of the embedded store. */
  readonly stateRedisUrl?: string;
  /** Base of absolute URLs. */
  readonly publicUrl?: string;
  /** Keys that addresses of pictures are signed with; without them every address is good. */
  readonly signing?: SigningOptions;
  /** Which images behind a network may be read, and how; without it none. */
  readonly remote?: RemoteOptions;
  onEvent(event: ServiceEvent): void;
}

/** The whole pipeline on a folder of images. Resolves when it can serve; `close` ends everything. */
export function createServices(options: ServiceOptions): Promise<Services> {
  const { dataFolder, catalogueFile, onEvent } = options;
  const report = (message: string) => onEvent({ level: "warn", message });
  const file = catalogueFile === undefined ? {} : { file: catalogueFile };
  return createPipeline(new Catalogue(dataFolder, { ...file, report }), options);
}

/** The whole pipeline for a few images, under keys of the caller's choice. Nothing outlives it. */
export function createImageServices(
  places: readonly (readonly [key: string, location: Location])[],
  remote: RemoteOptions,
): Promise<Services> {
  const nothing = { cacheFolder: null, cacheBytes: 0, memoryBytes: 0, onEvent: () => {} };
  return createPipeline(fewImages(places), { ...nothing, remote });
}

async function createPipeline(files: ImageFiles, options: PipelineOptions): Promise<Services> {
  const { onEvent, publicUrl, redisUrl } = options;
  const remote = createRemote(options.remote ?? { allowed: [] });
  const renderer = createRenderer({ remote, ...(options.workers === undefined ? {} : { workers: options.workers }) });
  const folder = writableFolder(options);
  const log = (message: string) => onEvent({ level: "warn", message });
  if (folder === null && options.cacheFolder !== null && redisUrl === undefined)
    log("The cache folder cannot be written: tiles are kept in memory only.");
  const saved = createState({ redisUrl: options.stateRedisUrl ?? null, folder, log });
  const cache = await createTileCache({
    memoryBytes: options.memoryBytes,
    redisUrl: redisUrl ?? null,
    ...(options.flightWaitMs === undefined ? {} : { flightWaitMs: options.flightWaitMs }),
    folder: redisUrl === undefined ? folder : null,
    embeddedBytes: options.cacheBytes,
    log,
  });
  const images = new CatalogueImages(files, renderer, remote);
  const formulas = new BoundFormulas(images, new Measurements(renderer));
  const links = options.signing ? new SignedLinks(options.signing) : OPEN_LINKS;
  const tiles = new PipelineTiles({ images, formulas, renderer, cache, publicUrl, links });
  let closed = false;
  // A first request would wait for what the workers load: a second on a slow machine.
  let state: string | null = "The workers are starting.";
  void renderer.ready.then(() => {
    if (!closed) state = null;
  });
  return {
    ...{ images, formulas, tiles, links, presets: new Presets(images, saved, log) },
    limits: LIMITS,
    stats: () => ({ version: VERSION, cache: cache.stats() }),
    readiness: () => state,
    async close() {
      closed = true;
      state = "The server is shutting down.";
      await renderer.close();
      await images.close();
      await remote.close();
      await cache.close();
      await saved.close();
    },
  };
}

/** The folder of the embedded stores; null: there is none that can be written. */
function writableFolder({ cacheFolder }: PipelineOptions): string | null {
  if (cacheFolder === null) return null;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    accessSync(cacheFolder, constants.W_OK);
    return cacheFolder;
  } catch {
    return null;
  }
}

/** package.json lies two folders above, in the sources and in what is built of them. */
const { version: VERSION } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};
