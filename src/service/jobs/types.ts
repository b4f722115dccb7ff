import type { Region } from "../../core/geometry.ts";
import type { Encoding } from "../../render/types.ts";
import type { ValidFormula } from "../types/formula.ts";

export type JobState = "queued" | "running" | "completed" | "failed" | "cancelled";

/** Tiles to render ahead of use, as it stands now. */
export interface Job {
  /** Of what is wanted: who wants the same gets the same. */
  readonly id: string;
  readonly state: JobState;
  readonly imageKey: string;
  /** Text as it was given. */
  readonly formula: string;
  /** Tiles that are in the cache now: rendered, or found there. */
  readonly completed: number;
  /** Tiles that could not be rendered. */
  readonly failed: number;
  readonly total: number;
  /** Tiles a second, lately; null while nothing runs. */
  readonly rate: number | null;
  /** Null: not known. */
  readonly secondsLeft: number | null;
  /** Why it ended, or why the first of the failed tiles failed. */
  readonly error: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; null: it has not ended. */
  readonly finishedAt: number | null;
}

export interface JobWish {
  readonly formula: ValidFormula;
  /** Null: all. */
  readonly levels: readonly number[] | null;
  /** Full-resolution pixels inside the image; null: all of it. */
  readonly region: Region | null;
  readonly tileSize: number;
  readonly encoding: Encoding;
  readonly pad: boolean;
}

/** Tiles rendered ahead of use. Every call rejects with SOURCE_FAILED where what holds the jobs does not answer. */
export interface JobService {
  /**
   * A job for what is wanted. One that is under way is given back; one that was cancelled goes on where it was, and one that ended otherwise
   * begins anew. LIMIT_EXCEEDED for too many tiles or jobs, NOT_FOUND for a level that there is not, FORBIDDEN
   * where nobody would ever work on it.
   */
  start(wish: JobWish): Promise<Job>;
  /** Null: there is none. */
  get(id: string): Promise<Job | null>;
  /** The newest first. */
  list(): Promise<readonly Job[]>;
  /** The job as it is after that; one that has ended stays as it ended. Null: there is none. */
  cancel(id: string): Promise<Job | null>;
  /** The job as it is, then as it changes, at most four times a second; ends when the job has ended, when it is gone, and by the signal. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Job>;
  /** Tiles of jobs that this process has dealt with, since it started. */
  counts(): { readonly completed: number; readonly failed: number };
  /** Stops the work; the jobs stay. */
  close(): Promise<void>;
}
