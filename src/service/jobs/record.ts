import type { Region } from "../../core/geometry.ts";
import { type TileWalk, walkTiles } from "../../plan/index.ts";
import type { Encoding } from "../../render/types.ts";
import type { ImageInfo } from "../../source/types.ts";
import type { JobState } from "./types.ts";

/** Parts that a job is cut into at most: so many servers could share one, and what is written down of a job stays small. */
const MAX_PARTS = 64;

/** A job as it is written down: what is wanted, and how it ended. How far it is stands with its parts. */
export interface JobRecord {
  readonly id: string;
  /** Raised when the whole job is begun again: parts of an earlier run count for nothing. */
  readonly run: number;
  readonly imageKey: string;
  readonly formula: string;
  readonly plane: { readonly z: number; readonly t: number };
  /** Of the picture (see ValidFormula): the job is for these bytes and no others. */
  readonly version: string;
  readonly levels: readonly number[] | null;
  readonly region: Region | null;
  readonly tileSize: number;
  readonly encoding: Encoding;
  readonly pad: boolean;
  readonly tiles: number;
  readonly steps: number;
  readonly createdAt: number;
  readonly ended: JobEnd | null;
}

export interface JobEnd {
  readonly state: Extract<JobState, "completed" | "failed" | "cancelled">;
  readonly at: number;
  readonly error: string | null;
}

/** How far a part is: durable, so that who takes it over asks for no tile again that was finished. */
export interface PartProgress {
  readonly run: number;
  /** The step of the walk that is next. */
  readonly next: number;
  readonly completed: number;
  readonly failed: number;
  /** Of the first tile that failed. */
  readonly error: string | null;
  /** Tiles a second, smoothed. */
  readonly rate: number;
  /** When this was written, milliseconds since 1970. */
  readonly at: number;
  /** How often it was begun since a step of it was last finished: what ends every process that touches it is given up. */
  readonly takes: number;
  /** Who works on it; null: nobody. */
  readonly worker: PartWorker | null;
}

export interface PartWorker {
  readonly host: string;
  readonly pid: number;
  /** Tells the process from others that had, or will have, its pid; null where the system does not say. */
  readonly birth?: string | null;
}

/** Steps [from, to) of the walk. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

export function partCount({ steps }: Pick<JobRecord, "steps">): number {
  return Math.min(MAX_PARTS, steps);
}

/** Parts are neighbours in the walk, as equal as can be. */
export function partRange(record: Pick<JobRecord, "steps">, index: number): PartRange {
  const parts = partCount(record);
  const border = (part: number) => Math.floor((part * record.steps) / parts);
  return { from: border(index), to: border(index + 1) };
}

export function freshPart(record: JobRecord, index: number): PartProgress {
  const { from } = partRange(record, index);
  return { run: record.run, next: from, completed: 0, failed: 0, error: null, rate: 0, at: 0, takes: 0, worker: null };
}

export function isFinished(record: JobRecord, index: number, part: PartProgress): boolean {
  return part.next >= partRange(record, index).to;
}

export function walkOf(
  info: ImageInfo,
  { tileSize, levels, region }: Pick<JobRecord, "tileSize" | "levels" | "region">,
): TileWalk {
  return walkTiles(info, { tileSize, region, ...(levels === null ? {} : { levels }) });
}
