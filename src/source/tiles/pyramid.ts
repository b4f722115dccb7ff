/** Tiles of a pyramid as they lie in a folder. Plain data with one function; every layout becomes one. */
export interface TilePyramid {
  readonly format: string;
  /** Nominal, without overlap. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Pixels that a tile has of each neighbour. */
  readonly overlap: number;
  /** Tiles at the right and bottom edge may be as large as the others. */
  readonly fullEdges: boolean;
  /** Tiles may be left out: what they would show is transparent. */
  readonly sparse: boolean;
  /** Finest first. */
  readonly levels: readonly TileLevel[];
}

export interface TileLevel {
  readonly width: number;
  readonly height: number;
  /** Where a tile may lie, the likeliest place first. */
  paths(x: number, y: number): readonly string[];
}

/** A tile of 2048 pixels a side, hardly compressed. */
export const MAX_TILE_BYTES = 32 * 2 ** 20;

/** Beyond it a coordinate is no exact float32. */
export const MAX_SIDE = 2 ** 24;

export function isSide(value: number | null): value is number {
  return value !== null && Number.isInteger(value) && value >= 1 && value <= MAX_SIDE;
}

/** Of a tile: larger ones do not fit a worker's memory as a chunk. */
export function isTileSide(value: number | null): value is number {
  return value !== null && Number.isInteger(value) && value >= 16 && value <= 2048;
}
