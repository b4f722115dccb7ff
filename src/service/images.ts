import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { levelCount } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import type { Described, Renderer } from "../render/index.ts";
import {
  type FileStamp,
  fileStamp,
  filesUnchanged,
  isRemote,
  isSourceChanged,
  type Location,
  locationKey,
  type Remote,
  remoteUnchanged,
} from "../source/index.ts";
import type { CatalogueEntry, ImageFiles, ImagePreset } from "./catalogue/types.ts";
import { type KnownPurges, NEVER_PURGED } from "./generations.ts";
import { withPlaceWarning } from "./geography/index.ts";
import { chunksWatch, DEFAULT_HOLD_MS, presentStretch, type Stretch } from "./loose-chunks.ts";
import type { ImageListOptions, ImageService, ServedImage } from "./types/image.ts";
import { servedRevision } from "./version.ts";

/** Descriptions of images that are kept: a few kilobytes each. */
const MAX_IMAGES = 1000;
const MAX_TOLD = 100_000;
/** A file is compared with what is known of it at most this often, milliseconds. */
const CHECK_INTERVAL_MS = 1000;
const REMOTE_CHECK_INTERVAL_MS = 10_000;
/**
 * What cannot be read and seems unchanged is looked at again after twice as long each time, up to this, milliseconds. Not never: that a file
 * was added to a folder or to a set of files shows in no stamp.
 */
const MAX_REFUSAL_MS = 64_000;
/** What is found of the file itself, a worker that it ended included; other failures may pass at once, and are not kept. */
const KEPT: readonly string[] = ["SOURCE_UNREADABLE", "LIMIT_EXCEEDED", "INTERNAL"];
/** A file that changes again and again while it is described is being written. */
const MAX_ATTEMPTS = 3;

export interface ImagesOptions {
  /**
   * What lies behind a network is compared with what is known of it at most this often, milliseconds; 10 s when left out. Reads need no
   * such check: each names the version that it wants.
   */
  readonly remoteCheckMs?: number;
  /**
   * Chunks that may change one by one, and at which nobody looks (behind a network, or too many), count as the same for so long, milliseconds; an
   * hour when left out, 0: for ever.
   */
  readonly chunkHoldMs?: number;
  /** Told what is odd in a file, in a line for each of its revisions. */
  readonly onWarning?: (line: string) => void;
}

interface Known {
  readonly entry: CatalogueEntry;
  readonly outcome: Opened | Unreadable;
  readonly interval: number;
  readonly checked: number;
  /** How many purges were known then. */
  readonly purges: number;
}

interface Opened {
  readonly described: Described;
  readonly image: ServedImage;
  /** A look at chunks that are files of their own. */
  readonly chunksUnchanged: () => boolean;
}

/** Files are looked at again when their stamp is another one, and ever more seldom while it is the same. */
interface Unreadable {
  readonly error: BandloomError;
  readonly stamp: FileStamp | null;
  /** How often in a row it was looked at in vain. */
  readonly attempts: number;
}

/** The images of a catalogue. Files are described by workers: a hostile one costs a worker, never the process. */
export class CatalogueImages implements ImageService {
  readonly #catalogue: ImageFiles;
  readonly #renderer: Renderer;
  readonly #remote: Remote;
  readonly #purges: KnownPurges;
  readonly #remoteInterval: number;
  readonly #chunkHoldMs: number;
  readonly #onWarning: (line: string) => void;
  /** Revisions whose warnings were told, by key. */
  readonly #told = new LRUCache<string, string>({ max: MAX_TOLD });
  readonly #known = new LRUCache<string, Known>({ max: MAX_IMAGES });
  readonly #flights = new SingleFlight<ServedImage>();

  constructor(
    catalogue: ImageFiles,
    renderer: Renderer,
    remote: Remote,
    purges: KnownPurges = NEVER_PURGED,
    {
      remoteCheckMs = REMOTE_CHECK_INTERVAL_MS,
      chunkHoldMs = DEFAULT_HOLD_MS,
      onWarning = () => {},
    }: ImagesOptions = {},
  ) {
    this.#chunkHoldMs = chunkHoldMs;
    this.#onWarning = onWarning;
    this.#purges = purges;
    this.#remoteInterval = remoteCheckMs;
    this.#catalogue = catalogue;
    this.#renderer = renderer;
    this.#remote = remote;
  }

