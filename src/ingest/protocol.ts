import type { MessagePort } from "node:worker_threads";
import type { PlaneType } from "../core/dtype.ts";
import type { ErrorMessage } from "../core/errors.ts";
import type { Region, Size } from "../core/geometry.ts";
import type { Location } from "../source/index.ts";
import type { Downsample } from "../source/tiff/write-downsample.ts";
import type { ChunkEncoding } from "./options.ts";

/** What is written, as far as threads need to know. Planes count t outermost, then z, then channels. Plain data. */
export interface Target extends Size {
  readonly levels: number;
  /** Pixels a side of a chunk. */
  readonly chunk: number;
  readonly type: PlaneType;
  /** Of each channel; null: all samples are data. */
  readonly nodata: readonly (number | null)[];
  /** Which channels are codes: their levels are taken, not averaged. */
  readonly categorical: readonly boolean[];
  /** The opacity of the other channels; null: none is written as such. */
  readonly alpha: TargetAlpha | null;
  readonly downsample: Downsample;
  readonly encoding: ChunkEncoding;
  /** Stands in chunks behind the edge of the image. */
  readonly fill: number;
  /** Chunks that are all `fill` are left out. */
  readonly sparse: boolean;
}

export interface TargetAlpha {
  readonly channel: number;
  /** The others are stored multiplied by it: their plain mean is the right one. */
  readonly isMultiplied: boolean;
}

/** What a thread is started with. */
export interface ThreadSettings {
  readonly sources: readonly Location[];
  readonly target: Target;
  /** The way to sources behind a network (serveRemote at its other end); null: there are none. */
  readonly remote: MessagePort | null;
}

/** Planes of the chunks of one group. */
export interface GroupRead {
  readonly group: number;
  /** Plane of the decoded chunk for each plane that is written. */
  readonly samples: readonly number[];
}

/** How planes that are written are read from a source. */
export interface Reading {
  /** One after the other they fill the planes of a job. */
  readonly reads: readonly GroupRead[];
  /** As stored, beneath masks and the like; else what they leave out is NaN. */
  readonly isStored: boolean;
  /** A plane behind those that are read is made of the mask: this number where there is data, else 0. Null: there is none. */
  readonly opaque: number | null;
}

/** Where samples come from. */
export interface Origin extends Reading {
  /** Index into ThreadSettings.sources. */
  readonly source: number;
  readonly z: number;
  readonly t: number;
}

/**
 * A rectangle of some planes: read (level 0) or given, to be cut into chunks at `depth` levels, and to be halved once more where the
 * pyramid goes on. Its left and top lie on borders of chunks at all these levels.
 */
export interface UnitJob {
  readonly kind: "unit";
  readonly level: number;
  readonly depth: number;
  readonly region: Region;
  readonly planes: readonly number[];
  readonly origin: Origin | null;
  /** Samples row by row, one buffer a plane, where `origin` is null. */
  readonly data: readonly ArrayBuffer[] | null;
}

export interface ChunkPlace {
  readonly plane: number;
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

/** A chunk that is ready to be stored. */
export interface EncodedChunk extends ChunkPlace {
  /** Where it lies in UnitResult.bytes. */
  readonly offset: number;
  /** 0: all `fill`, to be left out. */
  readonly length: number;
  /** CRC-32 of its samples inside the image, row by row, little-endian. */
  readonly checksum: number;
}

/** What a unit leaves for the level behind its last one. */
export interface Remainder {
  readonly level: number;
  readonly region: Region;
  readonly planes: readonly number[];
  readonly data: readonly ArrayBuffer[];
}

export interface UnitResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly chunks: readonly EncodedChunk[];
  readonly rest: Remainder | null;
}

/** Chunks of the file that was written, to be read again. */
export interface CheckJob {
  readonly kind: "check";
  readonly location: Location;
  readonly channels: number;
  readonly depth: number;
  readonly chunks: readonly ChunkPlace[];
}

/** Checksums in the order of CheckJob.chunks. */
export type CheckResult = readonly number[];

/** The pixels of a level of the file that was written tell how a channel is shown. */
export interface WindowJob {
  readonly kind: "window";
  readonly location: Location;
  readonly channel: number;
  readonly level: number;
}

export type WindowResult = readonly [low: number, high: number];

export type Job = UnitJob | CheckJob | WindowJob;

export type Result = UnitResult | CheckResult | WindowResult;

export type Answer = { readonly value: Result } | { readonly error: ErrorMessage };
