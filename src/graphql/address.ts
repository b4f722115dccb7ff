import { BandloomError } from "../core/errors.ts";
import { flipLevel, type Region } from "../core/geometry.ts";
import { DEFAULT_TILE_SIZE } from "../core/picture-defaults.ts";
import type { ServedImage } from "../service/types/image.ts";
import type { Limits } from "../service/types/limits.ts";

/** Longest side of a region that is asked for without a size: as large as a screen. */
export const DEFAULT_REGION_SIDE = 1024;

/** BAD_REQUEST for a size that is not served. */
export function tileSizeOf(tileSize: number | null | undefined, limits: Limits): number {
  const size = tileSize ?? DEFAULT_TILE_SIZE;
  if (limits.tileSizes.includes(size)) return size;
  throw new BandloomError("BAD_REQUEST", `Tiles of ${size} pixels are not served: use ${limits.tileSizes.join(", ")}.`);
}

/** The level that is meant: BAD_REQUEST unless exactly one of the two is given, NOT_FOUND when the image has it not. */
export function levelOf(image: ServedImage, level: number | null | undefined, zoom: number | null | undefined): number {
  if ((level == null) === (zoom == null)) {
    const message = "Give exactly one of level (0 is full resolution) and zoom (0 is the coarsest).";
    throw new BandloomError("BAD_REQUEST", message);
  }
  return existingLevel(image, level ?? flipLevel(image.levels, zoom ?? 0));
}

export function existingLevel(image: ServedImage, level: number): number {
  if (level >= 0 && level < image.levels) return level;
  const message = `The image has levels (and zooms) 0 to ${image.levels - 1}.`;
  throw new BandloomError("NOT_FOUND", message, { details: { levels: image.levels } });
}

/** A rectangle inside the image; BAD_REQUEST otherwise. */
export function regionOf(image: ServedImage, { x, y, width, height }: Region): Region {
  const inside = x >= 0 && y >= 0 && width >= 1 && height >= 1;
  if (inside && x + width <= image.info.width && y + height <= image.info.height) return { x, y, width, height };
  const message = `A region is at least 1 × 1 and lies inside the image of ${image.info.width} × ${image.info.height} pixels.`;
  throw new BandloomError("BAD_REQUEST", message);
}
