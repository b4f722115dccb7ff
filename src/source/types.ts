import type { DataType, PlaneType } from "../core/dtype.ts";
import type { PixelOps } from "../kernel/pixel-ops.types.ts";
import type { Absent, Identity } from "./identity.ts";
import type { ByteRange, Remote } from "./remote/types.ts";
import type { ChunkFiles } from "./store/chunk-files.ts";
import type { ImageWarning } from "./warnings.ts";

/** Bytes somewhere: a file, a blob behind HTTP or S3, an entry of an archive. */
export interface Store {
  /** Total length in bytes. */
  readonly size: number;
  /** Which bytes these are. */
  readonly identity: Identity;
  /**
   * Exactly `length` bytes from `offset`. Synchronous where the medium is local (a promise costs more than the read);
   * callers await only what is a promise. Throws SOURCE_UNREADABLE past the end, SOURCE_FAILED or SOURCE_TIMEOUT for the medium.
   */
  read(offset: number, length: number, signal?: AbortSignal): Uint8Array | Promise<Uint8Array>;
  /** The same into memory of the caller, where the medium is local: a buffer for each of a thousand chunks a second is garbage. */
  readInto?(target: Uint8Array, offset: number): void;
  /** Many ranges with as few requests as possible, in order: present where each read waits for a network. */
  readMany?(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  close(): void | Promise<void>;
}

/** Blobs by path under one folder, address or archive. Paths are relative, with `/`; one that would leave the folder finds nothing. */
export interface Folder {
  /** Reading waits for a network. */
  readonly remote: boolean;
  /** A blob as a whole, of at most `limit` bytes (SOURCE_UNREADABLE beyond); null: none. Its identity where it is asked for. */
  get(path: string, limit: number, signal?: AbortSignal): WholeBlob | null | Promise<WholeBlob | null>;
  /** A blob to be read in parts; null: none. `tail`: what is read first are its last so many bytes. */
  open(path: string, signal?: AbortSignal, tail?: number): Store | null | Promise<Store | null>;
  /** Names directly in a folder below, at most `limit`, unsorted; null where the medium cannot tell (HTTP). */
  list(path: string, limit: number): readonly string[] | null | Promise<readonly string[] | null>;
  /** Whether there is such a blob: present where telling costs no request. */
  has?(path: string): boolean;
  /** What tells later that none of these has come, which were looked for in vain; `sourceChanged` where one is there by now. */
  absent?(paths: readonly string[]): Absent;
  /**
   * Looks at the chunks in folders below; what is read from then on and is younger is `sourceChanged`. Null: they are too many, or behind a
   * network. Present where blobs may change one by one.
   */
  chunks?(paths: readonly string[]): Promise<ChunkFiles | null>;
  close(): void | Promise<void>;
}

export interface WholeBlob {
  readonly bytes: Uint8Array;
  readonly identity: Identity;
}

/** What opening an image may need besides its location. */
export interface SourceContext {
  /** Null: remote sources are refused. */
  readonly remote: Remote | null;
  /** Decoded MiB of one tile, strip or chunk; left out: as many as serving allows. */
  readonly mostChunkMiB?: number;
}

/** What one value of a categorical channel means. */
export interface ChannelClass {
  /** As stored. */
  readonly value: number;
  readonly name: string | null;
  /** `#rrggbb`; null: none, or transparent. */
  readonly color: string | null;
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
  /** Shown when nobody says which channels to show (OMERO's `active`); null: the file does not tell. */
  readonly active: boolean | null;
  /** A mask or the like tells which of its samples are data: its decoded chunks are float32, with NaN for no data. */
  readonly masked: boolean;
  /** It is the opacity of the others, which have no data where it is 0: to be read by its name, and no channel of what is measured. */
  readonly alpha: boolean;
  /** It is not in the file: the reader makes it of others, as the colors of a palette. Conversion leaves it out. */
  readonly derived: boolean;
  /** `categorical`: its numbers are codes, and a mean of two of them is neither: levels are computed by taking samples, not by averaging. */
  readonly kind: "continuous" | "categorical";
  /** What its codes mean, by rising value; null: the file does not tell. */
  readonly classes: readonly ChannelClass[] | null;
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
  /** Reads of the file that one chunk takes, where it is joined of strips or of pieces of another grid; left out: 1. */
  readonly chunkReads?: number;
  /** Decoded bytes of one chunk, where it holds more than a plane of one channel; left out: that plane alone. */
  readonly chunkBytes?: number;
}

export interface PixelSize {
  readonly x: number;
  readonly y: number;
  readonly unit: string;
}

/** What a unit of the coordinates of a place measures. */
export interface Ground {
  /** Meters in one unit; of an angle, along the equator of its body. */
  readonly meters: number;
  /** Radians in one unit; null: coordinates are lengths. */
  readonly radians: number | null;
}

/** A reference system that the file spells out, as texts of PROJ: `+proj=aea +lat_1=29.5 …`. */
export interface SpelledSystem {
  /** The projection with its parameters and units. */
  readonly projection: string;
  /** Where latitudes and longitudes are counted: `EPSG:4269` and the like, or ellipsoid, shift and prime meridian. */
  readonly base: string;
}

/** Where on Earth (or on another body) the pixels lie. */
export interface Georeference {
  /** `EPSG:32619` and the like; null: the file names none that has a code. */
  readonly crs: string | null;
  /** Name of the reference system as the file gives it. */
  readonly crsName: string | null;
  /** x = a·column + b·row + c, y = d·column + e·row + f; column and row count from the top left corner of the first pixel. */
  readonly affine: readonly [a: number, b: number, c: number, d: number, e: number, f: number];
  /** Left out: the file names its reference system, or none. */
  readonly spelled?: SpelledSystem;
  /** Left out: nobody knows. */
  readonly ground?: Ground;
}

/** Everything known of an image without reading pixels. Plain data: it crosses threads by structured clone. */
export interface ImageInfo {
  readonly format: string;
  /** Name and description for people, as the file gives them; null: none. */
  readonly name: string | null;
  readonly description: string | null;
  /** Images that the file holds, this one included: `key#0`, `key#1` … are the others. */
  readonly seriesCount: number;
  readonly width: number;
  readonly height: number;
  /** Planes along z and t, at least 1. */
  readonly depth: number;
  readonly times: number;
  /** Plane that its file wants shown first, from 0 and within depth and times; left out, or an axis of it: the file does not tell. */
  readonly defaultPlane?: { readonly z?: number; readonly t?: number };
  readonly channels: readonly ChannelInfo[];
  /** Stored levels, finest first; levels[0] is full resolution. */
  readonly levels: readonly StoredLevel[];
  readonly pixelSize: PixelSize | null;
  readonly georeference: Georeference | null;
  /** Large numbers mean darkness. Left out: light, or no shade at all. */
  readonly negative?: boolean;
  /** What its reader ignored, guessed or approximated; bounded in number. */
  readonly warnings: readonly ImageWarning[];
  /** What keeps it from being fast to show, in a sentence each: conversion cures it all. */
  readonly advice: readonly string[];
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
  /** Which bytes it was opened from. */
  readonly identity: Identity;
  /** In which chunk group a channel lies, and which plane of the decoded chunk is its own. */
  locate(channel: number): { readonly group: number; readonly sample: number };
  layout(ref: ChunkRef): ChunkLayout;
  /** Bytes as stored, good until the next `fetch`. All bounds are checked before memory is taken; SOURCE_UNREADABLE otherwise. */
  fetch(ref: ChunkRef, signal?: AbortSignal): ChunkBytes | Promise<ChunkBytes>;
  /**
   * Bytes of many chunks with as few requests as possible, in order: present where each read waits for a network. These stay good.
   * An entry may be an error: that of its own chunk.
   */
  fetchAll?(refs: readonly ChunkRef[], signal?: AbortSignal): Promise<readonly (ChunkBytes | Error)[]>;
  /** Scratch bytes that `decode` needs for a chunk of so many compressed bytes. */
  scratchBytes(ref: ChunkRef, compressedLength: number): number;
  /** Where the samples of a chunk lie as they are stored: present where a mask or the like is applied to them here. Null: not to this chunk. */
  beneath?(ref: ChunkRef): SourceChunk | null;
  /** Null, or left out: nothing is known of them. */
  colors?(): Promise<StoredColors | null>;
  /**
   * Decode to `target.ptr`: exactly samples × width × height samples, planar, little-endian, predictor undone, no padding
   * between planes. Synchronous and keeps no reference; codecs that only exist asynchronously are awaited in `fetch`.
   * Output of a codec that is longer than the chunk is refused or cut, never written; a shorter one is SOURCE_UNREADABLE.
   */
  decode(bytes: ChunkBytes, ref: ChunkRef, target: DecodeTarget): void;
  close(): void | Promise<void>;
}

/** A chunk of a source. */
export interface SourceChunk {
  readonly source: ImageSource;
  readonly ref: ChunkRef;
}

/** What a file says of its colors that only who writes it anew needs to know. */
export interface StoredColors {
  /** How its samples make colors, by the numbers of TIFF's PhotometricInterpretation. */
  readonly photometric: number;
  /** The colors are stored multiplied by their alpha. */
  readonly isMultiplied: boolean;
  /** What besides alpha leaves pixels out: one mask for all channels of a chunk, or such that each may have its own. */
  readonly mask: "none" | "one" | "apart";
  /** The ICC profile; null: none that can be read. */
  readonly profile: Uint8Array | null;
}

/** Where a chunk is decoded to: addresses in the memory of `pixels`, each with SLACK_BYTES free behind its range. */
export interface DecodeTarget {
  readonly pixels: PixelOps;
  readonly ptr: number;
  readonly scratch: number;
}
