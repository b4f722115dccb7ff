import { realpathSync } from "node:fs";
import { join } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import { localPath } from "../../source/index.ts";
import { brokenEntry, namedEntry, placesIn, plainEntry, seriesEntry, splitSeries } from "./entry.ts";
import { kindWithin } from "./folders.ts";
import { joinedKeys, matchingKeys, namedPresets } from "./joined.ts";
import { locate } from "./locate.ts";
import { CatalogueFile, type NamedEntries } from "./named.ts";
import { scan } from "./scan.ts";
import type { CatalogueEntry, ImageFiles, ImagePreset } from "./types.ts";
import { type FolderWatch, watchFolder } from "./watch.ts";

const SCAN_INTERVAL_MS = 1000;
const DEFAULT_FILE = "catalogue.yaml";

export interface CatalogueOptions {
  /** YAML catalogue; `catalogue.yaml` in the data folder when left out, which need not exist. */
  readonly file?: string;
  /** Told of entries that cannot be used. */
  readonly report?: (message: string) => void;
  /** A list of images may be this old, milliseconds: a folder that changes all the time is not read all the time. A second when left out. */
  readonly scanIntervalMs?: number;
}

/** Paths in the folder by key. */
type Images = ReadonlyMap<string, string>;

interface Scan {
  readonly at: number;
  readonly images: Promise<Images>;
  /** Null until it has ended. */
  found: Images | null;
}

/** The list as it was given last, and what it was made of. */
interface Listed {
  readonly scanned: Images;
  readonly named: NamedEntries;
  readonly keys: readonly string[];
}

/**
 * The images of a data folder, and what a YAML file says of them and of images elsewhere. `find` looks at the disk, so it is never behind;
 * the list is kept until the folder changes. No image is opened, and nothing outside the folder is ever found.
 */
export class Catalogue implements ImageFiles {
  readonly #root: string;
  readonly #file: CatalogueFile;
  readonly #scanInterval: number;
  #watch: FolderWatch | null = null;
  #scan: Scan | null = null;
  #joined: Listed | null = null;
  #closed = false;

  /** `root` must exist. */
  constructor(root: string, { file, report = () => {}, scanIntervalMs = SCAN_INTERVAL_MS }: CatalogueOptions = {}) {
    this.#root = realpathSync(root);
    this.#scanInterval = scanIntervalMs;
    this.#file = new CatalogueFile(file ?? join(this.#root, DEFAULT_FILE), file !== undefined, report);
  }

  find(key: string): CatalogueEntry | null {
    const entry = this.#find(key);
    if (entry) return entry;
    const part = splitSeries(key);
    const whole = part && this.#find(part.key);
    return whole && seriesEntry(whole, key, part.series);
  }

  async keys(search?: string): Promise<readonly string[]> {
    const scanned = await this.#scanned();
    const named = this.#file.entries();
    if (this.#joined?.scanned !== scanned || this.#joined.named !== named) {
      // What was scanned is sorted.
      const keys = named.size === 0 ? [...scanned.keys()] : joinedKeys(scanned.keys(), named);
      this.#joined = { scanned, named, keys };
    }
    return matchingKeys(this.#joined.keys, named, search);
  }

  /** Paths in the folder of all images that lie there, by key; at most a second old. */
  paths(): Promise<ReadonlyMap<string, string>> {
    return this.#scanned();
  }

  presets(): readonly ImagePreset[] {
    return namedPresets(this.#file.entries());
  }

  lacks(): null {
    return null;
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  #find(key: string): CatalogueEntry | null {
    const named = this.#file.entries().get(key);
    if (named instanceof BandloomError) return brokenEntry(key, named);
    const path = this.#listed(key) ?? locate(this.#root, key);
    const file = path === null ? null : localPath(path, this.#root);
    if (named) return namedEntry(key, named, placesIn(this.#root), file);
    return file && plainEntry(key, file);
  }

  #scanned(): Promise<Images> {
    const now = performance.now();
    const known = this.#scan;
    if (known && (now - known.at <= this.#scanInterval || this.#isCurrent(known))) return known.images;
    const started: Scan = { at: now, images: scan(this.#root), found: null };
    this.#scan = started;
    started.images.then(
      (found) => {
        started.found = found;
        // Not before: the first list would wait for it. What changes in between is seen, as a new watch counts as a change.
        if (!this.#closed) this.#watch ??= watchFolder(this.#root);
      },
      () => {
        this.#scan = null;
      },
    );
    return started.images;
  }

  #isCurrent({ at }: Scan): boolean {
    return this.#watch !== null && !this.#watch.changedSince(at);
  }

  /** The path of a key where the list is known to be right: that spares a look for each ending that the file could have. */
  #listed(key: string): string | null {
    if (!this.#scan || !this.#isCurrent(this.#scan)) return null;
    const path = this.#scan.found?.get(key);
    if (path === undefined) return null;
    const whole = join(this.#root, path);
    return kindWithin(this.#root, whole) ? whole : null;
  }
}
