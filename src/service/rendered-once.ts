import type { CacheHit, Claims, TileCache } from "../cache/index.ts";
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
    const claimed = this.#claim(wanted.filter((_, index) => !hits[index]));
    const answers = wanted.map((one, index): Promise<ServedTile> | ServedTile => {
      const hit = hits[index];
      return hit ? { key: one.key, ...hit.tile, cache: OUTCOMES[hit.tier] } : this.#render(one, batch, claimed, signal);
    });
    // Those who waited for the claims before this have joined the batch.
    if (claimed) await claimed;
    batch.start();
    const settled = await Promise.allSettled(answers);
    signal?.throwIfAborted();
    return settled.map((one) => (one.status === "fulfilled" ? one.value : asError(one.reason)));
  }

  /** Keys that this process is to render, of those that nobody in it renders yet; null: no other process is asked. */
  #claim(wanted: readonly WantedPicture[]): Promise<Claims> | null {
    const { flights } = this.#cache;
    const keys = new Set(
      wanted.map(({ key }) => key).filter((key) => !this.#flights.has(key) && !this.#cache.peek(key)),
    );
    return flights && keys.size > 0 ? flights.claim([...keys]) : null;
  }

  async #render(
    wanted: WantedPicture,
    batch: RenderBatch,
    claimed: Promise<Claims> | null,
    signal: AbortSignal | undefined,
  ): Promise<ServedTile> {
    const { key } = wanted;
    // Another request may have rendered it while this one asked the slower tiers.
    const done = this.peek(key);
    if (done) return done;
    let own = false;
    const work = async (shared: AbortSignal): Promise<ServedTile> => {
      own = true;
      // Without an await: the batch is started at once.
      if (!claimed) return this.#rendered(wanted, batch, shared);
      const claims = await claimed;
      if (claims.mine.has(key)) return this.#rendered(wanted, batch, shared);
      const elsewhere = claims.made.get(key) ?? (await this.#cache.flights?.wait(key));
      if (elsewhere) return { key, ...elsewhere, cache: "SHARED" };
      const alone = new RenderBatch(this.#renderer);
      const tile = this.#rendered(wanted, alone, shared);
      alone.start();
      return tile;
    };
    const tile = await this.#flights.run(key, work, signal);
    return own ? tile : { ...tile, cache: "SHARED" };
  }

  async #rendered(
    { key, formula, task, padded }: WantedPicture,
    batch: RenderBatch,
    signal: AbortSignal,
  ): Promise<ServedTile> {
    try {
      const { format } = task.encoding;
      const kernel = this.#kernels.picture(formula, task.level, format, padded);
      const { bytes } = await batch.add(formula, kernel, task, signal);
      const tile = { bytes, contentType: CONTENT_TYPES[format] };
      this.#cache.set(key, tile);
      return { key, ...tile, cache: "RENDERED" };
    } catch (error) {
      this.#cache.flights?.finish(key, null);
      throw error;
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A picture failed.", { cause: reason });
}
