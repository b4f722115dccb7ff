import { setTimeout as sleep } from "node:timers/promises";
import { BandloomError } from "../../core/errors.ts";
import { isSourceChanged } from "../../source/index.ts";
import type { FormulaService, ValidFormula } from "../types/formula.ts";
import type { ImageService } from "../types/image.ts";
import type { TileService } from "../types/tile.ts";
import { isPassing, patiently } from "./patience.ts";
import { isFinished, type JobRecord, type PartProgress, type PartWorker, walkOf } from "./record.ts";
import type { JobRecords } from "./records.ts";
import type { JobTimes } from "./times.ts";
import { isSame } from "./worker.ts";

/** A source that does not answer is asked so often before the job ends. */
const SOURCE_TRIES = 6;
/** Processes that may end over the same step before it is given up: a file that kills them must not do so for ever. */
const MAX_TAKES = 5;
/** Share of the newest step in the rate. */
const SMOOTHING = 0.3;

export interface PartContext {
  readonly records: JobRecords;
  readonly images: ImageService;
  readonly formulas: FormulaService;
  readonly tiles: TileService;
  readonly worker: PartWorker;
  /** Tiles of jobs that this process has dealt with, since it started. */
  readonly counts: JobTileCounts;
  readonly times: JobTimes;
  /** Told of what is no expected failure. */
  readonly log: (message: string) => void;
}

export interface JobTileCounts {
  completed: number;
  failed: number;
}

export interface PartRef {
  readonly id: string;
  readonly run: number;
  readonly index: number;
}

/**
 * Renders what is left of a part of a job, step by step, and writes down each step when its tiles are kept. The one piece of code that works
 * on jobs, whoever hands the parts out. Resolves when the part is finished or not wanted any more; rejects with the signal's reason.
 */
export async function runPart(context: PartContext, ref: PartRef, signal: AbortSignal): Promise<void> {
  const { records, worker, times } = context;
  const kept = <T>(work: () => Promise<T>) => patiently(work, Number.POSITIVE_INFINITY, signal, times);
  const first = await kept(() => wanted(records, ref));
  if (!first) return;
  const { index } = ref;
  const before = await kept(() => records.part(first, index));
  if (isFinished(first, index, before)) return finishJob(records, first);
  if (before.takes >= MAX_TAKES) {
    const error = `A part of it was begun ${before.takes} times, and each time the server ended over it.`;
    return kept(() => records.end(first, { state: "failed", at: Date.now(), error }));
  }
  let part: PartProgress = { ...before, takes: before.takes + 1, at: Date.now(), worker };
  let current = first;
  const save = () => kept(() => records.putPart(first, index, part));
  await save();
  try {
    // What is rendered while a store is still being checked is not kept, and would count as done.
    await context.tiles.settled();
    while (!isFinished(first, index, part)) {
      const began = performance.now();
      const { next } = part;
      const step = (isLast: boolean) => renderStep(context, first, next, isLast, signal);
      const done = await patiently(step, SOURCE_TRIES, signal, times);
      context.counts.completed += done.completed;
      context.counts.failed += done.failed;
      part = advanced(part, done, performance.now() - began);
      // It was cancelled and begun again meanwhile, or this process was taken for gone, and another one works on it.
      const { worker: owner } = await kept(() => records.part(first, index));
      if (owner !== null && !isSame(owner, worker)) return;
      await save();
      const now = await kept(() => wanted(records, ref));
      if (!now) return;
      current = now;
    }
    await kept(() => finishJob(records, current));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof BandloomError)) context.log(`A job failed: ${String(error)}`);
    await kept(() => records.end(current, { state: "failed", at: Date.now(), error: reasonOf(error) }));
  } finally {
    // Whoever comes next need not find out whether this process is still there.
    part = { ...part, worker: null, takes: signal.aborted ? part.takes - 1 : part.takes };
    await release(context, first, index, part).catch(() => {});
  }
}

