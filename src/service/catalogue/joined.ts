import { byCodePoint } from "../../core/code-points.ts";
import { BandloomError } from "../../core/errors.ts";
import type { NamedEntries } from "./named.ts";
import type { ImagePreset } from "./types.ts";

/** Keys of images that were found and of those that a catalogue names, sorted by code point. */
export function joinedKeys(found: Iterable<string>, named: NamedEntries): readonly string[] {
  return [...new Set([...found, ...named.keys()])].sort(byCodePoint);
}

/** Those that hold `search` in any case, as their names in the catalogue do. */
export function matchingKeys(keys: readonly string[], named: NamedEntries, search = ""): readonly string[] {
  if (!search) return keys;
  const wanted = search.toLowerCase();
  return keys.filter((key) => {
    const entry = named.get(key);
    const name = entry instanceof BandloomError ? undefined : entry?.name;
    return key.toLowerCase().includes(wanted) || name?.toLowerCase().includes(wanted);
  });
}

/** All presets of a catalogue, sorted by key of their image and by name, by code point. */
export function namedPresets(named: NamedEntries): readonly ImagePreset[] {
  const presets = [...named].flatMap(([imageKey, entry]) => {
    if (entry instanceof BandloomError) return [];
    return (entry.presets ?? []).map((one) => ({ ...one, description: one.description ?? null, imageKey }));
  });
  return presets.sort((a, b) => byCodePoint(a.imageKey, b.imageKey) || byCodePoint(a.name, b.name));
}
