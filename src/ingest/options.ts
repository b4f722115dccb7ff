import type { Location, Remote } from "../source/index.ts";
import type { Downsample } from "../source/tiff/write-downsample.ts";

/** What can be written. */
export const FORMATS = ["ome-tiff", "cog", "ome-zarr"] as const;
export type OutputFormat = (typeof FORMATS)[number];

export const CHUNK_SIZES = [256, 512, 1024] as const;
export type ChunkSize = (typeof CHUNK_SIZES)[number];

export const COMPRESSIONS = ["deflate", "zstd", "gzip", "blosc"] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** How chunks are packed. TIFF: predictor, then the codec. */
export interface ChunkEncoding {
  readonly compression: Compression;
  /** The codec's own scale: 1 (fast) to 9 (small), zstd to 22. */
  readonly effort: number;
  /** Differences of TIFF before the codec. */
  readonly predictor: boolean;
}

/**
 * Defaults and bounds of each codec, and where it can be used. Defaults lie where more effort no longer pays: on differences of measured
 * samples deflate 6 takes three times as long as 4 for some percent at best.
 */
export const CODECS: Readonly<
  Record<Compression, { readonly effort: number; readonly most: number; readonly formats: readonly OutputFormat[] }>
> = {
  deflate: { effort: 4, most: 9, formats: ["ome-tiff", "cog"] },
  zstd: { effort: 3, most: 22, formats: FORMATS },
  gzip: { effort: 4, most: 9, formats: ["ome-zarr"] },
  blosc: { effort: 3, most: 9, formats: ["ome-zarr"] },
};

/** A source, and what people call it. */
export interface NamedLocation {
  readonly location: Location;
  /** File name: names channels that have none, and stands in messages. */
  readonly name: string;
}

export interface IngestOptions {
  /** Several are joined: their channels, in this order, become one image. */
  readonly sources: readonly NamedLocation[];
  /** Absolute path. */
  readonly output: string;
  readonly format: OutputFormat;
  /** Replace what is there. */
  readonly force?: boolean;
  /** Names of all channels, in order, in place of those that the files give. */
  readonly names?: readonly string[];
  /** 512 where absent. */
  readonly chunk?: ChunkSize;
  /** Where absent: deflate in TIFF, blosc in OME-Zarr. */
  readonly compression?: Compression;
  readonly effort?: number;
  /** Where absent: nearest for 1-bit and 32-bit integers, which are labels as a rule, else mean. */
  readonly downsample?: Downsample;
  /** OME-Zarr: 0.5 (Zarr 3) where absent. */
  readonly zarrVersion?: "0.4" | "0.5";
  /** OME-Zarr 0.5: pixels a side of a shard, a power of two times `chunk`; a file a chunk where absent. */
  readonly shard?: number;
  /** All cores where absent. */
  readonly threads?: number;
  /** What sources behind a network are read by; absent: there may be none. */
  readonly remote?: Remote;
  /** Parts of the work that are done, of all there are. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface IngestReport {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly levels: number;
  /** Chunks of all levels and planes. */
  readonly chunks: number;
  /** Chunks that were read again and found equal: all, or every coarse one and a sample of the finest level where there are very many. */
  readonly verified: number;
  /** On disk. */
  readonly bytes: number;
  readonly seconds: number;
  /** In a sentence each: what of the sources is not in the output, or is there in another form. */
  readonly warnings: readonly string[];
}
