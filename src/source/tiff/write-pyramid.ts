import { levelSize, type Size, tileGrid } from "../../core/geometry.ts";
import type { Samples } from "./write-tile.ts";

/** One tile of every channel; each holds tileSize × tileSize samples, those outside the level without meaning. */
export type TilePlanes = readonly Samples[];

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
      if (target) reduceInto(plane, valid, target, this.#tileSize, tile.x & 1, tile.y & 1);
    });
    if (--parent.missing > 0) return;
    this.#parents.delete(key);
    const whole: PyramidTile = { level, x, y, planes: parent.planes };
    yield whole;
    yield* this.add(whole);
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

/** Writes the 2×2 means of a tile into quadrant (right, bottom) of its parent; beyond an odd edge the last pixel repeats. */
function reduceInto(source: Samples, valid: Size, target: Samples, side: number, right: number, bottom: number): void {
  const origin = ((bottom * side) / 2) * side + (right * side) / 2;
  for (let y = 0; y * 2 < valid.height; y++) {
    const top = y * 2 * side;
    const below = Math.min(y * 2 + 1, valid.height - 1) * side;
    for (let x = 0; x * 2 < valid.width; x++) {
      const next = Math.min(x * 2 + 1, valid.width - 1);
      const a = source[top + x * 2] ?? 0;
      const b = source[top + next] ?? 0;
      const c = source[below + x * 2] ?? 0;
      const d = source[below + next] ?? 0;
      target[origin + y * side + x] = (a + b + c + d + 2) >> 2;
    }
  }
}
