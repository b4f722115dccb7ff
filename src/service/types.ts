import type { CacheTierStats, TextCache } from "../cache/types.ts";
import type { Region, Size } from "../core/geometry.ts";
import type { Diagnostic } from "../formula/diagnostic.ts";
import type { Formula } from "../formula/formula.ts";
import type { PresetCategory } from "../formula/index.ts";
import type { Encoding, Picture, RawChunk, RendererMetrics, SourceRef, StatisticsResult } from "../render/types.ts";
import type { RemoteMetrics } from "../source/remote/reader.ts";
import type { ImageInfo } from "../source/types.ts";
import type { CataloguePreset, ImagePreset } from "./catalogue/types.ts";
import type { JobService } from "./jobs/types.ts";
import type { PurgeTarget } from "./purge.ts";

/** An image of the catalogue, opened: description and identity of its bytes at one moment. */
export interface ServedImage {
  readonly key: string;
  /** Display name; the key's last part unless the file tells one. */
  readonly name: string;
  readonly description: string | null;
  /** Formula of the image where a client names none; null: the rules of display decide. */
  readonly defaultFormula: string | null;
  readonly presets: readonly CataloguePreset[];
  readonly info: ImageInfo;
  /** Identity of the bytes, hex, and of the image's last purge where there was one. */
  readonly revision: string;
  readonly source: SourceRef;
  /** Levels by powers of two, stored or virtual; level 0 is full resolution. */
  readonly levels: number;
}

export interface ImageListOptions {
  readonly search?: string;
}

export interface ImageService {
  /** NOT_FOUND for an unknown key, SOURCE_UNREADABLE for a file that cannot be read. Revision checked at most once a second. */
  get(key: string, signal?: AbortSignal): Promise<ServedImage>;
  /** The image as `get` would give it, without a promise: only where its revision was checked within the last second; else null. */
  fresh(key: string): ServedImage | null;
  /** All keys, or those that hold `search` in themselves or in their name in the catalogue; sorted by code point. */
  keys(options?: ImageListOptions): Promise<readonly string[]>;
  /** All presets that the catalogue names, sorted by key of their image and by name, by code point. */
  presets(): readonly ImagePreset[];
  close(): Promise<void>;
}

export interface PlaneChoice {
  readonly z?: number;
  readonly t?: number;
}

/** A formula text bound to an image: complete, or invalid with diagnostics as data. */
export type BoundFormula = ValidFormula | InvalidFormula;

interface BoundBase {
  readonly image: ServedImage;
  /** Text as it was given. */
  readonly source: string;
  readonly plane: { readonly z: number; readonly t: number };
  /** Hash of image key, source text, arguments and revisions; also when invalid. */
  readonly id: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ValidFormula extends BoundBase {
  readonly valid: true;
  readonly formula: Formula;
  /** Other images that the formula reads, by key. */
  readonly others: readonly ServedImage[];
  /** `v` of tile URLs: 16 hex digits over render version, every (key, revision) pair that is read, and the last purge of the formula. */
  readonly version: string;
  /** Of the formula's last purge; empty: none. */
  readonly generation: string;
}

export interface InvalidFormula extends BoundBase {
  readonly valid: false;
}

/** Display options that become formula text. */
export interface DisplayOptions {
  readonly window?: readonly number[];
  readonly percentiles?: readonly number[];
  readonly gamma?: number;
  readonly colormap?: string;
  readonly invert?: boolean;
  readonly nodataColor?: string;
}

export interface Layer {
  readonly expression: string;
  readonly color: string;
  readonly window?: readonly number[];
  readonly visible: boolean;
  readonly blend: string;
}

export interface FormulaService {
  /** Never rejects for a bad formula; rejects when pixels that it needs (percentiles) cannot be read. */
  bind(image: ServedImage, source: string | null, plane?: PlaneChoice, signal?: AbortSignal): Promise<BoundFormula>;
  /** Sugar to text. BAD_REQUEST where the options contradict each other. */
  displayText(source: string, display: DisplayOptions): string;
  layersText(layers: readonly Layer[]): string;
  /** The formula of an image that is asked for without one. */
  defaultText(image: ServedImage): string;
}

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
  readonly contentType: string;
  readonly cache: CacheOutcome;
}

