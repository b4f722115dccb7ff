import type { CacheTierStats, TextCache } from "../../cache/types.ts";
import type { BandloomError } from "../../core/errors.ts";
import type { RendererMetrics } from "../../render/types.ts";
import type { RemoteMetrics } from "../../source/remote/reader.ts";
import type { JobService } from "../jobs/types.ts";
import type { PurgeTarget } from "../purge.ts";
import type { FormulaService } from "./formula.ts";
import type { ImageService } from "./image.ts";
import type { Limits } from "./limits.ts";
import type { Originals } from "./original.ts";
import type { PresetService } from "./preset.ts";
import type { CacheOutcome, TileService } from "./tile.ts";

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
  /** Work that would wait longer is refused, milliseconds. */
  readonly queueMs: number;
  /** What a client would be told that asked for a usual tile now, where tiles are made here; null: it would be let in. */
  refusal(client: () => string): BandloomError | null;
  stats(): ServiceStats;
  /** Not ready: the reason, for /readyz. */
  readiness(): string | null;
  close(): Promise<void>;
}
