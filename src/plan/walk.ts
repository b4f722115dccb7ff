import { levelCount, type Region } from "../core/geometry.ts";
import type { ImageInfo } from "../source/types.ts";
import { servedLevel } from "./levels.ts";

/** Tiles of one step of a walk: chunks that they share are read once, and all workers have work. */
export const STEP_TILES = 64;
/** Sides of a step where chunks say nothing else, tiles. */
const STEP_SIDE = 8;

/** A tile of an image. */
export interface TilePlace {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

/** All tiles of some levels of an image, in steps of neighbours. Nothing is kept of them: any step is made from its number. */
export interface TileWalk {
  readonly tiles: number;
  readonly steps: number;
  /** Tiles of a step, row by row, 1 to STEP_TILES of them. Steps count from 0, the coarsest level first, each level from the top left. */
  step(index: number): readonly TilePlace[];
}

export interface WalkOptions {
  readonly tileSize: number;
  /** Levels to walk; left out: all. */
  readonly levels?: readonly number[];
  /** Only tiles that show some of it, full-resolution pixels inside the image; left out or null: all. */
  readonly region?: Region | null;
}

/** A walk over tiles in an order that keeps neighbours together, as the chunks of each level suggest. NOT_FOUND for a level that there is not. */
export function walkTiles(info: ImageInfo, { tileSize, levels, region = null }: WalkOptions): TileWalk {
  const coarsestFirst = [...new Set(levels ?? servedLevels(info))].sort((a, b) => b - a);
  const grids = coarsestFirst.map((level) => stepGrid(info, level, tileSize, region));
  return {
    tiles: grids.reduce((sum, { tiles }) => sum + tiles, 0),
    steps: grids.reduce((sum, { columns, rows }) => sum + columns * rows, 0),
    step(index) {
      let left = index;
      for (const grid of grids) {
        const count = grid.columns * grid.rows;
        if (left < count) return tilesOf(grid, left);
        left -= count;
      }
      return [];
    },
  };
}

/** How the tiles of a level are cut into steps: blocks of `width` × `height` tiles, of which the first begins at (`left`, `top`). */
interface StepGrid {
  readonly level: number;
  readonly tiles: number;
  /** Tiles that are walked, inclusive. */
  readonly minX: number;
  readonly maxX: number;
  readonly minY: number;
  readonly maxY: number;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

function stepGrid(info: ImageInfo, level: number, tileSize: number, region: Region | null): StepGrid {
  const { size, grid } = servedLevel(info, level);
  const side = tileSize * 2 ** level;
  const { x, y, width: shownWidth, height: shownHeight } = region ?? { x: 0, y: 0, ...info };
  const last = { x: Math.ceil(size.width / tileSize) - 1, y: Math.ceil(size.height / tileSize) - 1 };
  const [minX, maxX] = [Math.floor(x / side), Math.min(last.x, Math.floor((x + shownWidth - 1) / side))];
  const [minY, maxY] = [Math.floor(y / side), Math.min(last.y, Math.floor((y + shownHeight - 1) / side))];
  const { width, height } = stepShape(grid.chunkWidth / tileSize, grid.chunkHeight / tileSize);
  // Steps begin where they would if the whole level were walked: so that chunks lie in them as a whole.
  const [left, top] = [minX - (minX % width), minY - (minY % height)];
  return {
    ...{ level, minX, maxX, minY, maxY, width, height, left, top },
    tiles: (maxX - minX + 1) * (maxY - minY + 1),
    columns: Math.floor((maxX - left) / width) + 1,
    rows: Math.floor((maxY - top) / height) + 1,
  };
}

/** Squares, but as long as the chunks where these are strips: a strip is as wide as its image, and would be decoded for every square. */
function stepShape(chunkColumns: number, chunkRows: number): { readonly width: number; readonly height: number } {
  if (chunkColumns > STEP_SIDE && chunkColumns >= chunkRows) {
    const width = Math.min(STEP_TILES, Math.ceil(chunkColumns));
    return { width, height: Math.floor(STEP_TILES / width) };
  }
  if (chunkRows > STEP_SIDE) {
    const height = Math.min(STEP_TILES, Math.ceil(chunkRows));
    return { width: Math.floor(STEP_TILES / height), height };
  }
  return { width: STEP_SIDE, height: STEP_SIDE };
}

function tilesOf(grid: StepGrid, index: number): readonly TilePlace[] {
  const left = grid.left + (index % grid.columns) * grid.width;
  const top = grid.top + Math.floor(index / grid.columns) * grid.height;
  const places: TilePlace[] = [];
  for (let y = Math.max(top, grid.minY); y <= Math.min(top + grid.height - 1, grid.maxY); y++)
    for (let x = Math.max(left, grid.minX); x <= Math.min(left + grid.width - 1, grid.maxX); x++)
      places.push({ level: grid.level, x, y });
  return places;
}

function servedLevels(info: ImageInfo): readonly number[] {
  return Array.from({ length: levelCount(info) }, (_, level) => level);
}
