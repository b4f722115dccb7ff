import type { Region } from "../../core/geometry.ts";
import type { Encoding } from "../../render/types.ts";

/** Tiles to render ahead of use, as the command line names them. */
export interface PrerenderWish {
  readonly imageKey: string;
  readonly formula: string | null;
  readonly preset: string | null;
  readonly levels: readonly number[] | null;
  readonly region: Region | null;
  readonly tileSize: number;
  readonly encoding: Encoding;
  readonly pad: boolean;
}

/** How a job stands, wherever it runs. */
export interface PrerenderState {
  readonly id: string;
  /** As GraphQL writes it. */
  readonly state: string;
  readonly completed: number;
  readonly failed: number;
  readonly total: number;
  readonly rate: number | null;
  readonly error: string | null;
}

/** A job that was begun, and how to follow and to stop it. */
export interface BegunJob {
  readonly id: string;
  watch(signal: AbortSignal): AsyncIterable<PrerenderState>;
  cancel(): Promise<void>;
}
