import type { CacheHit, TileCache } from "../cache/index.ts";
import { levelSize, type Region, type Size, tileRegion } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import {
  CONTENT_TYPES,
  type Encoding,
  isSourceChanged,
  type PictureTask,
  type RawChunk,
  type Renderer,
} from "../render/index.ts";
import type { BoundFormulas } from "./formulas.ts";
import type { CatalogueImages } from "./images.ts";
import { PictureKernels } from "./picture-kernels.ts";
import { probe } from "./probe.ts";
import { regionSize, regionTask } from "./regions.ts";
import { RenderBatch } from "./render-batch.ts";
import { statistics } from "./statistics.ts";
import { TileNames } from "./tile-names.ts";
import type {
  CacheOutcome,
  ChunkRequest,
  ProbedPoint,
  RegionRequest,
  ServedTile,
  StatisticsRequest,
  TileRequest,
  TileService,
  ValidFormula,
} from "./types.ts";

const OUTCOMES: Readonly<Record<CacheHit["tier"], CacheOutcome>> = {
  memory: "MEMORY",
  embedded: "EMBEDDED",
  redis: "REDIS",
};

interface TilesOptions {
  readonly images: CatalogueImages;
  readonly formulas: BoundFormulas;
  readonly renderer: Renderer;
  readonly cache: TileCache;
  readonly publicUrl: string | undefined;
}

/** Anything that is rendered once and then kept under its key. */
interface Wanted {
  readonly key: string;
  readonly formula: ValidFormula;
  readonly task: PictureTask;
  /** The picture is laid on a larger canvas. */
  readonly padded: boolean;
}

/** Key → cache → render → cache: where the pipeline is joined. */
export class PipelineTiles implements TileService {
  readonly #images: CatalogueImages;
  readonly #formulas: BoundFormulas;
  readonly #renderer: Renderer;
  readonly #cache: TileCache;
  readonly #names: TileNames;
  readonly #kernels = new PictureKernels();
  readonly #flights = new SingleFlight<ServedTile>();

  constructor({ images, formulas, renderer, cache, publicUrl }: TilesOptions) {
    this.#images = images;
    this.#formulas = formulas;
    this.#renderer = renderer;
    this.#cache = cache;
    this.#names = new TileNames(publicUrl);
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

  size(request: TileRequest): Size {
    const { tileSize } = request;
    if (request.pad) return { width: tileSize, height: tileSize };
    const { width, height } = regionOfTile(request);
    return { width, height };
  }

  peek(key: string): ServedTile | null {
    const tile = this.#cache.peek(key);
    return tile && { key, ...tile, cache: "MEMORY" };
  }

  async tile(request: TileRequest, signal?: AbortSignal): Promise<ServedTile> {
    const [tile] = await this.tiles([request], signal);
    if (tile === undefined || tile instanceof Error) throw tile ?? new Error("A tile has no answer.");
    return tile;
  }

  async tiles(requests: readonly TileRequest[], signal?: AbortSignal): Promise<readonly (ServedTile | Error)[]> {
    const served = await this.#serve(
      requests.map((request) => this.#wantedTile(request)),
      signal,
    );
    return served.some(isSourceChanged) ? this.#serveAgain(requests, served, signal) : served;
  }

  regionSize(request: RegionRequest): Size {
    return regionSize(request);
  }

  regionUrl(request: RegionRequest): string {
    return this.#names.regionUrl(request);
  }

  async region(request: RegionRequest, signal?: AbortSignal) {
    const { bytes, contentType, key } = await this.#onCurrent(
      request.formula,
      async (formula) => {
        const wanted = { ...request, formula };
        const region = { key: this.#names.regionKey(wanted), formula, task: regionTask(wanted), padded: false };
        const [served] = await this.#serve([region], signal);
        if (served === undefined || served instanceof Error) throw served ?? new Error("A region has no answer.");
        return served;
      },
      signal,
    );
    return { bytes, ...regionSize(request), contentType, key };
  }

  async chunk({ image, channel, storedLevel, z, t, x, y }: ChunkRequest, signal?: AbortSignal): Promise<RawChunk> {
    const { source, info } = image;
    try {
      return await this.#renderer.chunk({ source, info, channel, level: storedLevel, z, t, x, y }, signal);
    } catch (error) {
      // The new file may be cut otherwise: whoever asked looks at it first.
      if (isSourceChanged(error)) this.#images.recheck(image.key);
      throw error;
    }
  }

  statistics(request: StatisticsRequest, signal?: AbortSignal) {
    return this.#onCurrent(
      request.formula,
      (formula) => statistics(this.#renderer, this.#kernels, { ...request, formula }, signal),
      signal,
    );
  }

  probe(
    formula: ValidFormula,
    points: readonly { x: number; y: number }[],
    level: number,
    signal?: AbortSignal,
  ): Promise<readonly ProbedPoint[]> {
    return this.#onCurrent(
      formula,
      (current) => probe(this.#renderer, this.#kernels, { formula: current, points, level }, signal),
      signal,
    );
  }

  #wantedTile(request: TileRequest): Wanted {
    const { formula, level, tileSize, pad, encoding } = request;
    const region = regionOfTile(request);
    const cut = region.width < tileSize || region.height < tileSize;
    return {
      key: this.#names.tileKey(request),
      formula,
      task: { level, region, pad: pad && cut ? { width: tileSize, height: tileSize } : null, resize: null, encoding },
      padded: pad && cut,
    };
  }

