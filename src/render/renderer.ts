import { availableParallelism } from "node:os";
import { BandloomError } from "../core/errors.ts";
import type { Region } from "../core/geometry.ts";
import { Slots } from "../core/slots.ts";
import {
  assertGranted,
  groupByChunks,
  joinComponents,
  MAX_COUNTED_PIXELS,
  MAX_STATISTICS_PIXELS,
  MEASURED,
  neighbourhood,
  planRegion,
  servedLevel,
  splitComponent,
  storedNeed,
  sumOfNeeds,
} from "../plan/index.ts";
import type { Remote } from "../source/remote/types.ts";
import type { ImageInfo } from "../source/types.ts";
import { type Cost, Costs } from "./cost.ts";
import { GuardedPool } from "./guarded-pool.ts";
import { WorkerPool } from "./pool/worker-pool.ts";
import { Quarantine } from "./quarantine.ts";
import { statisticsOf } from "./sketch.ts";
import { spawnWorker } from "./spawn.ts";
import type {
  ChunkJob,
  Described,
  NewSource,
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

/** Tasks of one list of pictures that a worker has before it: one that runs, and one that is there when that is done. */
const TASKS_AHEAD = 2;

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
  /** Work that would wait longer is refused with OVERLOADED at once, milliseconds; default 500. */
  readonly queueMs?: number;
  /** Workers that one client has at most while others wait; default: all but one. */
  readonly clientWorkers?: number;
  /** Seconds of a worker that one client may use in a minute; default: as many as it likes. */
  readonly clientSeconds?: number;
  /** What one client gets in place of these two, by its name; null: nothing else. */
  readonly shareOf?: (client: string) => { readonly workers?: number; readonly seconds?: number } | null;
  /** Longest time that one job may take before its worker is taken for hung and replaced, milliseconds; default 30,000. */
  readonly deadlineMs?: number;
  /** Told when work or a file is refused for a minute, as it has cost workers. */
  readonly onQuarantine?: (message: string) => void;
}

/** Work that would wait longer is refused, milliseconds. */
export const DEFAULT_QUEUE_MS = 500;

/** Start the worker pool. */
export function createRenderer(options: RendererOptions = {}): Renderer {
  const { cacheBytes = 32 * MIB, memoryBytes = 512 * MIB, deadlineMs = 30_000 } = options;
  const size = options.workers ?? availableParallelism();
  const pool = new WorkerPool({
    size,
    spawn: spawnWorker({ cacheBytes, memoryBytes, deadlineMs, remote: options.remote ?? null }),
    queueMs: options.queueMs ?? DEFAULT_QUEUE_MS,
    ownerWorkers: options.clientWorkers ?? Math.max(1, size - 1),
    ownerSeconds: options.clientSeconds ?? null,
    ...(options.shareOf ? { shareOf: options.shareOf } : {}),
    deadlineMs,
  });
  return new PoolRenderer(pool, new Quarantine(options.onQuarantine ? { onBegin: options.onQuarantine } : {}));
}

class PoolRenderer implements Renderer {
  readonly #pool: WorkerPool;
  readonly #quarantine: Quarantine;
  readonly #guarded: GuardedPool;
  readonly #costs = new Costs();
  #pictures = 0;
  #failures = 0;

  constructor(pool: WorkerPool, quarantine: Quarantine) {
    this.#pool = pool;
    this.#quarantine = quarantine;
    this.#guarded = new GuardedPool(pool, quarantine);
  }

  get ready(): Promise<void> {
    return this.#pool.ready;
  }

