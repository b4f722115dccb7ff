import { LRUCache } from "lru-cache";
import type { TileCache } from "../cache/index.ts";
import { levelSize, type Region, type Size, tileRegion } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import type { Encoding, Priority, RawChunk, Renderer } from "../render/index.ts";
import { isSourceChanged } from "../source/index.ts";
import { CurrentFormulas } from "./current-formulas.ts";
import { farPictures, pathOrNull } from "./far/fetched-batch.ts";
import { readProbe, readStatistics } from "./far/measures.ts";
import type { RenderNode } from "./far/render-node.ts";
import type { BoundFormulas } from "./formulas.ts";
import type { CatalogueImages } from "./images.ts";
import type { WantedPicture } from "./picture-batch.ts";
import { PictureKernels } from "./picture-kernels.ts";
import { probe } from "./probe.ts";
import { regionSize, regionTask } from "./regions.ts";
import { ownPictures } from "./render-batch.ts";
import { RenderedOnce } from "./rendered-once.ts";
import { statistics } from "./statistics.ts";
import { TileNames } from "./tile-names.ts";
import type { Turns } from "./turns.ts";
import type { ValidFormula } from "./types/formula.ts";
import type { Links } from "./types/links.ts";
import type { ProbeRequest, ServedProbe, ServedStatistics, StatisticsRequest } from "./types/measure.ts";
import type {
  CacheOutcome,
  ChunkRequest,
  RegionRequest,
  ServedRegion,
  ServedTile,
  TileRequest,
  TileService,
} from "./types/tile.ts";

/** Answers that are kept: a histogram of 256 bins is a few kilobytes. */
const MAX_STATISTICS = 500;

interface TilesOptions {
  readonly images: CatalogueImages;
  readonly formulas: BoundFormulas;
  readonly renderer: Renderer;
  readonly cache: TileCache;
  readonly publicUrl: string | undefined;
  readonly links: Links;
  /** Where pictures are made and numbers measured; null: by the workers of this process. */
  readonly renderNode: RenderNode | null;
  readonly turns: Turns;
}

/** What all who ask share, whatever links they are given. */
interface Joined extends Pick<TilesOptions, "images" | "renderer" | "cache" | "publicUrl" | "renderNode"> {
  /** From the root, for other processes. */
  readonly paths: TileNames;
  readonly kernels: PictureKernels;
  readonly pictures: RenderedOnce;
  readonly current: CurrentFormulas;
  readonly statistics: LRUCache<string, ServedStatistics>;
  readonly measuring: SingleFlight<ServedStatistics>;
}

function join({ formulas, links, turns, ...options }: TilesOptions): Joined {
  const { images, renderer, cache, renderNode } = options;
  const kernels = new PictureKernels(turns);
  const own = ownPictures(renderer, kernels);
  return {
    ...options,
    kernels,
    paths: new TileNames(undefined, links),
    pictures: new RenderedOnce(renderNode ? farPictures(renderNode, own) : own, cache),
    current: new CurrentFormulas(images, formulas),
    statistics: new LRUCache({ max: MAX_STATISTICS }),
    measuring: new SingleFlight(),
  };
}

/** Key → cache → render → cache: where the pipeline is joined. */
export class PipelineTiles implements TileService {
  readonly #joined: Joined;
  readonly #names: TileNames;

  private constructor(joined: Joined, names: TileNames) {
    this.#joined = joined;
    this.#names = names;
  }

  static create(options: TilesOptions): PipelineTiles {
    return new PipelineTiles(join(options), new TileNames(options.publicUrl, options.links));
  }