  /** Answers in order: what the cache holds, what somebody renders already, and the rest as one batch. */
  async #serve(wanted: readonly Wanted[], signal: AbortSignal | undefined): Promise<readonly (ServedTile | Error)[]> {
    const hits = await this.#cache.get(wanted.map(({ key }) => key));
    signal?.throwIfAborted();
    const batch = new RenderBatch(this.#renderer);
    const answers = wanted.map((one, index): Promise<ServedTile> | ServedTile => {
      const hit = hits[index];
      return hit ? { key: one.key, ...hit.tile, cache: OUTCOMES[hit.tier] } : this.#render(one, batch, signal);
    });
    batch.start();
    const settled = await Promise.allSettled(answers);
    signal?.throwIfAborted();
    return settled.map((one) => (one.status === "fulfilled" ? one.value : asError(one.reason)));
  }

  async #render(wanted: Wanted, batch: RenderBatch, signal: AbortSignal | undefined): Promise<ServedTile> {
    const { key, formula, task, padded } = wanted;
    let own = false;
    const work = async (shared: AbortSignal): Promise<ServedTile> => {
      // Another request may have rendered it while this one asked the slower tiers.
      const done = this.peek(key);
      if (done) return done;
      own = true;
      const { format } = task.encoding;
      const kernel = this.#kernels.picture(formula, task.level, format, padded);
      const { bytes } = await batch.add(formula.image, kernel, task, shared);
      const tile = { bytes, contentType: CONTENT_TYPES[format] };
      this.#cache.set(key, tile);
      return { key, ...tile, cache: "RENDERED" };
    };
    const tile = await this.#flights.run(key, work, signal);
    return own || tile.cache === "MEMORY" ? tile : { ...tile, cache: "SHARED" };
  }

  /** Once more, together, what failed because its file changed under it. */
  async #serveAgain(
    requests: readonly TileRequest[],
    served: readonly (ServedTile | Error)[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (ServedTile | Error)[]> {
    const failed = requests.filter((_, index) => isSourceChanged(served[index]));
    const current = new Map<ValidFormula, ValidFormula | null>();
    for (const formula of new Set(failed.map((request) => request.formula)))
      current.set(formula, await this.#rebound(formula, signal));
    const again = failed.flatMap((request) => {
      const formula = current.get(request.formula);
      return formula ? [{ request, wanted: this.#wantedTile({ ...request, formula }) }] : [];
    });
    const answers = await this.#serve(
      again.map(({ wanted }) => wanted),
      signal,
    );
    const byRequest = new Map(again.map(({ request }, index) => [request, answers[index]] as const));
    return served.map((tile, index) => {
      const request = requests[index];
      return (request && isSourceChanged(tile) && byRequest.get(request)) || tile;
    });
  }

  /** Work on a formula, and once more on the file as it is now where it changed under the work. */
  async #onCurrent<T>(
    formula: ValidFormula,
    work: (formula: ValidFormula) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    try {
      return await work(formula);
    } catch (error) {
      const current = isSourceChanged(error) ? await this.#rebound(formula, signal) : null;
      if (!current) throw error;
      return work(current);
    }
  }

  /** The same text on the file as it is now; null where that is another size, so that places in it mean something else. */
  async #rebound({ image, source, plane }: ValidFormula, signal?: AbortSignal): Promise<ValidFormula | null> {
    this.#images.recheck(image.key);
    const now = await this.#images.get(image.key, signal);
    if (now.info.width !== image.info.width || now.info.height !== image.info.height) return null;
    const bound = await this.#formulas.bind(now, source, plane, signal);
    return bound.valid ? bound : null;
  }
}

function regionOfTile({ formula, level, tileSize, x, y }: TileRequest): Region {
  return tileRegion(levelSize(formula.image.info, level), tileSize, x, y);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A picture failed.", { cause: reason });
}
