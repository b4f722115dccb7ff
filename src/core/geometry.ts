/** A rectangle of pixels; x and y count from the top left, at the resolution its user states. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Levels end where both sides are at most this many pixels, whatever the tile size (so `zoom` never depends on it). */
const COARSEST_SIDE = 256;

/** Number of levels of an image: level k measures ceil(size / 2^k) until both sides are ≤ 256. */
export function levelCount(size: Size): number {
  let side = Math.max(size.width, size.height);
  let count = 1;
  while (side > COARSEST_SIDE) {
    side = Math.ceil(side / 2);
    count++;
  }
  return count;
}

/** Size of level `level` (0 is full resolution) in pixels. ceil(ceil(n/2)/2) = ceil(n/4), so one division is exact. */
export function levelSize(size: Size, level: number): Size {
  const scale = 2 ** level;
  return { width: Math.ceil(size.width / scale), height: Math.ceil(size.height / scale) };
}

/** `zoom` counts from the coarsest level, `level` from the finest; the same call turns either into the other. */
export function flipLevel(levels: number, levelOrZoom: number): number {
  return levels - 1 - levelOrZoom;
}

/** Tiles along each side of a level. */
export function tileGrid(size: Size, tileSize: number): { readonly columns: number; readonly rows: number } {
  return { columns: Math.ceil(size.width / tileSize), rows: Math.ceil(size.height / tileSize) };
}

/** The pixels of tile (x, y), cropped to the level. */
export function tileRegion(size: Size, tileSize: number, x: number, y: number): Region {
  const left = x * tileSize;
  const top = y * tileSize;
  return {
    x: left,
    y: top,
    width: Math.min(tileSize, size.width - left),
    height: Math.min(tileSize, size.height - top),
  };
}