  /** The same tiles, for somebody who is given other links. */
  linkedBy(links: Links): TileService {
    return new PipelineTiles(this.#joined, new TileNames(this.#joined.publicUrl, links));
  }

  tileKey(request: TileRequest): string {
    return this.#names.tileKey(request);
  }

  tileUrl(request: TileRequest): string {
    return this.#names.tileUrl(request);
  }

  urlTemplate(formula: ValidFormula, tileSize: number, encoding: Encoding): string {
    return this.#names.urlTemplate({ formula, tileSize, encoding, pad: true });
  }

  tileJsonUrl(formula: ValidFormula, tileSize: number, encoding: Encoding): string {
    return this.#names.tileJsonUrl({ formula, tileSize, encoding });
  }

  size(request: TileRequest): Size {
    const { tileSize } = request;
    if (request.pad) return { width: tileSize, height: tileSize };
    const { width, height } = regionOfTile(request);
    return { width, height };
  }

  peek(key: string): ServedTile | null {
    const tile = this.#joined.pictures.peek(key);
    if (tile) this.#joined.pictures.outcomes.MEMORY++;
    return tile;
  }

  outcomes(): Readonly<Record<CacheOutcome, number>> {
    return this.#joined.pictures.outcomes;
  }

  async tile(request: TileRequest, signal?: AbortSignal): Promise<ServedTile> {
    const [tile] = await this.tiles([request], signal);
    if (tile === undefined || tile instanceof Error) throw tile ?? new Error("A tile has no answer.");
    return tile;
  }

  async tiles(requests: readonly TileRequest[], signal?: AbortSignal): Promise<readonly (ServedTile | Error)[]> {
    const wanted = requests.map((request) => this.#wantedTile(request));
    const served = await this.#joined.pictures.serve(wanted, signal, priorityOf(requests));
    return served.some(isSourceChanged) ? this.#serveAgain(requests, served, signal) : served;
  }

  async tilesAhead(requests: readonly TileRequest[], signal?: AbortSignal): Promise<readonly (ServedTile | Error)[]> {
    const wanted = requests.map((request) => this.#wantedTile(request));
    const served = await this.#joined.pictures.serveAhead(wanted, signal);
    // Whoever asks next looks at the file again.
    if (served.some(isSourceChanged))
      for (const formula of new Set(requests.map((request) => request.formula)))
        for (const { key } of [formula.image, ...formula.others]) this.#joined.images.recheck(key);
    return served;
  }

  async settled(): Promise<void> {
    await this.#joined.cache.flush();
  }

  regionSize(request: RegionRequest): Size {
    return regionSize(request);
  }

  regionUrl(request: RegionRequest): string {
    // One that would be refused is not given away.
    regionSize(request);
    return this.#names.regionUrl(request);
  }

  regionKey(request: RegionRequest): string {
    return this.#names.regionKey(request);
  }

  region(request: RegionRequest, signal?: AbortSignal): Promise<ServedRegion> {
    const render = async (formula: ValidFormula): Promise<ServedRegion> => {
      const wanted = { ...request, formula };
      const names = { key: this.#names.regionKey(wanted), path: () => this.#joined.paths.regionUrl(wanted) };
      const picture = { ...names, formula, task: regionTask(wanted), padded: false };
      const [served] = await this.#joined.pictures.serve([picture], signal, "bulk");
      if (served === undefined || served instanceof Error) throw served ?? new Error("A region has no answer.");
      const { bytes, key } = served;
      return { bytes, ...regionSize(wanted), key, version: formula.version };
    };
    return this.#joined.current.retry(request.formula, render, signal);
  }

  async chunk({ image, channel, storedLevel, z, t, x, y }: ChunkRequest, signal?: AbortSignal): Promise<RawChunk> {
    const { source, info } = image;
    try {
      return await this.#joined.renderer.chunk({ source, info, channel, level: storedLevel, z, t, x, y }, signal);
    } catch (error) {
      // The new file may be cut otherwise: whoever asked must look at it first.
      if (isSourceChanged(error)) this.#joined.images.recheck(image.key);
      throw error;
    }
  }

  statistics(request: StatisticsRequest, signal?: AbortSignal): Promise<ServedStatistics> {
    const { level, region, bins, percentiles } = request;
    const compute = (formula: ValidFormula): Promise<ServedStatistics> => {
      const key = JSON.stringify([formula.version, formula.formula.hash, level, region, bins, percentiles]);
      const known = this.#joined.statistics.get(key);
      if (known) return Promise.resolve(known);
      const work = async (shared: AbortSignal) => {
        const wanted = { ...request, formula };
        const far = await this.#ask(() => this.#joined.paths.statisticsUrl(wanted), formula, readStatistics, shared);
        const result = far ?? (await statistics(this.#joined.renderer, this.#joined.kernels, wanted, shared));
        this.#joined.statistics.set(key, result);
        return result;
      };
      return this.#joined.measuring.run(key, work, signal);
    };
    return this.#joined.current.retry(request.formula, compute, signal);
  }

  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ServedProbe> {
    const look = async (formula: ValidFormula): Promise<ServedProbe> => {
      const wanted = { ...request, formula };
      const far = await this.#ask(() => this.#joined.paths.probeUrl(wanted), formula, readProbe, signal);
      if (far) return far;
      const points = await probe(this.#joined.renderer, this.#joined.kernels, wanted, signal);
      return { version: formula.version, points };
    };
    return this.#joined.current.retry(request.formula, look, signal);
  }

  /** What another process measures; null where this one is to do it, or the other looked at another version. */
  async #ask<Measured extends { readonly version: string }>(
    path: () => string,
    { version }: ValidFormula,
    read: (document: unknown) => Measured,
    signal: AbortSignal | undefined,
  ): Promise<Measured | null> {
    const target = this.#joined.renderNode && pathOrNull(path);
    if (this.#joined.renderNode === null || target === null) return null;
    const measured = read(await this.#joined.renderNode.document(target, signal));
    return measured.version === version ? measured : null;
  }

  #wantedTile(request: TileRequest): WantedPicture {
    const { formula, level, tileSize, pad, encoding } = request;
    const region = regionOfTile(request);
    const padded = pad && (region.width < tileSize || region.height < tileSize);
    const canvas = padded ? { width: tileSize, height: tileSize } : null;
    return {
      key: this.#names.tileKey(request),
      path: () => this.#joined.paths.tileUrl(request),
      formula,
      task: { level, region, pad: canvas, resize: null, encoding },
      padded,
    };
  }

  /** Once more, together, what failed because its file changed under it. */
  async #serveAgain(
    requests: readonly TileRequest[],
    served: readonly (ServedTile | Error)[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (ServedTile | Error)[]> {
    const failed = requests.flatMap((request, index) => (isSourceChanged(served[index]) ? [{ request, index }] : []));
    const current = new Map<ValidFormula, ValidFormula | null>();
    for (const formula of new Set(failed.map(({ request }) => request.formula)))
      current.set(formula, await this.#joined.current.rebind(formula, signal));
    const again = failed.flatMap(({ request, index }) => {
      const formula = current.get(request.formula);
      return formula ? [{ index, wanted: this.#wantedTile({ ...request, formula }) }] : [];
    });
    const wanted = again.map((one) => one.wanted);
    const answers = [...served];
    for (const [at, tile] of (await this.#joined.pictures.serve(wanted, signal, priorityOf(requests))).entries())
      answers[again[at]?.index ?? -1] = tile;
    return answers;
  }
}

/** A tile by itself is looked at as it comes; many together are an answer of their own. */
function priorityOf(requests: readonly TileRequest[]): Priority {
  return requests.length === 1 ? "live" : "bulk";
}

function regionOfTile({ formula, level, tileSize, x, y }: TileRequest): Region {
  return tileRegion(levelSize(formula.image.info, level), tileSize, x, y);
}
