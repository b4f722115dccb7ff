import type { Location } from "../../source/index.ts";
import { plainEntry } from "./entry.ts";
import type { ImageFiles } from "./types.ts";

/** A few images, whatever they are called; their keys are their names. */
export function fewImages(places: readonly (readonly [key: string, location: Location])[]): ImageFiles {
  const entries = new Map(places.map(([key, location]) => [key, plainEntry(key, location)]));
  return {
    find: (wanted) => entries.get(wanted) ?? null,
    keys: async () => [...entries.keys()],
    presets: () => [],
    lacks: () => null,
    close: () => {},
  };
}
