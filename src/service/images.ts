import { LRUCache } from "lru-cache";
import { BandloomError } from "../core/errors.ts";
import { levelCount } from "../core/geometry.ts";
import { SingleFlight } from "../core/single-flight.ts";
import { type FileStamp, fileRevision, fileStamp, type Renderer, sameStamp } from "../render/index.ts";
import type { ImageFiles } from "./catalogue.ts";
import type { ImageListOptions, ImageService, ServedImage } from "./types.ts";

/** Descriptions of images that are kept: a few kilobytes each. */
const MAX_IMAGES = 1000;
/** A file is compared with what is known of it at most this often, milliseconds (semantics.md 13). */
const CHECK_INTERVAL_MS = 1000;
/** A file that changes again and again while it is described is being written. */
const MAX_ATTEMPTS = 3;

interface Known {
  readonly stamp: FileStamp;
  /** What the file is; an error for one that cannot be read. */
  readonly outcome: ServedImage | BandloomError;
  checked: number;
}

/** The images of a catalogue. Files are described by workers: a hostile one costs a worker, never the process. */
export class CatalogueImages implements ImageService {
  readonly #catalogue: ImageFiles;
  readonly #renderer: Renderer;
  readonly #known = new LRUCache<string, Known>({ max: MAX_IMAGES });
  readonly #flights = new SingleFlight<ServedImage>();

  constructor(catalogue: ImageFiles, renderer: Renderer) {
    this.#catalogue = catalogue;
    this.#renderer = renderer;
  }

  fresh(key: string): ServedImage | null {
    const known = this.#known.get(key);
    if (!known || known.outcome instanceof Error || performance.now() - known.checked > CHECK_INTERVAL_MS) return null;
    return known.outcome;
  }

  async get(key: string, signal?: AbortSignal): Promise<ServedImage> {
    return this.fresh(key) ?? (await this.#flights.run(key, (shared) => this.#look(key, shared), signal));
  }

  async keys({ search }: ImageListOptions = {}): Promise<readonly string[]> {
    const keys = await this.#catalogue.keys();
    if (!search) return keys;
    const wanted = search.toLowerCase();
    return keys.filter((key) => key.toLowerCase().includes(wanted));
  }

  /** The next `get` looks at the file, however short ago that was: a worker has found other bytes. */
  recheck(key: string): void {
    this.#known.delete(key);
  }

  async close(): Promise<void> {
    this.#known.clear();
  }

  async #look(key: string, signal: AbortSignal): Promise<ServedImage> {
    const path = this.#catalogue.path(key);
    if (path === null) {
      this.#known.delete(key);
      throw new BandloomError("NOT_FOUND", "There is no such image. `{ images { nodes { key } } }` lists them.");
    }
    const stamp = fileStamp(path);
    const known = this.#known.get(key);
    if (known && sameStamp(known.stamp, stamp)) {
      if (!(known.outcome instanceof Error)) {
        known.checked = performance.now();
        return known.outcome;
      }
      // Nor is a hostile file read more often than once a second, however many ask for it.
      if (performance.now() - known.checked <= CHECK_INTERVAL_MS) throw known.outcome;
    }
    return this.#describe(key, path, signal);
  }

  async #describe(key: string, path: string, signal: AbortSignal): Promise<ServedImage> {
    for (let attempt = 1; ; attempt++) {
      const stamp = fileStamp(path);
      const outcome = await this.#read(key, path, signal);
      // Description and revision must be of the same bytes.
      if (!sameStamp(fileStamp(path), stamp)) {
        if (attempt < MAX_ATTEMPTS) continue;
        throw new BandloomError("SOURCE_FAILED", "The image file changes all the time. Try again when it is written.");
      }
      this.#known.set(key, { stamp, outcome, checked: performance.now() });
      if (outcome instanceof Error) throw outcome;
      return outcome;
    }
  }

  /** That a file cannot be read is kept until the next check; other failures may pass at once and are not kept. */
  async #read(key: string, path: string, signal: AbortSignal): Promise<ServedImage | BandloomError> {
    try {
      const revision = fileRevision(path);
      const info = await this.#renderer.describe({ key, path }, signal);
      return {
        key,
        name: key.slice(key.lastIndexOf("/") + 1),
        info,
        revision,
        source: { key, path, revision },
        levels: levelCount(info),
      };
    } catch (error) {
      if (error instanceof BandloomError && error.code === "SOURCE_UNREADABLE") return error;
      throw error;
    }
  }
}
