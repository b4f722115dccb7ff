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
    return Promise.all(
      served.map(async (tile, index) => {
        const request = requests[index];
        if (!request || !isSourceChanged(tile)) return tile;
        const formula = await this.#rebound(request.formula, signal);
        const again = formula && (await this.#serve([this.#wantedTile({ ...request, formula })], signal));
        return again?.[0] ?? tile;
      }),
    );
  }

  regionSize(request: RegionRequest): Size {
    return regionSize(request);
  }

  regionUrl(request: RegionRequest): string {
    return this.#names.regionUrl(request);
  }

  async region(request: RegionRequest, signal?: AbortSignal) {
    const { width, height } = regionSize(request);
    const wanted = (formula: ValidFormula): Wanted => ({
      key: this.#names.regionKey({ ...request, formula }),
      formula,
      task: regionTask({ ...request, formula }),
      padded: false,
    });
    let [served] = await this.#serve([wanted(request.formula)], signal);
    if (isSourceChanged(served)) {
      const formula = await this.#rebound(request.formula, signal);
      if (formula) [served] = await this.#serve([wanted(formula)], signal);
    }
    if (served === undefined || served instanceof Error) throw served ?? new Error("A region has no answer.");
    return { bytes: served.bytes, width, height, contentType: served.contentType, key: served.key };
  }

  chunk({ image, channel, storedLevel, z, t, x, y }: ChunkRequest, signal?: AbortSignal): Promise<RawChunk> {
    const { source, info } = image;
    return this.#renderer.chunk({ source, info, channel, level: storedLevel, z, t, x, y }, signal);
  }

  statistics(request: StatisticsRequest, signal?: AbortSignal) {
    return statistics(this.#renderer, this.#kernels, request, signal);
  }

  probe(
    formula: ValidFormula,
    points: readonly { x: number; y: number }[],
    level: number,
    signal?: AbortSignal,
  ): Promise<readonly ProbedPoint[]> {
    return probe(this.#renderer, this.#kernels, { formula, points, level }, signal);
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
      own = true;
      const { format } = task.encoding;
      const kernel = this.#kernels.picture(formula, task.level, format, padded);
      const { bytes } = await batch.add(formula.image, kernel, task, shared);
      const tile = { bytes, contentType: CONTENT_TYPES[format] };
      this.#cache.set(key, tile);
      return { key, ...tile, cache: "RENDERED" };
    };
    const tile = await this.#flights.run(key, work, signal);
    return own ? tile : { ...tile, cache: "SHARED" };
  }

  /** The same text on the file as it is now; null where it is no formula of it any more. */
  async #rebound({ image, source, plane }: ValidFormula, signal?: AbortSignal): Promise<ValidFormula | null> {
    this.#images.recheck(image.key);
    const bound = await this.#formulas.bind(await this.#images.get(image.key, signal), source, plane, signal);
    return bound.valid ? bound : null;
  }
}

function regionOfTile({ formula, level, tileSize, x, y }: TileRequest): Region {
  return tileRegion(levelSize(formula.image.info, level), tileSize, x, y);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A picture failed.", { cause: reason });
}
