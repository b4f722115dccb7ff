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
  readonly #looks = new SingleFlight<void>();
  #images: ReadonlyMap<string, Location> = new Map();
  /** By path in its data folder. */
  #places: ReadonlyMap<string, { readonly folder: boolean }> = new Map();
  /** ETag of the list; null: none has come yet. */
  #version: string | null = null;
  #looked = Number.NEGATIVE_INFINITY;

  /** `url`: of the server. */
  constructor(url: string, remote: Remote, file: CatalogueFile | null) {
    this.#base = filesAddress(url);
    this.#remote = remote;
    this.#file = file;
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

  close(): void {}

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
      await this.#looks.run("list", (signal) => this.#lookNow(signal));
    } catch (error) {
      if (this.#version === null) throw listFailed(error);
    }
    this.#looked = performance.now();
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
  }
}

/** Of everything that a server gives away. */
export function filesAddress(url: string): string {
  return `${url.replace(/\/+$/, "")}/files/`;
}

function listFailed(cause: unknown): BandloomError {
  if (cause instanceof BandloomError) return cause;
  const message = "The server that holds the images answers what is not understood here. Are both of one release?";
  return new BandloomError("SOURCE_FAILED", message, { cause });
}
