import type { DataType } from "../core/dtype.ts";
import type { BandloomError } from "../core/errors.ts";
import type { Region, Size } from "../core/geometry.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Identity } from "../source/identity.ts";
import type { Location } from "../source/location.ts";
import type { ImageInfo } from "../source/types.ts";

/** Where an image lies, for a worker to open: its location never leaves the server. Plain data. */
export interface SourceRef {
  readonly key: string;
  readonly location: Location;
  /** Its pixels lie behind a network: work on it mostly waits. */
  readonly remote: boolean;
  /** Identity of the bytes that this work is meant for; a worker that finds others answers SOURCE_CHANGED. */
  readonly revision: string;
  /** Of the image's last purge: what a worker decoded before is read again. Empty or left out: none. */
  readonly generation?: string;
}

/** An image that is to be described, and then most likely to be read. */
export interface NewSource extends Omit<SourceRef, "revision"> {
  /** What its generation ends with where it has chunks at which nobody looks; empty or left out: nothing. */
  readonly stretch?: string;
}

export type PictureFormat = "jpeg" | "png" | "webp" | "avif" | "npy";

/** How a picture is encoded. Everything that changes a byte of the result stands here. */
export interface Encoding {
  readonly format: PictureFormat;
  /** 1…100; ignored by png and npy. */
  readonly quality: number;
  /** webp and avif. */
  readonly lossless: boolean;
}

/** One picture to make: pixels `region` of `level` (0 is full resolution), cropped to the level by the caller. */
export interface PictureTask {
  readonly level: number;
  readonly region: Region;
  /** Final canvas, the pixels at its top left, the rest without data; null: as large as the region. */
  readonly pad: Size | null;
  /** Scale to this size after evaluation; null: not at all. */
  readonly resize: Size | null;
  /** Scaled by taking pixels, never by mixing them, as numbers always are; left out: pictures are mixed. */
  readonly sampled?: boolean;
  readonly encoding: Encoding;
}

/** What every evaluation of a kernel reads. */
interface Reads {
  readonly source: SourceRef;
  readonly info: ImageInfo;
  /** Other images that the kernel lays over this one; left out: none. */
  readonly others?: readonly SourceRef[];
}

/** A batch that shares one formula and one image: chunks are read and decoded once for all of it. */
export interface PictureJob extends Reads {
  readonly kernel: Kernel;
  readonly pictures: readonly PictureTask[];
}

export interface Picture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** As a worker gives it. */
export interface RenderedPicture extends Picture {
  /** Its share of the time that its job took in the worker, the reading of chunks included and the wait for a worker not, milliseconds. */
  readonly renderMs: number;
}

/** Numbers of a float32 kernel with one plane over regions of one level. */
export interface StatisticsJob extends Reads {
  /** It is part of work that was let in before; left out: it is asked for by itself, and may be refused. */
  readonly admitted?: boolean;
  /** Chunks that cannot be decoded are left out; left out: nothing may be. For up to MAX_STATISTICS_PIXELS. */
  readonly partly?: boolean;
  readonly kernel: Kernel;
  readonly level: number;
  readonly regions: readonly Region[];
  readonly bins: number;
  /** In percent, 0…100. */
  readonly percentiles: readonly number[];
}

export interface StatisticsResult {
  readonly count: number;
  readonly validCount: number;
  /** Null when no pixel is valid. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  /** Linear interpolation between the sorted valid values (numpy's default); null entries when no pixel is valid. */
  readonly percentiles: readonly (number | null)[];
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] };
  /** Pixels that are in none of the numbers, as they cannot be decoded; left out where all could. */
  readonly unread?: number;
}

/** Formula values (float32 kernel, any number of planes) and raw channel values under single pixels of one level. */
export interface ProbeJob extends Reads {
  readonly kernel: Kernel;
  /** Byte kernel (rgba8) for the colour under the point; null: none wanted. */
  readonly colorKernel: Kernel | null;
  readonly level: number;
  /** Pixels of `level`. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface ProbeResult {
  /** One entry for each kernel input: stored value (before nodata), and whether it is no data. */
  readonly inputs: readonly { readonly value: number; readonly nodata: boolean }[];
  /** NaN is no data. */
  readonly values: readonly number[];
  readonly rgba: readonly [number, number, number, number] | null;
}

/** The stored chunk of a channel (samples as they are stored, planar, little-endian; no mask is applied). `level` counts stored levels. */
export interface ChunkJob {
  readonly source: SourceRef;
  readonly info: ImageInfo;
  readonly channel: number;
  readonly level: number;
  readonly z: number;
  readonly t: number;
  readonly x: number;
  readonly y: number;
}

export interface RawChunk {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** As stored, but for bits, which are bytes of 0 and 1. */
  readonly type: Exclude<DataType, "bit">;
}

/**
 * Live: somebody looks at it as it comes. Bulk: somebody waits for much of it, or for numbers; after what is live of the same owner.
 * Background: nobody waits, so it runs only while nothing else waits, and never on all workers.
 */
export type Priority = "live" | "bulk" | "background";

/** The worker pool as its users see it. Every call rejects with BandloomError; an aborted signal with its reason. */
export interface Renderer {
  /** Resolves when all workers have loaded their code: before, the first pictures wait for it. Never rejects. */
  readonly ready: Promise<void>;
  describe(source: NewSource, signal?: AbortSignal): Promise<Described>;
  /** One result for each picture of the job, in order; one failure does not spoil the others. */
  pictures(job: PictureJob, signal?: AbortSignal, priority?: Priority): Promise<readonly (RenderedPicture | Error)[]>;
  statistics(job: StatisticsJob, signal?: AbortSignal): Promise<StatisticsResult>;
  probe(job: ProbeJob, signal?: AbortSignal): Promise<readonly ProbeResult[]>;
  chunk(job: ChunkJob, signal?: AbortSignal): Promise<RawChunk>;
  /** What a client would be told that asked for a usual tile now (OVERLOADED, QUOTA_EXCEEDED); null: it would be let in. */
  refusal(client: () => string): BandloomError | null;
  metrics(): RendererMetrics;
  close(): Promise<void>;
}

/** An image as it was found, and which bytes that was. */
export interface Described {
  readonly info: ImageInfo;
  readonly identity: Identity;
}

export interface RendererMetrics {
  readonly workers: number;
  readonly busy: number;
  /** Live work that waits. */
  readonly queued: number;
  /** Background work that waits. */
  readonly background: number;
  readonly pictures: number;
  readonly failures: number;
  readonly replacedWorkers: number;
  /** Work and files that were refused for a minute, as they had cost workers. */
  readonly quarantines: number;
  readonly chunksDecoded: number;
  readonly chunkHits: number;
  readonly kernelsCompiled: number;
}