export interface ServedRegion extends Picture {
  readonly key: string;
  readonly contentType: string;
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

export interface StatisticsRequest {
  readonly formula: ValidFormula;
  readonly level: number | null;
  readonly region: Region | null;
  readonly bins: number;
  readonly percentiles: readonly number[];
}

export interface ProbeRequest {
  readonly formula: ValidFormula;
  /** Full-resolution pixels; they may lie outside the image. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly level: number;
}

export interface ServedStatistics extends StatisticsResult {
  /** `v` of the pixels that were looked at: another than the formula's where the file changed under the work. */
  readonly version: string;
  /** Whose pixels were looked at. */
  readonly level: number;
  /** Every full-resolution pixel was counted, and percentiles and bins are of the values themselves. */
  readonly exact: boolean;
}

export interface ServedProbe {
  /** `v` of the pixels that were looked at. */
  readonly version: string;
  /** One for each point, in order. */
  readonly points: readonly ProbedPoint[];
}

export interface ProbedPoint {
  readonly x: number;
  readonly y: number;
  readonly channels: readonly { readonly channel: number; readonly value: Sample }[];
  readonly values: readonly Sample[];
  /** `#rrggbb` or null where the picture is transparent. */
  readonly color: string | null;
}

export interface Sample {
  readonly number: number | null;
  readonly state: "FINITE" | "NODATA" | "OUTSIDE";
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

/** A formula with a name. */
export interface Preset {
  readonly name: string;
  /** What it is, in a line. */
  readonly title: string | null;
  readonly description: string | null;
  /** Of the library, beside an image: with that image's channels; alone: with names of bands, or null where it is made of any channels. */
  readonly formula: string | null;
  /** The image that it belongs to; null: any that can evaluate it. */
  readonly imageKey: string | null;
  readonly category: PresetCategory | null;
  readonly reference: string | null;
  readonly origin: "library" | "catalogue" | "saved";
}

/** `imageKey` left out: the nearest to the image of that name; null: one that belongs to no image. */
export interface PresetRef {
  readonly name: string;
  readonly imageKey?: string | null;
}

export interface PresetToSave {
  readonly name: string;
  readonly formula: string;
  readonly description: string | null;
  readonly imageKey: string | null;
}

export interface SavedPreset {
  /** Null: `problem` says why. */
  readonly preset: Preset | null;
  readonly problem: { readonly field: keyof PresetToSave; readonly message: string } | null;
  /** What is wrong with the formula on its image. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface PresetService {
  all(): Promise<readonly Preset[]>;
  /** Those that an image can evaluate, the nearest to it first; one of a name. */
  ofImage(image: ServedImage): Promise<readonly Preset[]>;
  /** Null: there is none, or none that the image can evaluate. */
  find(image: ServedImage, ref: PresetRef): Promise<Preset | null>;
  saved(ref: { readonly name: string; readonly imageKey: string | null }): Promise<Preset | null>;
  fromLibrary(name: string): Preset | null;
  /** Replaces one of the same name and image. NOT_FOUND for an image that there is not, LIMIT_EXCEEDED for too many. */
  save(preset: PresetToSave, signal?: AbortSignal): Promise<SavedPreset>;
  /** False: there was none. */
  delete(name: string, imageKey: string | null): Promise<boolean>;
}

/** Where an image of the data folder lies. */
export interface OriginalEntry {
  readonly key: string;
  /** In the data folder. */
  readonly path: string;
  /** The image is a folder. */
  readonly folder: boolean;
}

/** A file of an image, open at one version. */
export interface Original {
  /** Bytes. */
  readonly size: number;
  /** Identity of its bytes, hex: the revision of an image that is this one file. */
  readonly revision: string;
  /** `length` bytes from `offset`, in parts; throws before the last of them when the file has changed. */
  read(offset: number, length: number): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** The files of images as they are stored, for processes that have no disk with them. */
export interface Originals {
  /** Sorted by key. */
  list(): Promise<readonly OriginalEntry[]>;
  /** By path in the data folder or by key of an image that is one file. NOT_FOUND for anything else. */
  open(name: string): Promise<Original>;
}

/** Pictures that are to be made anew, though neither image nor formula changed. */
export interface PurgeService {
  /** Grows with each purge that this server learns of: what was worked out before may stand for other pictures now. */
  readonly count: number;
  /** Holds here at once, and on other servers within a second. FORBIDDEN where nothing can be saved for all of them. */
  purge(target: PurgeTarget): Promise<void>;
}

/** Addresses that are given and taken: signed, where the server was given keys. */
export interface Links {
  /** When a link that is given now ends to hold, seconds since 1970; null: never. */
  expiry(): number | null;
  /** The end of an address with its signature behind it. `path`: of a tile up to the image's key, else up to the extension. */
  signed(path: string, query: string): string;
  /**
   * A request target as it was received: when it ends to hold, null for never. FORBIDDEN for a signature that is missing or wrong,
   * LINK_EXPIRED.
   */
  check(target: string): number | null;
}

/** Every limit that a client can run into, in one place; shown by `server { limits }`. */
export interface Limits {
  readonly formulaLength: number;
  readonly formulaNodes: number;
  readonly formulaDepth: number;
  readonly formulaChannels: number;
  readonly tilesAsUrls: number;
  readonly tilesInline: number;
  readonly inlineBytes: number;
  readonly queryCost: number;
  readonly queryDepth: number;
  readonly queryAliases: number;
  readonly queryTokens: number;
  readonly regionSide: number;
  readonly tileSizes: readonly number[];
  readonly probePoints: number;
  readonly histogramBins: number;
  readonly requestBytes: number;
  readonly jobTiles: number;
  readonly jobsAtOnce: number;
  readonly streams: number;
  readonly streamOperations: number;
}

/** Counts since the server started, and what is so now. */
export interface ServiceStats {
  readonly version: string;
  readonly cache: readonly CacheTierStats[];
  /** Tiles and regions that were answered, by where their bytes came from. */
  readonly pictures: Readonly<Record<CacheOutcome, number>>;
  readonly renderer: RendererMetrics;
  readonly remote: RemoteMetrics;
}

/** What graphql/ and http/ are given: the whole pipeline behind a few names. */
export interface Services {
  readonly images: ImageService;
  readonly formulas: FormulaService;
  readonly tiles: TileService;
  readonly presets: PresetService;
  readonly jobs: JobService;
  readonly links: Links;
  /** Null: files are not given away. */
  readonly originals: Originals | null;
  readonly purges: PurgeService;
  /** Queries by their hash. */
  readonly texts: TextCache;
  readonly limits: Limits;
  stats(): ServiceStats;
  /** Not ready: the reason, for /readyz. */
  readiness(): string | null;
  close(): Promise<void>;
}
