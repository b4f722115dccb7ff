import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { levelCount, levelSize, tileGrid } from "../../src/core/geometry.ts";
import { STEP_TILES, type TilePlace, walkTiles } from "../../src/plan/index.ts";
import { imageInfo } from "./image-info.ts";

function placesOf(walk: ReturnType<typeof walkTiles>): readonly TilePlace[] {
  return Array.from({ length: walk.steps }, (_, index) => walk.step(index)).flat();
}

const names = (places: readonly TilePlace[]) => places.map(({ level, x, y }) => `${level}/${x}/${y}`).sort();

const walks = fc.record({
  width: fc.integer({ min: 1, max: 5000 }),
  height: fc.integer({ min: 1, max: 5000 }),
  chunkWidth: fc.integer({ min: 1, max: 6000 }),
  chunkHeight: fc.integer({ min: 1, max: 6000 }),
  tileSize: fc.constantFrom(64, 128, 256, 512),
});

describe("a walk over tiles", () => {
  it("meets every tile of every level once, the coarsest level first, in steps that are never empty nor large", () => {
    fc.assert(
      fc.property(walks, ({ width, height, chunkWidth, chunkHeight, tileSize }) => {
        const info = imageInfo(width, height, [{ chunkWidth, chunkHeight }]);
        const walk = walkTiles(info, { tileSize });
        const met = placesOf(walk);
        const all = Array.from({ length: levelCount(info) }, (_, level) => {
          const { columns, rows } = tileGrid(levelSize(info, level), tileSize);
          return Array.from({ length: columns * rows }, (__, index) => {
            return { level, x: index % columns, y: Math.floor(index / columns) };
          });
        }).flat();
        expect(names(met)).toEqual(names(all));
        expect(walk.tiles).toBe(all.length);
        expect(met.map(({ level }) => level)).toEqual(met.map(({ level }) => level).sort((a, b) => b - a));
        for (let index = 0; index < walk.steps; index++) {
          const { length } = walk.step(index);
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(STEP_TILES);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("meets exactly the tiles that show some of a region", () => {
    const box = fc.record({ x: fc.nat(2999), y: fc.nat(1999), width: fc.nat(2999), height: fc.nat(1999) });
    const info = imageInfo(3000, 2000);
    const whole = placesOf(walkTiles(info, { tileSize: 128 }));
    fc.assert(
      fc.property(box, ({ x, y, width, height }) => {
        const region = { x, y, width: Math.min(width + 1, 3000 - x), height: Math.min(height + 1, 2000 - y) };
        const shows = (at: TilePlace) => {
          const side = 128 * 2 ** at.level;
          const [left, top] = [at.x * side, at.y * side];
          return left < x + region.width && left + side > x && top < y + region.height && top + side > y;
        };
        const walk = walkTiles(info, { tileSize: 128, region });
        expect(names(placesOf(walk))).toEqual(names(whole.filter(shows)));
        expect(walk.tiles).toBe(placesOf(walk).length);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps to the levels that are wanted, each once", () => {
    const places = placesOf(walkTiles(imageInfo(2048, 2048), { tileSize: 256, levels: [1, 3, 1] }));
    expect(places.map(({ level }) => level)).toEqual([3, ...Array<number>(16).fill(1)]);
    expect(() => walkTiles(imageInfo(2048, 2048), { tileSize: 256, levels: [9] })).toThrow("levels 0 to 3");
  });

  it("takes all tiles of a chunk in one step, and rows of tiles where chunks are strips", () => {
    const square = walkTiles(imageInfo(8192, 8192, [{ chunkWidth: 1024, chunkHeight: 1024 }]), {
      tileSize: 256,
      levels: [0],
    });
    expect(square.step(0)).toContainEqual({ level: 0, x: 7, y: 7 });
    expect(square.step(0)).toHaveLength(64);
    const strips = walkTiles(imageInfo(20_000, 20_000, [{ chunkWidth: 20_000, chunkHeight: 16 }]), {
      tileSize: 256,
      levels: [0],
    });
    expect(new Set(strips.step(0).map(({ y }) => y))).toEqual(new Set([0]));
    expect(new Set(strips.step(1).map(({ y }) => y))).toEqual(new Set([0]));
  });

  it("costs nothing for the tiles that are not looked at", () => {
    const walk = walkTiles(imageInfo(2 ** 30, 2 ** 30), { tileSize: 64 });
    expect(walk.tiles).toBeGreaterThan(2 ** 48);
    expect(walk.step(walk.steps - 1).at(-1)).toEqual({ level: 0, x: 2 ** 24 - 1, y: 2 ** 24 - 1 });
  });
});
