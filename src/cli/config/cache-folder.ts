import { join } from "node:path";
import type { Settings } from "./settings.ts";

const CACHE_FOLDER = ".bandloom";

/** Folder of the embedded stores: tiles, and what people save. Null: nothing of this machine is to be written. */
export function cacheFolder({ cache, data, filesUrl }: Pick<Settings, "cache" | "data" | "filesUrl">): string | null {
  return cache ?? (filesUrl === null ? join(data, CACHE_FOLDER) : null);
}
