import type { Location } from "../../source/index.ts";
import { plainEntry } from "./entry.ts";
import type { ImageFiles } from "./types.ts";

/** One image, whatever it is called; its key is its name. */
export function singleImage(key: string, location: Location): ImageFiles {
  const entry = plainEntry(key, location);
  return {
    find: (wanted) => (wanted === key ? entry : null),
    keys: async () => [key],
    presets: () => [],
    close: () => {},
  };
}