/** Puts a part down, unless another process has taken it over. */
async function release({ records, worker }: PartContext, record: JobRecord, index: number, part: PartProgress) {
  const { worker: owner } = await records.part(record, index);
  if (isSame(owner, worker)) await records.putPart(record, index, part);
}

interface StepResult {
  readonly completed: number;
  readonly failed: number;
  readonly error: string | null;
}

async function renderStep(
  context: PartContext,
  record: JobRecord,
  step: number,
  isLastTry: boolean,
  signal: AbortSignal,
): Promise<StepResult> {
  const { tiles } = context;
  const formula = await boundAsRecorded(context, record, signal);
  const { image } = formula;
  const { tileSize, pad, encoding } = record;
  const places = walkOf(image.info, record).step(step);
  const requests = places.map(({ level, x, y }) => ({ formula, level, x, y, tileSize, pad, encoding }));
  const served = await tiles.tilesAhead(requests, signal);
  signal.throwIfAborted();
  if (served.some(isSourceChanged)) throw changed();
  await tiles.settled();
  const errors = served.filter((tile) => tile instanceof Error);
  // Those that are there now are found the next time.
  const passing = errors.find(isPassing);
  if (passing && !isLastTry) throw passing;
  const [error] = errors;
  const bug = errors.find((one) => !(one instanceof BandloomError));
  if (bug) context.log(`A tile of a job failed: ${String(bug)}`);
  return { completed: served.length - errors.length, failed: errors.length, error: error ? reasonOf(error) : null };
}

/** Half of the tiles of one file and half of another would be no picture: BAD_REQUEST where the picture is another than that of the job. */
async function boundAsRecorded(
  { images, formulas, times }: PartContext,
  record: JobRecord,
  signal: AbortSignal,
): Promise<ValidFormula> {
  for (const wait of [...times.seenAfterMs, null]) {
    const image = await images.get(record.imageKey, signal);
    const formula = await formulas.bind(image, record.formula, record.plane, signal);
    if (formula.valid && formula.version === record.version) return formula;
    if (wait !== null) await sleep(wait, undefined, { signal });
  }
  throw changed();
}

function advanced(part: PartProgress, step: StepResult, elapsedMs: number): PartProgress {
  return {
    ...part,
    next: part.next + 1,
    completed: part.completed + step.completed,
    failed: part.failed + step.failed,
    error: part.error ?? step.error,
    rate: smoothed(part.rate, step, elapsedMs),
    at: Date.now(),
    takes: 1,
  };
}

/** Tiles a second. A step of which all was refused tells nothing of tiles that will be rendered. */
function smoothed(before: number, { completed, failed }: StepResult, elapsedMs: number): number {
  if (completed === 0) return before;
  const rate = ((completed + failed) * 1000) / Math.max(1, elapsedMs);
  return before > 0 ? before + SMOOTHING * (rate - before) : rate;
}

/** The job has ended when all of its parts are at their ends, whoever sees it first. */
export async function finishJob(records: JobRecords, record: JobRecord): Promise<void> {
  const parts = await records.parts(record);
  if (!parts.every((part, index) => isFinished(record, index, part))) return;
  const error = parts.find((part) => part.error !== null)?.error ?? null;
  const isEmpty = parts.every(({ completed }) => completed === 0);
  await records.end(record, { state: isEmpty ? "failed" : "completed", at: Date.now(), error });
}

async function wanted(records: JobRecords, { id, run }: PartRef): Promise<JobRecord | null> {
  const record = await records.get(id);
  return record?.run === run && record.ended === null ? record : null;
}

function changed(): BandloomError {
  return new BandloomError(
    "BAD_REQUEST",
    "The picture changed while the job ran: a file was replaced, or it was purged. Start it again: what still holds is in the cache.",
  );
}

function reasonOf(error: unknown): string {
  return error instanceof BandloomError ? error.message : "Something went wrong inside the server. It has been logged.";
}