  fresh(key: string): ServedImage | null {
    const known = this.#known.get(key);
    if (!known || known.purges !== this.#purges.count) return null;
    return "image" in known.outcome && isRecent(known) ? known.outcome.image : null;
  }

  async get(key: string, signal?: AbortSignal): Promise<ServedImage> {
    return this.fresh(key) ?? (await this.#flights.run(key, (shared) => this.#look(key, shared), signal));
  }

  keys({ search }: ImageListOptions = {}): Promise<readonly string[]> {
    return this.#catalogue.keys(search);
  }

  presets(): readonly ImagePreset[] {
    return this.#catalogue.presets();
  }

  /** The next `get` looks at the image, however short ago that was: a worker has found other bytes. */
  recheck(key: string): void {
    this.#known.delete(key);
  }

  async close(): Promise<void> {
    this.#known.clear();
    this.#catalogue.close();
  }

  async #look(key: string, signal: AbortSignal): Promise<ServedImage> {
    const entry = await this.#catalogue.find(key);
    if (entry === null) {
      this.#known.delete(key);
      throw new BandloomError("NOT_FOUND", "There is no such image. `{ images { nodes { key } } }` lists them.");
    }
    if (entry.problem) throw entry.problem;
    const known = this.#known.get(key);
    if (!known || locationKey(known.entry.location) !== locationKey(entry.location))
      return this.#describe(entry, signal);
    if ("error" in known.outcome) {
      // Nor is a hostile file read again for each who asks for it.
      if (isRecent(known) && stampsAgree(known.outcome.stamp, stampOf(entry.location))) throw known.outcome.error;
      return this.#describe(entry, signal);
    }
    if (!(await this.#isUnchanged(known.outcome, signal))) return this.#describe(entry, signal);
    return this.#remember(entry, known.outcome.described, known);
  }

  async #isUnchanged({ described: { identity }, chunksUnchanged }: Opened, signal: AbortSignal): Promise<boolean> {
    if (!filesUnchanged(identity) || !chunksUnchanged()) return false;
    if (identity.remote.length === 0) return true;
    try {
      return await remoteUnchanged(identity, this.#remote, signal);
    } catch (error) {
      // A server that does not answer has not changed its image: what is cached of it can still be served.
      if (error instanceof BandloomError && !signal.aborted) return true;
      throw error;
    }
  }

  async #describe(entry: CatalogueEntry, signal: AbortSignal): Promise<ServedImage> {
    const { key, location } = entry;
    const remote = isRemote(location);
    for (let attempt = 1; ; attempt++) {
      const stamp = stampOf(location);
      try {
        const generation = this.#purges.ofImage(key);
        const stretch = presentStretch(this.#chunkHoldMs)?.name ?? "";
        const source = { key, location, remote, generation, stretch };
        const described = await this.#renderer.describe(source, signal);
        return this.#remember(entry, { ...described, info: await withPlaceWarning(described.info) }, null);
      } catch (error) {
        if (isSourceChanged(error) && attempt < MAX_ATTEMPTS) continue;
        if (isSourceChanged(error))
          throw new BandloomError("SOURCE_FAILED", "The image changes all the time. Try again when it is written.");
        if (error instanceof BandloomError && KEPT.includes(error.code)) this.#refuse(entry, error, stamp);
        throw error;
      }
    }
  }

  /** Keeps that an image cannot be read. */
  #refuse(entry: CatalogueEntry, error: BandloomError, stamp: FileStamp | null): void {
    const before = this.#known.get(entry.key)?.outcome;
    const again = before && "error" in before && stampsAgree(before.stamp, stamp);
    const attempts = again ? before.attempts + 1 : 1;
    const interval = Math.min(CHECK_INTERVAL_MS * 2 ** (attempts - 1), MAX_REFUSAL_MS);
    this.#known.set(entry.key, { entry, outcome: { error, stamp, attempts }, interval, ...this.#now() });
  }

  /** Keeps an image that was described or found unchanged just now. */
  #remember(entry: CatalogueEntry, described: Described, before: Known | null): ServedImage {
    const now = this.#now();
    const { identity } = described;
    const stretch = identity.unseen ? presentStretch(this.#chunkHoldMs) : null;
    const generation = this.#purges.ofImage(entry.key) + (stretch?.name ?? "");
    const opened = before && "image" in before.outcome ? before.outcome : null;
    const kept = before && opened && sameWords(before.entry, entry) ? opened.image : null;
    const same = kept?.source.generation === generation ? kept : null;
    const image = same ?? servedImage(entry, described, generation, stretch);
    this.#tell(entry.key, described);
    const interval = identity.remote.length > 0 ? this.#remoteInterval : CHECK_INTERVAL_MS;
    const chunksUnchanged = opened?.chunksUnchanged ?? chunksWatch(identity);
    this.#known.set(entry.key, { entry, outcome: { described, image, chunksUnchanged }, interval, ...now });
    return image;
  }

  /** What is odd in a file, once for each of its revisions. */
  #tell(key: string, { info, identity: { revision } }: Described): void {
    if (info.warnings.length === 0 || this.#told.get(key) === revision) return;
    this.#told.set(key, revision);
    const codes = [...new Set(info.warnings.map(({ code }) => code))].join(", ");
    this.#onWarning(`The image ${key}: ${codes}. Image.warnings and bandloom inspect tell what to do.`);
  }

  #now() {
    return { checked: performance.now(), purges: this.#purges.count };
  }
}

function servedImage(
  entry: CatalogueEntry,
  { info, identity }: Described,
  generation: string,
  stretch: Stretch | null,
): ServedImage {
  const { key, location } = entry;
  const { revision } = identity;
  return {
    key,
    name: entry.name ?? info.name ?? key.slice(key.lastIndexOf("/") + 1),
    description: entry.description ?? info.description,
    defaultFormula: entry.formula,
    presets: entry.presets,
    info,
    revision: servedRevision(revision, generation),
    source: { key, location, remote: identity.remote.length > 0, revision, generation },
    levels: levelCount(info),
    holdsUntil: stretch?.until ?? null,
  };
}

function isRecent({ checked, interval }: Known): boolean {
  return performance.now() - checked <= interval;
}

/** What the catalogue says of an image besides its location. */
function sameWords(a: CatalogueEntry, b: CatalogueEntry): boolean {
  const words = ({ name, description, formula, presets }: CatalogueEntry) =>
    JSON.stringify([name, description, formula, presets]);
  return a === b || words(a) === words(b);
}

function stampOf(location: Location): FileStamp | null {
  if (location.kind !== "path") return null;
  try {
    return fileStamp(location.path);
  } catch {
    return null;
  }
}

function stampsAgree(a: FileStamp | null, b: FileStamp | null): boolean {
  return a === null || b === null ? a === b : JSON.stringify(a) === JSON.stringify(b);
}
