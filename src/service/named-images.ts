import { BandloomError } from "../core/errors.ts";
import { suggest } from "../formula/index.ts";
import type { ImageService, ServedImage } from "./types/image.ts";

/** Images that one formula may name: each costs a look at its file. */
const MAX_NAMED = 16;

/** The other images that a formula names, as they are now. */
export interface NamedImages {
  readonly found: readonly ServedImage[];
  /** Keys that there are instead of those that there are not. */
  readonly similar: ReadonlyMap<string, readonly string[]>;
}

export const NO_IMAGES: NamedImages = { found: [], similar: new Map() };

/**
 * Look images up by key; what there is not is left out. LIMIT_EXCEEDED for too many, and what `get` rejects with for one that cannot be
 * read.
 */
export async function namedImages(
  images: ImageService,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<NamedImages> {
  if (keys.length === 0) return NO_IMAGES;
  if (keys.length > MAX_NAMED)
    throw new BandloomError(
      "LIMIT_EXCEEDED",
      `The formula names ${keys.length} other images; ${MAX_NAMED} are allowed.`,
    );
  const found = await Promise.all(keys.map((key) => existing(images, key, signal)));
  const missing = keys.filter((_, index) => !found[index]);
  const all = missing.length > 0 ? await images.keys() : [];
  return {
    found: found.filter((one) => one !== null),
    similar: new Map(missing.map((key) => [key, suggest(key, all)])),
  };
}

async function existing(
  images: ImageService,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ServedImage | null> {
  try {
    return await images.get(key, signal);
  } catch (error) {
    if (error instanceof BandloomError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}
