import type { Accepts, CacheHit, Claims, Passage, TileCache } from "../cache/index.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { isPicture, type Priority } from "../render/index.ts";
import type { PictureBatch, PictureMaker, WantedPicture } from "./picture-batch.ts";
import type { CacheOutcome, ServedTile } from "./types/tile.ts";

const OUTCOMES: Readonly<Record<CacheHit["tier"], CacheOutcome>> = {
  memory: "MEMORY",
  embedded: "EMBEDDED",
  redis: "REDIS",
  s3: "S3",
};

const AHEAD: Passage = { ahead: true };

/** Cache → render → cache, once for all who ask at the same time. A failure is given to them and forgotten. */
export class RenderedOnce {
  readonly #maker: PictureMaker;
  readonly #cache: TileCache;
  readonly #flights = new SingleFlight<ServedTile>();
  /** Of their own: whoever waits for a tile must not wait for one that is made when nothing else is to be done. */
  readonly #ahead = new SingleFlight<ServedTile>();
  /** Answers, by where they came from. */
  readonly outcomes: Record<CacheOutcome, number> = { MEMORY: 0, EMBEDDED: 0, REDIS: 0, S3: 0, RENDERED: 0, SHARED: 0 };

  constructor(maker: PictureMaker, cache: TileCache) {
    this.#maker = maker;
    this.#cache = cache;
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
    priority: Priority,
  ): Promise<readonly (ServedTile | Error)[]> {
    const hits = await this.#lookUp(wanted);
    signal?.throwIfAborted();
    const batch = this.#maker.batch(priority);
    const claimed = this.#claim(wanted.filter((_, index) => !hits[index]));
    const answers = wanted.map((one, index): Promise<ServedTile> | ServedTile => {
      const hit = hits[index];
      return hit
        ? { key: one.key, ...hit.tile, cache: OUTCOMES[hit.tier] }
        : this.#render(one, batch, claimed, priority, signal);
    });
    // Those who waited for the claims before this have joined the batch.
    if (claimed) await claimed;
    batch.start();
    const settled = await Promise.allSettled(answers);
    signal?.throwIfAborted();
    return settled.map((one) => {
      if (one.status === "rejected") return asError(one.reason);
      this.outcomes[one.value.cache]++;
      return one.value;
    });
  }

  /**
   * The same for tiles that nobody waits for. They are rendered at low priority, pass memory by, and are not claimed: another process that
   * is asked for one of them must not wait for it.
   */
  async serveAhead(
    wanted: readonly WantedPicture[],
    signal: AbortSignal | undefined,
  ): Promise<readonly (ServedTile | Error)[]> {
    const hits = await this.#lookUp(wanted, AHEAD);
    signal?.throwIfAborted();
    const batch = this.#maker.batch("background");
    const answers = wanted.map((one, index): Promise<ServedTile> | ServedTile => {
      const { key } = one;
      const hit = hits[index];
      if (hit) return { key, ...hit.tile, cache: OUTCOMES[hit.tier] };
      // Somebody waits for it already.
      const flights = this.#flights.has(key) ? this.#flights : this.#ahead;
      return flights.run(key, (shared) => this.#rendered(one, batch, shared, AHEAD), signal);
    });
    batch.start();
    const settled = await Promise.allSettled(answers);
    signal?.throwIfAborted();
    return settled.map((one) => (one.status === "fulfilled" ? one.value : asError(one.reason)));
  }

  #lookUp(wanted: readonly WantedPicture[], passage?: Passage): Promise<readonly (CacheHit | null)[]> {
    const keys = wanted.map(({ key }) => key);
    return this.#cache.get(keys, likePictures(wanted), passage);
  }

  /** Keys that this process is to render, of those that nobody in it renders yet; null: no other process is asked. */
  #claim(wanted: readonly WantedPicture[]): Promise<Claims> | null {
    const { flights } = this.#cache;
    if (!this.#maker.here) return null;
    const keys = new Set(
      wanted.map(({ key }) => key).filter((key) => !this.#flights.has(key) && !this.#cache.peek(key)),
    );
    return flights && keys.size > 0 ? flights.claim([...keys], likePictures(wanted)) : null;
  }

  async #render(
    wanted: WantedPicture,
    batch: PictureBatch,
    claimed: Promise<Claims> | null,
    priority: Priority,
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
      const elsewhere = claims.made.get(key) ?? (await this.#cache.flights?.wait(key, likePictures([wanted])));
      if (elsewhere) return { key, ...elsewhere, cache: "SHARED" };
      const alone = this.#maker.batch(priority);
      const tile = this.#rendered(wanted, alone, shared);
      alone.start();
      return tile;
    };
    const tile = await this.#flights.run(key, work, signal);
    return own ? tile : { ...tile, cache: "SHARED" };
  }

  async #rendered(
    wanted: WantedPicture,
    batch: PictureBatch,
    signal: AbortSignal,
    passage?: Passage,
  ): Promise<ServedTile> {
    const { key } = wanted;
    try {
      const { bytes, cache, kept, renderMs } = await batch.add(wanted, signal);
      if (!kept) this.#cache.set(key, { bytes }, renderMs, passage);
      else if (!passage?.ahead) this.#cache.remember(key, { bytes });
      return { key, bytes, cache };
    } catch (error) {
      if (!passage?.ahead) this.#cache.flights?.finish(key, null);
      throw error;
    }
  }
}

/** Each begins as a file of the format that is asked for does: a store does not say what a tile is. */
function likePictures(wanted: readonly WantedPicture[]): Accepts {
  const formats = new Map(wanted.map(({ key, task }) => [key, task.encoding.format]));
  return (key, bytes) => {
    const format = formats.get(key);
    return format !== undefined && isPicture(format, bytes);
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("A picture failed.", { cause: reason });
}
