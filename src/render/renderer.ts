import { availableParallelism } from "node:os";
import { BandloomError } from "../core/errors.ts";
import type { Region } from "../core/geometry.ts";
import {
  groupByChunks,
  joinComponents,
  MAX_COUNTED_PIXELS,
  MAX_STATISTICS_PIXELS,
  neighbourhood,
  planRegion,
  servedLevel,
  splitComponent,
} from "../plan/index.ts";
import type { Remote } from "../source/remote/types.ts";
import type { ImageInfo } from "../source/types.ts";
import { Costs } from "./cost.ts";
import { WorkerPool } from "./pool/worker-pool.ts";
import { type Sketch, statisticsOf } from "./sketch.ts";
import { spawnWorker } from "./spawn.ts";
import type {
  ChunkJob,
  Described,
  PictureJob,
  PictureTask,
  Priority,
  ProbeJob,
  ProbeResult,
  RawChunk,
  RenderedPicture,
  Renderer,
  RendererMetrics,
  SourceRef,
  StatisticsJob,
  StatisticsResult,
} from "./types.ts";

const MIB = 2 ** 20;
/** Pictures of one task that nobody waits for: what somebody asks for meanwhile may wait for so many. Chunks that tasks share stay decoded. */
const BACKGROUND_TASK = 8;

/** Opening an image costs about as much as so many pixels. */
const DESCRIBED_PIXELS = 2 ** 17;

export interface RendererOptions {
  /** What images behind a network are reached by; without it they are refused. */
  readonly remote?: Remote;
  /** Worker threads; default: one for each core. */
  readonly workers?: number;
  /** Decoded chunks that each worker keeps; default 32 MiB. */
  readonly cacheBytes?: number;
  /** Memory of each worker for pixels, its decoded chunks included, taken only when needed; default 512 MiB. */
  readonly memoryBytes?: number;
  /** Jobs that may wait before OVERLOADED; default 1,024: a second or two of ordinary tiles. */
  readonly queueLimit?: number;
  /** Longest time that one job may take before its worker is taken for hung and replaced, milliseconds; default 30,000. */
  readonly deadlineMs?: number;
}

/** Start the worker pool. */
export function createRenderer(options: RendererOptions = {}): Renderer {
  const { cacheBytes = 32 * MIB, memoryBytes = 512 * MIB, deadlineMs = 30_000 } = options;
  const pool = new WorkerPool({
    size: options.workers ?? availableParallelism(),
    spawn: spawnWorker({ cacheBytes, memoryBytes, deadlineMs, remote: options.remote ?? null }),
    queueLimit: options.queueLimit ?? 1024,
    deadlineMs,
  });
  return new PoolRenderer(pool);
}

class PoolRenderer implements Renderer {
  readonly #pool: WorkerPool;
  readonly #costs = new Costs();
  #pictures = 0;
  #failures = 0;

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  get ready(): Promise<void> {
    return this.#pool.ready;
  }

  describe(source: Omit<SourceRef, "revision">, signal?: AbortSignal): Promise<Described> {
    const cost = this.#costs.of("describe", null, DESCRIBED_PIXELS);
    return this.#pool.run<"describe">({ kind: "describe", source }, { affinity: null, cost, signal });
  }

