import type { MessagePort } from "node:worker_threads";
import type { ErrorMessage } from "../core/errors.ts";
import type { Sketch } from "./sketch.ts";
import type {
  ChunkJob,
  Described,
  NewSource,
  PictureJob,
  ProbeJob,
  ProbeResult,
  RawChunk,
  RenderedPicture,
  StatisticsJob,
  StatisticsResult,
} from "./types.ts";

/** Jobs as they cross to a worker: without the description of the image, which the worker reads for itself. */
export type Task =
  | { readonly kind: "describe"; readonly source: NewSource }
  | ({ readonly kind: "pictures" } & Omit<PictureJob, "info">)
  | ({ readonly kind: "statistics" } & Omit<StatisticsJob, "info" | "admitted">)
  | ({ readonly kind: "sketch" } & Omit<StatisticsJob, "info" | "admitted" | "bins" | "percentiles">)
  | ({ readonly kind: "probe" } & Omit<ProbeJob, "info">)
  | ({ readonly kind: "chunk" } & Omit<ChunkJob, "info">);

export type TaskOf<Kind extends Task["kind"]> = Extract<Task, { readonly kind: Kind }>;

/** What each kind of task is answered with. */
export interface TaskResults {
  readonly describe: Described;
  readonly pictures: readonly (RenderedPicture | Failure)[];
  readonly statistics: StatisticsResult;
  readonly sketch: Sketch;
  readonly probe: readonly ProbeResult[];
  readonly chunk: RawChunk;
}

export interface Failure {
  readonly error: ErrorMessage;
  /** It took longer than one job may. */
  readonly overran?: boolean;
}

/** Nobody waits for the job any more: what it waits for itself is given up. */
export interface Cancellation {
  readonly cancel: number;
}

export interface Request {
  readonly id: number;
  /** Index of this job's cell in the shared array of cancel flags. */
  readonly slot: number;
  readonly task: Task;
}

/** What a worker did since its last reply. */
export interface Counters {
  readonly chunksDecoded: number;
  readonly chunkHits: number;
  readonly kernelsCompiled: number;
}

export interface Reply {
  readonly id: number;
  readonly outcome: { readonly value: unknown } | Failure;
  /** What the job took of the worker, milliseconds: waits and the slices of others are not in it. */
  readonly workMs: number;
  /** The worker met a bug and its memory is not to be trusted any more: replace it. */
  readonly fatal: boolean;
  readonly counters: Counters;
}

/** First message of a worker: it is listening. */
export const READY = "ready";

/** What a worker is started with. */
export interface WorkerSettings {
  /** The way to sources behind a network (serveRemote at its other end); null: there are none. */
  readonly remote: MessagePort | null;
  /** One Int32 for each slot; 1: nobody waits for the job in it any more. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
  readonly cacheBytes: number;
  readonly memoryBytes: number;
  /** Longest work of one job, milliseconds. */
  readonly deadlineMs: number;
}

/** A worker is our own code, but one that misbehaves must not be believed. */
export function isReply(message: unknown): message is Reply {
  if (typeof message !== "object" || message === null) return false;
  const { id, outcome, workMs, fatal, counters } = message as Partial<Record<keyof Reply, unknown>>;
  return (
    typeof id === "number" &&
    typeof outcome === "object" &&
    outcome !== null &&
    typeof workMs === "number" &&
    typeof fatal === "boolean" &&
    typeof counters === "object" &&
    counters !== null
  );
}
