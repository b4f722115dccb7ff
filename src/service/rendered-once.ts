import type { CacheHit, TileCache } from "../cache/index.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { CONTENT_TYPES, type PictureTask, type Renderer } from "../render/index.ts";
import type { PictureKernels } from "./picture-kernels.ts";
import { RenderBatch } from "./render-batch.ts";
import type { CacheOutcome, ServedTile, ValidFormula } from "./types.ts";

const OUTCOMES: Readonly<Record<CacheHit["tier"], CacheOutcome>> = {
  memory: "MEMORY",
  embedded: "EMBEDDED",
  redis: "REDIS",
};

/** A picture, and the key under which it is kept. */
export interface WantedPicture {
  readonly key: string;
  readonly formula: ValidFormula;
  readonly task: PictureTask;
  /** It is laid on a larger canvas. */
  readonly padded: boolean;
}

/** Cache → render → cache, once for all who ask at the same time. A failure is given to them and forgotten. */
export class RenderedOnce {
  readonly #renderer: Renderer;
  readonly #cache: TileCache;
  readonly #kernels: PictureKernels;
  readonly #flights = new SingleFlight<ServedTile>();

  constructor(renderer: Renderer, cache: TileCache, kernels: PictureKernels) {
    this.#renderer = renderer;
    this.#cache = cache;
    this.#kernels = kernels;
  }

  /** What memory holds, without a promise. */
  peek(key: string): ServedTile | null {
    const tile = this.#cache.peek(key);
    return tile && { key, ...tile, cache: "MEMORY" };
  }

  /** In order: what the cache holds, what somebody renders already, and the rest as one batch; failures in their places. */
  async serve(
    wanted: readonly WantedPicture[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (ServedTile | Error)[]> {
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

  async #render(wanted: WantedPicture, batch: RenderBatch, signal: AbortSignal | undefined): Promise<ServedTile> {
    const { key, formula, task, padded } = wanted;
    // Another request may have rendered it while this one asked the slower tiers.
    const done = this.peek(key);
    if (done) return done;
    let own = false;
    const work = async (shared: AbortSignal): Promise<ServedTile> => {
      own = true;
      const { format } = task.encoding;
      const kernel = this.#kernels.picture(formula, task.level, format, padded);
      const { bytes } = await batch.add(formula, kernel, task, shared);
      const tile = { bytes, contentType: CONTENT_TYPES[format] };
      this.#cache.set(key, tile);
      return { key, ...tile, cache: "RENDERED" };
    };
    const tile = await this.#flights.run(key, work, signal);
    return own ? tile : { ...tile, cache: "SHARED" };
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A picture failed.", { cause: reason });
}
