import { levelSize, type Size, tileGrid } from "../../core/geometry.ts";
import { type Halving, halve, type Samples } from "./write-downsample.ts";

/** One tile of every channel; each holds tileSize × tileSize samples, those outside the level without meaning. */
export type TilePlanes = readonly Samples[];

/** The planes of a painted picture are bytes, all of them data. */
const BYTES: Halving = { type: "uint8", method: "mean", nodata: null };

export interface PyramidTile {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly planes: TilePlanes;
}

interface Parent {
  readonly planes: TilePlanes;
  missing: number;
}

/**
 * Builds coarser levels while tiles of finer ones arrive: as soon as the children of a tile are there, it is their 2×2 mean.
 * Given tiles in Z order it holds one unfinished tile a level.
 */
export class PyramidReducer {
  readonly #size: Size;
  readonly #tileSize: number;
  readonly #levels: number;
  readonly #parents = new Map<string, Parent>();

  /** `size` is that of level 0; tiles of levels below `levels` are built. */
  constructor(size: Size, tileSize: number, levels: number) {
    this.#size = size;
    this.#tileSize = tileSize;
    this.#levels = levels;
  }

  /** The tiles that this one completes, finest first. Their samples belong to the caller. */
  *add(tile: PyramidTile): Generator<PyramidTile> {
    if (tile.level + 1 >= this.#levels) return;
    const level = tile.level + 1;
    const [x, y] = [tile.x >> 1, tile.y >> 1];
    const key = `${level}/${x}/${y}`;
    const parent = this.#parents.get(key) ?? this.#begin(tile, x, y);
    this.#parents.set(key, parent);
    const valid = this.#validSize(tile);
    tile.planes.forEach((plane, channel) => {
      const target = parent.planes[channel];
      if (target) this.#reduce(tile, plane, valid, target);
    });
    if (--parent.missing > 0) return;
    this.#parents.delete(key);
    const whole: PyramidTile = { level, x, y, planes: parent.planes };
    yield whole;
    yield* this.add(whole);
  }

  /** Into the quadrant of the parent that the tile is. */
  #reduce({ x, y }: PyramidTile, plane: Samples, { width, height }: Size, target: Samples): void {
    const side = this.#tileSize;
    const origin = (y & 1) * (side / 2) * side + (x & 1) * (side / 2);
    halve({ samples: plane, origin: 0, stride: side }, width, height, { samples: target, origin, stride: side }, BYTES);
  }

  #begin(child: PyramidTile, x: number, y: number): Parent {
    const { columns, rows } = tileGrid(levelSize(this.#size, child.level), this.#tileSize);
    return {
      planes: child.planes.map((plane) => plane.slice().fill(0)),
      missing: Math.min(2, columns - 2 * x) * Math.min(2, rows - 2 * y),
    };
  }

  /** How much of a tile lies in its level. */
  #validSize({ level, x, y }: PyramidTile): Size {
    const { width, height } = levelSize(this.#size, level);
    const side = this.#tileSize;
    return { width: Math.min(side, width - x * side), height: Math.min(side, height - y * side) };
  }
}
