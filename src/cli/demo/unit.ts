import { levelSize, type Size, tileGrid } from "../../core/geometry.ts";
import { PyramidReducer, type PyramidTile } from "../../source/tiff/write-pyramid.ts";
import { encodeTile } from "../../source/tiff/write-tile.ts";
import { mosaicScene } from "./mosaic.ts";
import { Painter } from "./paint.ts";
import { nebulaScene, type Scene } from "./scene.ts";

/** Level-0 tiles along a side of a unit: with its share of two coarser levels it is what one worker paints at a time. */
export const UNIT_TILES = 4;
/** Levels that a unit of 4 × 4 tiles reaches: 4, 2 and 1 tiles along a side. */
const UNIT_LEVELS = 3;

/** Which picture: the nebula at so many pixels a side, or tile `index` of the mosaic's pool. */
export type Subject =
  | { readonly kind: "nebula"; readonly pixels: number }
  | { readonly kind: "mosaic"; readonly pixels: number; readonly index: number };

/** Work for a thread: a square of tiles of a picture. */
export interface UnitJob {
  readonly subject: Subject;
  readonly size: Size;
  readonly tileSize: number;
  readonly levels: number;
  /** Position in the grid of units. */
  readonly x: number;
  readonly y: number;
  /** zlib's level. */
  readonly effort: number;
}

export interface EncodedTile {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  /** Compressed, one a band. */
  readonly bands: readonly Uint8Array[];
}

export interface PaintedUnit {
  /** Finest first. */
  readonly tiles: readonly EncodedTile[];
  /** The tile from which coarser levels go on; null when the unit is all of the picture's levels. */
  readonly top: PyramidTile | null;
}

/** A painter is built once a scene: it holds the catalogue of stars. */
export class UnitPainter {
  #key = "";
  #painter: Painter | null = null;

  paint(job: UnitJob): PaintedUnit {
    const { size, tileSize, levels } = job;
    const painter = this.#painterOf(job);
    const scratch = new Uint8Array(tileSize ** 2);
    const reducer = new PyramidReducer(size, tileSize, Math.min(levels, UNIT_LEVELS));
    const { columns, rows } = tileGrid(levelSize(size, 0), tileSize);
    const tiles: EncodedTile[] = [];
    let top: PyramidTile | null = null;
    for (const [x, y] of squareOf(job, columns, rows)) {
      const painted: PyramidTile = { level: 0, x, y, planes: painter.paint(x * tileSize, y * tileSize) };
      for (const tile of [painted, ...reducer.add(painted)]) {
        const bands = tile.planes.map((plane) => encodeTile(plane, tileSize, job.effort, scratch));
        tiles.push({ level: tile.level, x: tile.x, y: tile.y, bands });
        if (tile.level === UNIT_LEVELS - 1 && levels > UNIT_LEVELS) top = tile;
      }
    }
    return { tiles, top };
  }

  #painterOf({ subject, tileSize }: UnitJob): Painter {
    const key = JSON.stringify({ subject, tileSize });
    if (!this.#painter || this.#key !== key) {
      this.#painter = new Painter(sceneOf(subject), tileSize);
      this.#key = key;
    }
    return this.#painter;
  }
}

function sceneOf(subject: Subject): Scene {
  return subject.kind === "nebula" ? nebulaScene(subject.pixels) : mosaicScene(subject.pixels, subject.index);
}

/** Tiles of a unit that lie in the grid, row by row. */
function* squareOf({ x, y }: UnitJob, columns: number, rows: number): Generator<readonly [x: number, y: number]> {
  for (let row = y * UNIT_TILES; row < Math.min((y + 1) * UNIT_TILES, rows); row++) {
    for (let column = x * UNIT_TILES; column < Math.min((x + 1) * UNIT_TILES, columns); column++) yield [column, row];
  }
}
