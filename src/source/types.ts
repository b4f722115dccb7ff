import type { DataType, PlaneType } from "../core/dtype.ts";
import type { PixelOps } from "../kernel/pixel-ops.types.ts";

/** Bytes somewhere: a file now, HTTP and S3 behind the same three calls. */
export interface Store {
  /** Total length in bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`. Synchronous where the medium is local (a promise costs more than the read);
   * callers await only what is a promise. Throws SOURCE_UNREADABLE past the end, SOURCE_FAILED or SOURCE_TIMEOUT for the medium.
   */
  read(offset: number, length: number, signal?: AbortSignal): Uint8Array | Promise<Uint8Array>;
  /** The same into memory of the caller, where the medium is local: a buffer for each of a thousand chunks a second is garbage. */
  readInto?(target: Uint8Array, offset: number): void;
  close(): void | Promise<void>;
}

/** One channel as its file describes it. Plain data. */
export interface ChannelInfo {
  /** From 0. */
  readonly index: number;
  /** As stored; generated (`b1`, or red/green/blue for RGB photometrics) where the file names none. */
  readonly name: string;
  readonly dataType: DataType;
  readonly wavelengthNm: number | null;
  /** `#rrggbb`. */
  readonly color: string | null;
  readonly nodata: number | null;
  readonly unit: string | null;
  readonly scale: number;
  readonly offset: number;
  /** Display window from the metadata, stored values. */
  readonly window: readonly [low: number, high: number] | null;
}

/** A level that exists in the file. */
export interface StoredLevel {
  readonly width: number;
  readonly height: number;
  /** Nominal chunk size; chunks at the right and bottom edge are cut to the level. */
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  /** `deflate`, `lzw`, `none` …: for people. */
  readonly codec: string;
}

export interface PixelSize {
  readonly x: number;
  readonly y: number;
  readonly unit: string;
}

/** Everything known of an image without reading pixels. Plain data: it crosses threads by structured clone. */
export interface ImageInfo {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Planes along z and t, at least 1. */
  readonly depth: number;
  readonly times: number;
  readonly channels: readonly ChannelInfo[];
  /** Stored levels, finest first; levels[0] is full resolution. */
  readonly levels: readonly StoredLevel[];
  readonly pixelSize: PixelSize | null;
  /** In a sentence each: what is odd in the file, what would make it faster. */
  readonly warnings: readonly string[];
}

/**
 * One stored chunk. Channels that are interleaved in the file share a chunk: they have the same `group` and differ in
 * `sample` (see ImageSource.locate).
 */
export interface ChunkRef {
  /** Index into ImageInfo.levels. */
  readonly level: number;
  readonly group: number;
  readonly z: number;
  readonly t: number;
  /** Position in the level's chunk grid. */
  readonly x: number;
  readonly y: number;
}

/** How a decoded chunk lies in memory: `samples` planes of width × height, one after the other, each `planeStride` bytes. */
export interface ChunkLayout {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly type: PlaneType;
}

/** Compressed bytes of a chunk; null where the file leaves it out (sparse): it is then all `fill`. */
export type ChunkBytes = Uint8Array | null;

/** A view of an image file: its description, and its chunks. */
export interface ImageSource {
  readonly info: ImageInfo;
  /** In which chunk group a channel lies, and which plane of the decoded chunk is its own. */
  locate(channel: number): { readonly group: number; readonly sample: number };
  layout(ref: ChunkRef): ChunkLayout;
  /** Bytes as stored, good until the next `fetch`. All bounds are checked before memory is taken; SOURCE_UNREADABLE otherwise. */
  fetch(ref: ChunkRef, signal?: AbortSignal): ChunkBytes | Promise<ChunkBytes>;
  /** Scratch bytes that `decode` needs for a chunk of so many compressed bytes. */
  scratchBytes(ref: ChunkRef, compressedLength: number): number;
  /**
   * Decode to `target.ptr`: exactly samples × width × height samples, planar, little-endian, predictor undone, no padding
   * between planes. Synchronous and keeps no reference; codecs that only exist asynchronously are awaited in `fetch`.
   * Output of a codec that is longer than the chunk is refused or cut, never written; a shorter one is SOURCE_UNREADABLE.
   */
  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void;
  close(): void | Promise<void>;
}

/** Where a chunk is decoded to: addresses in the memory of `pixels`, each with SLACK_BYTES free behind its range. */
export interface DecodeTarget {
  readonly pixels: PixelOps;
  readonly ptr: number;
  readonly scratch: number;
}