  describe(source: NewSource, signal?: AbortSignal): Promise<Described> {
    const cost = this.#costs.of("describe", null, DESCRIBED_PIXELS);
    // Done once for all who ask for the image.
    const run = { affinity: null, cost, signal, admitted: true };
    return this.#guarded.run<"describe">({ kind: "describe", source }, run);
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
    const [first] = tasks;
    if (first) this.#pool.admit(signal, this.#costOf(job, picturesOf(placed, first.members)), priority);
    // A few wait at a time: what is asked for together is one piece of work, and long as it is by its own size.
    const slots = new Slots(TASKS_AHEAD * this.#pool.size);
    const work = async ({ level, chunkX, chunkY, members }: (typeof tasks)[number]) => {
      const affinity = neighbourhood(source.revision, level, chunkX, chunkY);
      const done = await this.#component(job, picturesOf(placed, members), affinity, signal, priority);
      for (const [at, member] of members.entries()) results[sound[member] ?? -1] = done[at] ?? null;
    };
    await Promise.all(tasks.map((task) => slots.run(() => work(task))));
    return results.map((result) => this.#count(result ?? new Error("A picture was left without an answer.")));
  }

  statistics(asked: StatisticsJob, signal?: AbortSignal): Promise<StatisticsResult> {
    const { info, admitted = false, ...job } = asked;
    const count = job.regions.reduce((sum, { width, height }) => sum + width * height, 0);
    if (count > MAX_STATISTICS_PIXELS) return this.#counted(asked, count, signal);
    const [first] = job.regions;
    const affinity = first ? affinityOf(info, job.source, job.level, first.x, first.y) : null;
    const cost = this.#costs.of("statistics", job.kernel, count);
    return this.#guarded.run<"statistics">(
      { kind: "statistics", ...job },
      { affinity, cost, signal, priority: "bulk", admitted },
    );
  }

  /** In parts, as many at a time as there are workers, so that tiles that are asked for meanwhile come between them. */
  async #counted(
    { info, bins, percentiles, admitted = false, ...job }: StatisticsJob,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<StatisticsResult> {
    if (count > MAX_COUNTED_PIXELS)
      throw new BandloomError(
        "LIMIT_EXCEEDED",
        `Statistics look at up to ${MAX_COUNTED_PIXELS} pixels; these are ${count}. Ask for a coarser level or a smaller region.`,
      );
    const served = servedLevel(info, job.level);
    const { chunkHeight } = served.grid;
    const parts = job.regions.flatMap((region) => bandsOf(region, chunkHeight));
    assertGranted(sumOfNeeds(parts.map((part) => storedNeed(info, served, part))), MEASURED);
    const costOf = ({ width, height }: Region) => this.#costs.of("sketch", job.kernel, width * height);
    const [first] = parts;
    if (first && !admitted) this.#pool.admit(signal, costOf(first), "bulk");
    const slots = new Slots(this.#pool.size);
    const sketch = (region: Region) => {
      const task = { kind: "sketch", ...job, regions: [region] } as const;
      const run = { affinity: null, cost: costOf(region), signal, priority: "bulk", admitted: true } as const;
      return slots.run(() => this.#guarded.run<"sketch">(task, run));
    };
    const sketches = await Promise.all(parts.map(sketch));
    return statisticsOf(sketches, percentiles, bins);
  }

  probe({ info, ...job }: ProbeJob, signal?: AbortSignal): Promise<readonly ProbeResult[]> {
    const [first] = job.points;
    const affinity = first ? affinityOf(info, job.source, job.level, first.x, first.y) : null;
    const cost = this.#costs.of("probe", job.kernel, job.points.length);
    return this.#guarded.run<"probe">({ kind: "probe", ...job }, { affinity, cost, signal, priority: "bulk" });
  }

  chunk({ info, ...job }: ChunkJob, signal?: AbortSignal): Promise<RawChunk> {
    const affinity = neighbourhood(job.source.revision, job.level, job.x, job.y);
    const { grid } = servedLevel(info, job.level);
    const cost = this.#costs.of("chunk", null, grid.chunkWidth * grid.chunkHeight);
    return this.#guarded.run<"chunk">({ kind: "chunk", ...job }, { affinity, cost, signal });
  }

  refusal(client: () => string): BandloomError | null {
    return this.#pool.refusal(client);
  }

  metrics(): RendererMetrics {
    const pool = this.#pool.stats();
    const { begun } = this.#quarantine;
    return { ...pool, pictures: this.#pictures, failures: this.#failures + pool.failures, quarantines: begun };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Pictures of one component; a failure of the whole task stands for each of them, an abort goes on up. */
  async #component(
    { info: _, pictures: __, ...job }: PictureJob,
    pictures: readonly PictureTask[],
    affinity: string,
    signal: AbortSignal | undefined,
    priority: Priority,
  ): Promise<readonly (RenderedPicture | Error)[]> {
    try {
      const outcomes = await this.#guarded.run<"pictures">(
        { kind: "pictures", ...job, pictures },
        { affinity, cost: this.#costOf(job, pictures), signal, priority, admitted: true },
      );
      return outcomes.map((outcome) => ("error" in outcome ? BandloomError.fromMessage(outcome.error) : outcome));
    } catch (error) {
      if (!(error instanceof BandloomError) || signal?.aborted) throw error;
      return pictures.map(() => error);
    }
  }

  #costOf({ kernel }: Pick<PictureJob, "kernel">, pictures: readonly PictureTask[]): Cost {
    const pixels = pictures.reduce((sum, { region }) => sum + region.width * region.height, 0);
    return this.#costs.of(pictures[0]?.encoding.format ?? "", kernel, pixels);
  }

  #count<Result extends RenderedPicture | Error>(result: Result): Result {
    if (result instanceof Error) this.#failures++;
    else this.#pictures++;
    return result;
  }
}

function picturesOf(placed: readonly PictureTask[], members: readonly number[]): readonly PictureTask[] {
  return members.flatMap((member) => placed[member] ?? []);
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
