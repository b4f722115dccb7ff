import type { Access } from "../../access/types.ts";
import type { CacheTierStats, TextCache } from "../../cache/types.ts";
import type { BandloomError } from "../../core/errors.ts";
import type { Reader } from "../../core/reader.ts";
import type { RendererMetrics } from "../../render/types.ts";
import type { RemoteMetrics } from "../../source/remote/reader.ts";
import type { JobService } from "../jobs/types.ts";
import type { PurgeTarget } from "../purge.ts";
import type { FormulaService } from "./formula.ts";
import type { ImageService } from "./image.ts";
import type { Limits } from "./limits.ts";
import type { Links, LinkTerms } from "./links.ts";
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

/** Who looks: only what that one may see is there. */
export interface Viewer {
  readonly reader: Reader;
  /** Of the links that this one is given. */
  readonly terms: LinkTerms;
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

/** What graphql/ and http/ are given: the whole pipeline behind a few names, as one viewer sees it. */
export interface Services {
  /** The same as somebody else sees it. */
  as(viewer: Viewer): Services;
  readonly access: Access;
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
