import { join, resolve } from "node:path";
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

/** What the catalogue says of an image, at the file of its key where it names no source itself. Paths begin at `root`, and stay there. */
export function namedEntry(key: string, named: NamedEntry, root: string, file: string | null): CatalogueEntry {
  const location = locationOf(named, root) ?? (file === null ? null : localPath(file, root));
  const words = {
    name: named.name ?? null,
    description: named.description ?? null,
    formula: named.formula ?? null,
    presets: (named.presets ?? []).map((preset) => ({ ...preset, description: preset.description ?? null })),
  };
  if (location === null)
    return {
      ...brokenEntry(key, problem("The catalogue names no source for this image, and no file has its key.")),
      ...words,
    };
  const place = location.kind === "path" ? location.path : location.kind === "set" ? location.base : null;
  if (place !== null && !isUrl(place) && kindWithin(root, place) === null)
    return {
      ...brokenEntry(key, problem("The source that the catalogue names is not there, or not in the data folder.")),
      ...words,
    };
  return { ...plainEntry(key, location), ...words };
}

function locationOf({ source, channels }: NamedEntry, root: string): Location | null {
  if (channels) {
    // Members lie where the source says, or in the data folder.
    const base = source === undefined ? root : isUrl(source) ? source.replace(/\/*$/, "/") : resolve(root, source);
    return { kind: "set", set: channels, base, root };
  }
  if (source === undefined) return null;
  const { key: place, series } = splitSeries(source) ?? { key: source, series: 0 };
  if (isUrl(source)) return { kind: "url", url: place, series };
  const whole = join(root, source);
  return kindWithin(root, whole) ? localPath(whole, root) : localPath(join(root, place), root, series);
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
  return plainEntry(key, { ...entry.location, series });
}
