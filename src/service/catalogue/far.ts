import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { BandloomError } from "../../core/errors.ts";
import { SingleFlight } from "../../core/single-flight.ts";
import type { Location, Remote } from "../../source/index.ts";
import { keyPath } from "../urls.ts";
import { brokenEntry, namedEntry, type Places, plainEntry, seriesEntry, splitSeries } from "./entry.ts";
import { joinedKeys, matchingKeys, namedPresets } from "./joined.ts";
import { isKey } from "./kinds.ts";
import type { CatalogueFile } from "./named.ts";
import type { CatalogueEntry, ImageFiles, ImagePreset } from "./types.ts";

/** The list may be this old, milliseconds: asking whether it changed is one small request. */
const LOOK_INTERVAL_MS = 1000;
/** Some hundred thousand images. */
const MAX_LIST_BYTES = 64 * 2 ** 20;

const list = z.object({
  version: z.literal(1),
  images: z.array(z.object({ key: z.string().refine(isKey), path: z.string().refine(isKey), folder: z.boolean() })),
});

/** The images of another server's data folder, which gives away its files, and what a YAML file of this one says of them. */
export class FarCatalogue implements ImageFiles {
  readonly #base: string;
  readonly #remote: Remote;
  readonly #file: CatalogueFile | null;
  readonly #report: (message: string) => void;
  readonly #closed = new AbortController();
  readonly #looks = new SingleFlight<void>();
  #images: ReadonlyMap<string, Location> = new Map();
  /** By path in its data folder. */
  #places: ReadonlyMap<string, { readonly folder: boolean }> = new Map();
  /** The list has come once. */
  #known = false;
  /** ETag of the list; null: none, as behind a proxy that takes it away. */
  #version: string | null = null;
  #looked = Number.NEGATIVE_INFINITY;
  #failing = false;

  /** `url`: of the server. It is asked at once; `report` is told when it does not answer as it should, and when it does again. */
  constructor(
    url: string,
    { remote, file, report }: { remote: Remote; file: CatalogueFile | null; report: (message: string) => void },
  ) {
    this.#base = filesAddress(url);
    this.#remote = remote;
    this.#file = file;
    this.#report = report;
    void this.#lookUntilKnown();
  }

  async find(key: string): Promise<CatalogueEntry | null> {
    await this.#look();
    const entry = this.#find(key);
    if (entry) return entry;
    const part = splitSeries(key);
    const whole = part && this.#find(part.key);
    return whole && seriesEntry(whole, key, part.series);
  }

  async keys(search?: string): Promise<readonly string[]> {
    await this.#look();
    const named = this.#named();
    return matchingKeys(joinedKeys(this.#images.keys(), named), named, search);
  }

  presets(): readonly ImagePreset[] {
    return namedPresets(this.#named());
  }

  lacks(): string | null {
    return this.#known ? null : "The server that holds the images has not told yet which there are.";
  }

  close(): void {
    this.#closed.abort();
  }

  #find(key: string): CatalogueEntry | null {
    const named = this.#named().get(key);
    if (named instanceof BandloomError) return brokenEntry(key, named);
    const file = this.#images.get(key) ?? null;
    if (named) return namedEntry(key, named, this.#allPlaces(), file);
    return file && plainEntry(key, file);
  }

  #named() {
    return this.#file?.entries() ?? new Map<string, never>();
  }

  #allPlaces(): Places {
    return {
      base: this.#base,
      // Nothing lies on this machine.
      root: "/nonexistent",
      locate: (path, series) => {
        const place = this.#places.get(path);
        if (place) return this.#location(path, place.folder, series);
        // A folder of files, for members of a channel set.
        const holds = [...this.#places.keys()].some((one) => one.startsWith(`${path}/`));
        return holds ? this.#location(path, true, series) : null;
      },
    };
  }

  #location(path: string, folder: boolean, series: number): Location {
    return { kind: "url", url: `${this.#base}${keyPath(path)}${folder ? "/" : ""}`, series };
  }

  /** Sees that the list is of now. What is known stays while the other side does not answer. */
  async #look(): Promise<void> {
    if (performance.now() - this.#looked <= LOOK_INTERVAL_MS) return;
    try {
      await this.#looks.run("list", (signal) => this.#lookAndTell(signal));
    } catch (error) {
      if (!this.#known) throw error;
    }
    this.#looked = performance.now();
  }

  /** Without it a server that nobody asks would never become ready. */
  async #lookUntilKnown(): Promise<void> {
    const { signal } = this.#closed;
    while (!this.#known && !signal.aborted) {
      await this.#look().catch(() => {});
      await sleep(LOOK_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Rejects with what a client may read; what only the operator may goes to the log, once for each time that it begins. */
  async #lookAndTell(signal: AbortSignal): Promise<void> {
    try {
      await this.#lookNow(signal);
    } catch (thrown) {
      const error = listFailed(thrown);
      if (!this.#failing && !this.#closed.signal.aborted) this.#report(this.#failure(error));
      this.#failing = true;
      throw error;
    }
    if (this.#failing) this.#report(`${this.#base} tells its images again.`);
    this.#failing = false;
  }

  #failure(error: BandloomError): string {
    const until = this.#known ? "images that were known before stay" : "no image is served until it does";
    return `${this.#base} does not tell its images; ${until}. It must be a server of the role files, with the BANDLOOM_SIGNING_KEYS of this one (${rootOf(error)})`;
  }

  async #lookNow(signal: AbortSignal): Promise<void> {
    const stamp = await this.#remote.stat(this.#base, signal);
    if (stamp?.validator && stamp.validator === this.#version) return;
    const found = stamp && (await this.#remote.get(this.#base, MAX_LIST_BYTES, signal));
    if (!found)
      throw new BandloomError("SOURCE_FAILED", "The server that holds the images gives none of its files away.");
    const { images } = list.parse(JSON.parse(new TextDecoder().decode(found.bytes)));
    this.#places = new Map(images.map(({ path, folder }) => [path, { folder }]));
    this.#images = new Map(images.map(({ key, path, folder }) => [key, this.#location(path, folder, 0)]));
    this.#version = found.stamp.validator;
    this.#known = true;
  }
}

/** Of everything that a server gives away. */
export function filesAddress(url: string): string {
  return `${url.replace(/\/+$/, "")}/files/`;
}

/** What the system or the library said first. */
function rootOf(error: Error): string {
  return error.cause instanceof Error ? rootOf(error.cause) : error.message;
}

function listFailed(cause: unknown): BandloomError {
  if (cause instanceof BandloomError) return cause;
  const message = "The server that holds the images answers what is not understood here. Are both of one release?";
  return new BandloomError("SOURCE_FAILED", message, { cause });
}
