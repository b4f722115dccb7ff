import type { Region, Size } from "../../core/geometry.ts";
import type { Encoding, Picture, RawChunk } from "../../render/types.ts";
import type { ValidFormula } from "./formula.ts";
import type { ServedImage } from "./image.ts";
import type { ProbeRequest, ServedProbe, ServedStatistics, StatisticsRequest } from "./measure.ts";

export interface TileAddress {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly tileSize: number;
  readonly pad: boolean;
  readonly encoding: Encoding;
}

export interface TileRequest extends TileAddress {
  readonly formula: ValidFormula;
}

export type CacheOutcome = "MEMORY" | "EMBEDDED" | "REDIS" | "S3" | "RENDERED" | "SHARED";

export interface ServedTile {
  /** Of the bytes: another than that of the request where the file changed under the work. */
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly cache: CacheOutcome;
}

export interface ServedRegion extends Picture {
  readonly key: string;
  /** `v` of the bytes: another than the formula's where the file changed under the work. */
  readonly version: string;
}

export interface RegionRequest {
  readonly formula: ValidFormula;
  /** Full-resolution pixels, inside the image. */
  readonly region: Region;
  /** Longest side of the result, pixels. */
  readonly maxSize: number;
  readonly encoding: Encoding;
}

/** A stored chunk of one channel, undecorated. */
export interface ChunkRequest {
  readonly image: ServedImage;
  /** From 0. */
  readonly channel: number;
  /** Index of the stored level, from 0, the finest. */
  readonly storedLevel: number;
  readonly z: number;
  readonly t: number;
  readonly x: number;
  readonly y: number;
}

export interface TileService {
  /** The cache key: 64 hex digits; also Tile.id and, shortened, the ETag. */
  tileKey(request: TileRequest): string;
  /** Relative or, with a public URL, absolute. LIMIT_EXCEEDED when the formula is too long for a URL. */
  tileUrl(request: TileRequest): string;
  /** With `{z}/{x}/{y}` left open, padded tiles. */
  urlTemplate(formula: ValidFormula, tileSize: number, encoding: Encoding): string;
  /** Of the document that describes these tiles to map viewers. */
  tileJsonUrl(formula: ValidFormula, tileSize: number, encoding: Encoding): string;
  size(request: TileRequest): Size;
  /** A tile that memory holds, without a promise; null otherwise (nothing is counted then). */
  peek(key: string): ServedTile | null;
  /** Pictures that were answered, by where their bytes came from. */
  outcomes(): Readonly<Record<CacheOutcome, number>>;
  tile(request: TileRequest, signal?: AbortSignal): Promise<ServedTile>;
  /** One plan for all of them: lookups by MGET, misses rendered as one job a formula. In order; failures stand in their place. */
  tiles(requests: readonly TileRequest[], signal?: AbortSignal): Promise<readonly (ServedTile | Error)[]>;
  /**
   * The same for tiles that nobody waits for: at low priority, and kept where they do not drive out what people look at. A file that changed
   * is an error here (see isSourceChanged).
   */
  tilesAhead(requests: readonly TileRequest[], signal?: AbortSignal): Promise<readonly (ServedTile | Error)[]>;
  /** Resolves when what was rendered is where it is kept. */
  settled(): Promise<void>;
  /** Size of the result in pixels: the region, scaled down to fit `maxSize` and never up. */
  regionSize(request: RegionRequest): Size;
  regionUrl(request: RegionRequest): string;
  /** The cache key of a region; its ETag comes of it before anything is rendered. */
  regionKey(request: RegionRequest): string;
  region(request: RegionRequest, signal?: AbortSignal): Promise<ServedRegion>;
  /** Raw values, row by row, little-endian. NOT_FOUND outside the chunk grid. */
  chunk(request: ChunkRequest, signal?: AbortSignal): Promise<RawChunk>;
  /** Computed once for each revision, formula, level and region. */
  statistics(request: StatisticsRequest, signal?: AbortSignal): Promise<ServedStatistics>;
  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ServedProbe>;
}