  async pictures(
    job: PictureJob,
    signal?: AbortSignal,
    priority: Priority = "live",
  ): Promise<readonly (RenderedPicture | Error)[]> {
    const { info, source } = job;
    const results = job.pictures.map((picture): RenderedPicture | Error | null => planningError(info, picture));
    const sound = [...results.keys()].filter((index) => results[index] === null);
    const placed = sound.flatMap((index) => job.pictures[index] ?? []);
    // Pictures that share chunks go to one worker as one task, the others side by side.
    const components = groupByChunks(info, placed);
    // Behind a network few large tasks need fewer requests than many small ones.
    const joined = isAnyRemote(job) ? joinComponents(components, this.#pool.size) : components;
    const tasks = priority === "background" ? joined.flatMap((one) => splitComponent(one, BACKGROUND_TASK)) : joined;
    await Promise.all(
      tasks.map(async ({ level, chunkX, chunkY, members }) => {
        const affinity = neighbourhood(source.revision, level, chunkX, chunkY);
        const done = await this.#component(job, placed, members, affinity, signal, priority);
        for (const [at, member] of members.entries()) results[sound[member] ?? -1] = done[at] ?? null;
      }),
    );
    return results.map((result) => this.#count(result ?? new Error("A picture was left without an answer.")));
  }

  statistics(asked: StatisticsJob, signal?: AbortSignal): Promise<StatisticsResult> {
    const { info, ...job } = asked;
    const count = job.regions.reduce((sum, { width, height }) => sum + width * height, 0);
    if (count > MAX_STATISTICS_PIXELS) return this.#counted(asked, count, signal);
    const [first] = job.regions;
    const affinity = first ? affinityOf(info, job.source, job.level, first.x, first.y) : null;
    const cost = this.#costs.of("statistics", job.kernel, count);
    return this.#pool.run<"statistics">({ kind: "statistics", ...job }, { affinity, cost, signal, priority: "bulk" });
  }

  /** In parts, as many at a time as there are workers, so that tiles that are asked for meanwhile come between them. */
  async #counted(
    { info, bins, percentiles, ...job }: StatisticsJob,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<StatisticsResult> {
    if (count > MAX_COUNTED_PIXELS)
      throw new BandloomError(
        "LIMIT_EXCEEDED",
        `Statistics look at up to ${MAX_COUNTED_PIXELS} pixels; these are ${count}. Ask for a coarser level or a smaller region.`,
      );
    const { chunkHeight } = servedLevel(info, job.level).grid;
    const parts = job.regions.flatMap((region) => bandsOf(region, chunkHeight));
    const sketches: Sketch[] = [];
    const waiting = parts.values();
    const lane = async () => {
      for (const region of waiting) {
        const task = { kind: "sketch", ...job, regions: [region] } as const;
        const cost = this.#costs.of("sketch", job.kernel, region.width * region.height);
        sketches.push(await this.#pool.run<"sketch">(task, { affinity: null, cost, signal, priority: "bulk" }));
      }
    };
    await Promise.all(Array.from({ length: this.#pool.size }, lane));
    return statisticsOf(sketches, percentiles, bins);
  }

  probe({ info, ...job }: ProbeJob, signal?: AbortSignal): Promise<readonly ProbeResult[]> {
    const [first] = job.points;
    const affinity = first ? affinityOf(info, job.source, job.level, first.x, first.y) : null;
    const cost = this.#costs.of("probe", job.kernel, job.points.length);
    return this.#pool.run<"probe">({ kind: "probe", ...job }, { affinity, cost, signal, priority: "bulk" });
  }

  chunk({ info, ...job }: ChunkJob, signal?: AbortSignal): Promise<RawChunk> {
    const affinity = neighbourhood(job.source.revision, job.level, job.x, job.y);
    const { grid } = servedLevel(info, job.level);
    const cost = this.#costs.of("chunk", null, grid.chunkWidth * grid.chunkHeight);
    return this.#pool.run<"chunk">({ kind: "chunk", ...job }, { affinity, cost, signal });
  }

  metrics(): RendererMetrics {
    const pool = this.#pool.stats();
    return { ...pool, pictures: this.#pictures, failures: this.#failures + pool.failures };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Pictures of one component; a failure of the whole task stands for each of them, an abort goes on up. */
  async #component(
    { info: _, pictures: __, ...job }: PictureJob,
    placed: readonly PictureTask[],
    members: readonly number[],
    affinity: string,
    signal: AbortSignal | undefined,
    priority: Priority,
  ): Promise<readonly (RenderedPicture | Error)[]> {
    const pictures = members.flatMap((member) => placed[member] ?? []);
    const pixels = pictures.reduce((sum, { region }) => sum + region.width * region.height, 0);
    const format = pictures[0]?.encoding.format ?? "";
    try {
      const outcomes = await this.#pool.run<"pictures">(
        { kind: "pictures", ...job, pictures },
        { affinity, cost: this.#costs.of(format, job.kernel, pixels), signal, priority },
      );
      return outcomes.map((outcome) => ("error" in outcome ? BandloomError.fromMessage(outcome.error) : outcome));
    } catch (error) {
      if (!(error instanceof BandloomError) || signal?.aborted) throw error;
      return members.map(() => error);
    }
  }

  #count<Result extends RenderedPicture | Error>(result: Result): Result {
    if (result instanceof Error) this.#failures++;
    else this.#pictures++;
    return result;
  }
}

function isAnyRemote({ source, others = [] }: PictureJob): boolean {
  return source.remote || others.some(({ remote }) => remote);
}

/** What is wrong with a picture before anything is read; null: nothing. */
function planningError(info: ImageInfo, { level, region }: PictureTask): BandloomError | null {
  try {
    planRegion(info, level, region);
    return null;
  } catch (error) {
    if (error instanceof BandloomError) return error;
    throw error;
  }
}

/** Bands of a region of whole rows of chunks, a few megapixels each. */
function bandsOf({ x, y, width, height }: Region, chunkHeight: number): readonly Region[] {
  const rows = Math.max(1, Math.floor(MAX_STATISTICS_PIXELS / width));
  const bands: Region[] = [];
  for (let top = y; top < y + height; ) {
    const border = Math.floor((top + rows) / chunkHeight) * chunkHeight;
    const bottom = Math.min(y + height, border > top ? border : top + rows);
    bands.push({ x, y: top, width, height: bottom - top });
    top = bottom;
  }
  return bands;
}

function affinityOf(info: ImageInfo, source: SourceRef, level: number, x: number, y: number): string {
  const { grid } = servedLevel(info, level);
  return neighbourhood(source.revision, level, Math.floor(x / grid.chunkWidth), Math.floor(y / grid.chunkHeight));
}
