import { join } from "node:path";
import type { BandloomError } from "../../core/errors.ts";
import { isUrl, type Location, localPath } from "../../source/location.ts";
import { kindWithin } from "./folders.ts";
import { problem } from "./named.ts";
import type { NamedEntry } from "./schema.ts";
import type { CatalogueEntry } from "./types.ts";

/** Image n of a file that holds several. */
const SERIES = /^(.+)#(0|[1-9]\d{0,4})$/s;

/** An entry of which nothing but this is known. */
export function plainEntry(key: string, location: Location): CatalogueEntry {
  return { key, location, name: null, description: null, formula: null, presets: [], problem: null };
}

/** An image that cannot be opened, and why. It lies nowhere: nobody opens what has a problem. */
export function brokenEntry(key: string, error: BandloomError): CatalogueEntry {
  return { ...plainEntry(key, localPath("/dev/null")), problem: error };
}

/** Where the paths of a catalogue lead. */
export interface Places {
  /** Files of channel sets lie below it: an absolute folder, or a URL that ends in a slash. */
  readonly base: string;
  /** As PathLocation's. */
  readonly root: string;
  /** Of a path, of which image in it; null: nothing is there that could be an image. */
  locate(path: string, series: number): Location | null;
}

/** Paths begin at the data folder, and stay there. */
export function placesIn(root: string): Places {
  return {
    base: root,
    root,
    locate(path, series) {
      const whole = join(root, path);
      return kindWithin(root, whole) === null ? null : localPath(whole, root, series);
    },
  };
}

/** What the catalogue says of an image, at the file of its key where it names no source itself. */
export function namedEntry(key: string, named: NamedEntry, places: Places, file: Location | null): CatalogueEntry {
  const words = {
    name: named.name ?? null,
    description: named.description ?? null,
    formula: named.formula ?? null,
    presets: (named.presets ?? []).map((preset) => ({ ...preset, description: preset.description ?? null })),
  };
  const unnamed = named.source === undefined && !named.channels;
  const location = ofKinds(unnamed ? file : locationOf(named, places), named);
  if (location) return { ...plainEntry(key, location), ...words };
  const reason = unnamed
    ? "The catalogue names no source for this image, and no file has its key."
    : "The source that the catalogue names is not there, or not in the data folder.";
  return { ...brokenEntry(key, problem(reason)), ...words };
}

/** A channel set tells kinds itself. */
function ofKinds(location: Location | null, { kind, kinds }: NamedEntry): Location | null {
  if (!location || location.kind === "set" || (!kind && !kinds)) return location;
  return { ...location, kinds: { all: kind ?? null, by: kinds ?? {} } };
}

/** Null: the source is not there. */
function locationOf({ source, channels }: NamedEntry, { base, root, locate }: Places): Location | null {
  if (channels) {
    // Members lie where the source says, or in the data folder.
    if (source === undefined) return { kind: "set", set: channels, base, root };
    if (isUrl(source)) return { kind: "set", set: channels, base: source.replace(/\/*$/, "/"), root };
    const folder = locate(source, 0);
    const place = folder?.kind === "path" ? folder.path : folder?.kind === "url" ? folder.url : null;
    return place === null ? null : { kind: "set", set: channels, base: place, root };
  }
  const text = source ?? "";
  const { key: place, series } = splitSeries(text) ?? { key: text, series: 0 };
  if (isUrl(text)) return { kind: "url", url: place, series };
  return locate(text, 0) ?? (place === text ? null : locate(place, series));
}

/** `key#n`; null for a key that names no image of several. */
export function splitSeries(key: string): { readonly key: string; readonly series: number } | null {
  const match = SERIES.exec(key);
  return match?.[1] === undefined ? null : { key: match[1], series: Number(match[2]) };
}

/** Image n of the file of an entry; what the catalogue says of the first is not said of others. Null where there can be only one. */
export function seriesEntry(entry: CatalogueEntry, key: string, series: number): CatalogueEntry | null {
  if (entry.problem) return { ...entry, key };
  if (entry.location.kind === "set") return series === 0 ? { ...entry, key } : null;
  const { kinds: _, ...location } = entry.location;
  return plainEntry(key, { ...location, series });
}
