import { describe, expect, it } from "vitest";
import { levelSize, tileGrid } from "../../../src/core/geometry.ts";
import { PyramidReducer, type PyramidTile } from "../../../src/source/tiff/write-pyramid.ts";

const SIDE = 16;

/** All tiles that a reducer builds of an image whose pixel (x, y) is `value(x, y)`, fed in the given order of tiles. */
function reduce(size: { width: number; height: number }, levels: number, reversed = false): PyramidTile[] {
  const reducer = new PyramidReducer(size, SIDE, levels);
  const { columns, rows } = tileGrid(size, SIDE);
  const order = Array.from({ length: columns * rows }, (_, i) => i);
  if (reversed) order.reverse();
  return order.flatMap((i) => {
    const [tx, ty] = [i % columns, Math.floor(i / columns)];
    const plane = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
      const [x, y] = [tx * SIDE + (at % SIDE), ty * SIDE + Math.floor(at / SIDE)];
      return x < size.width && y < size.height ? value(x, y) : 255;
    });
    return [...reducer.add({ level: 0, x: tx, y: ty, planes: [plane] })];
  });
}

function value(x: number, y: number): number {
  return (x * 31 + y * 17) % 251;
}

/** The same, the slow way: pixel (x, y) of a level. */
function expected(size: { width: number; height: number }, level: number, x: number, y: number): number {
  if (level === 0) return value(x, y);
  const finer = levelSize(size, level - 1);
  const [right, bottom] = [Math.min(2 * x + 1, finer.width - 1), Math.min(2 * y + 1, finer.height - 1)];
  const at = (px: number, py: number) => expected(size, level - 1, px, py);
  return Math.floor((at(2 * x, 2 * y) + at(right, 2 * y) + at(2 * x, bottom) + at(right, bottom) + 2) / 4);
}

describe("the levels of a pyramid", () => {
  it.each([
    { width: 64, height: 64 },
    { width: 65, height: 31 },
    { width: 1, height: 49 },
    { width: 16, height: 16 },
  ])("are 2×2 means of the level below, the last pixel repeated at an odd edge: $width × $height", (size) => {
    for (const tile of reduce(size, 4)) {
      const { width, height } = levelSize(size, tile.level);
      tile.planes[0]?.forEach((actual, at) => {
        const [x, y] = [tile.x * SIDE + (at % SIDE), tile.y * SIDE + Math.floor(at / SIDE)];
        if (x < width && y < height) expect(actual).toBe(expected(size, tile.level, x, y));
      });
    }
  });

  it("are complete whatever the order of tiles, each tile once", () => {
    const size = { width: 100, height: 70 };
    const names = (tiles: PyramidTile[]) => tiles.map(({ level, x, y }) => `${level}/${x}/${y}`).sort();
    const forward = names(reduce(size, 4));
    expect(forward).toEqual(names(reduce(size, 4, true)));
    const counts = [1, 2, 3].map((level) => {
      const { columns, rows } = tileGrid(levelSize(size, level), SIDE);
      return columns * rows;
    });
    expect(forward).toHaveLength(counts.reduce((a, b) => a + b, 0));
    expect(new Set(forward).size).toBe(forward.length);
  });
});
