import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { levelCount, levelSize, tileGrid } from "../../src/core/geometry.ts";
import { Assembly } from "../../src/ingest/assembly.ts";
import type { UnitJob } from "../../src/ingest/protocol.ts";
import { reach, type UnitGrid, unitGrid, unitOrder, unitRegion } from "../../src/ingest/units.ts";

const side = fc.integer({ min: 1, max: 9000 });
const chunk = fc.constantFrom(256, 512, 1024);
/** Tiles, strips, whole images. */
const blockSide = fc.oneof(fc.constantFrom(1, 8, 240, 256, 512, 1000), fc.integer({ min: 1, max: 9000 }));

/** Follows units as the conversion does, without their pixels; gives how often each chunk is made. */
function chunksMade(grid: UnitGrid): Map<string, number> {
  const made = new Map<string, number>();
  // Pixels of one byte are the cheapest.
  const assembly = new Assembly(grid, "uint8");
  const jobs: Pick<UnitJob, "level" | "region" | "depth">[] = unitOrder(grid).map(([x, y]) => {
    return { level: 0, depth: reach(grid, 0), region: unitRegion(grid, 0, x, y) };
  });
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    let { x, y, width, height } = job.region;
    for (let level = job.level; level < job.level + job.depth; level++) {
      expect([x % grid.chunk, y % grid.chunk]).toEqual([0, 0]);
      for (let top = y; top < y + height; top += grid.chunk) {
        for (let left = x; left < x + width; left += grid.chunk) {
          const key = `${level}/${left / grid.chunk}/${top / grid.chunk}`;
          made.set(key, (made.get(key) ?? 0) + 1);
        }
      }
      const size = levelSize(grid.image, level + 1);
      [x, y] = [x / 2, y / 2];
      [width, height] = [
        Math.min(Math.ceil(width / 2), size.width - x),
        Math.min(Math.ceil(height / 2), size.height - y),
      ];
    }
    const level = job.level + job.depth;
    if (level === grid.levels) continue;
    const data = [new Uint8Array(width * height).buffer];
    const parent = assembly.add({ level, region: { x, y, width, height }, planes: [0], data }, job.level);
    if (parent) jobs.unshift(parent);
  }
  return made;
}

describe("units of work", () => {
  it("make every chunk of every level once, whatever the sizes of image, chunks and source", () => {
    fc.assert(
      fc.property(
        side,
        side,
        chunk,
        blockSide,
        blockSide,
        fc.constantFrom(1, 8, 60),
        (width, height, size, bw, bh, bytes) => {
          const image = { width, height };
          const grid = unitGrid(image, size, levelCount(image), { width: bw, height: bh }, bytes);
          const made = chunksMade(grid);
          let due = 0;
          for (let level = 0; level < grid.levels; level++) {
            const { columns, rows } = tileGrid(levelSize(image, level), size);
            due += columns * rows;
          }
          expect(made.size).toBe(due);
          expect([...made.values()].every((times) => times === 1)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("read every chunk of the source once where its grid and theirs are aligned", () => {
    const sides = fc.constantFrom(16, 64, 128, 256, 512, 1024, 2048);
    fc.assert(
      fc.property(side, side, chunk, sides, fc.boolean(), (width, height, size, blockHeight, strips) => {
        const image = { width, height };
        const block = { width: strips ? width : blockHeight, height: blockHeight };
        const grid = unitGrid(image, size, levelCount(image), block, 2);
        const reads = new Set<number>();
        let read = 0;
        for (const [x, y] of unitOrder(grid)) {
          const region = unitRegion(grid, 0, x, y);
          for (let row = Math.floor(region.y / block.height); row * block.height < region.y + region.height; row++) {
            for (
              let column = Math.floor(region.x / block.width);
              column * block.width < region.x + region.width;
              column++
            ) {
              read++;
              reads.add(row * 2 ** 20 + column);
            }
          }
        }
        expect(read).toBe(reads.size);
        expect(reads.size).toBe(Math.ceil(width / block.width) * Math.ceil(height / block.height));
      }),
      { numRuns: 60 },
    );
  });

  it("are squares over tiles and bands over strips", () => {
    const image = { width: 16384, height: 16384 };
    expect(unitGrid(image, 512, 7, { width: 256, height: 256 }, 2)).toMatchObject({ width: 2048, height: 2048 });
    const bands = unitGrid(image, 512, 7, { width: 16384, height: 8 }, 2);
    expect(bands.width).toBeGreaterThanOrEqual(16384);
    expect(bands.height).toBeLessThanOrEqual(1024);
  });

  it("stay small where all channels are interleaved, and grow no further than a thread can hold", () => {
    const image = { width: 262_144, height: 262_144 };
    for (const source of [{ width: 256, height: 256 }, { width: 262_144, height: 64 }, image]) {
      const { width, height } = unitGrid(image, 256, 11, source, 30);
      expect(width * height * 30).toBeLessThanOrEqual(256 * 2 ** 20);
    }
  });
});
