import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkSpans, chunksUnder } from "../../src/plan/index.ts";

const grids = fc.record({
  width: fc.integer({ min: 1, max: 90 }),
  height: fc.integer({ min: 1, max: 90 }),
  chunkWidth: fc.integer({ min: 1, max: 40 }),
  chunkHeight: fc.integer({ min: 1, max: 40 }),
});

/** A grid and a region that may reach one pixel beyond it, as a level may that is served by a smaller stored one. */
const cases = grids.chain((grid) =>
  fc.tuple(fc.nat(grid.width), fc.nat(grid.height)).chain(([x, y]) =>
    fc.record({
      grid: fc.constant(grid),
      region: fc.record({
        x: fc.constant(x),
        y: fc.constant(y),
        width: fc.integer({ min: 1, max: grid.width + 1 - x }),
        height: fc.integer({ min: 1, max: grid.height + 1 - y }),
      }),
    }),
  ),
);

describe("chunks under a region", () => {
  it("give every pixel once, from its place in its chunk, and repeat the last one beyond the grid", () => {
    fc.assert(
      fc.property(cases, ({ grid, region }) => {
        const seen = new Map<string, string>();
        let [given, outside] = [0, 0];
        for (const span of chunkSpans(grid, region))
          for (let y = 0; y < span.height; y++)
            for (let x = 0; x < span.width; x++) {
              const to = `${span.toX + x},${span.toY + y}`;
              given++;
              if (span.fromX + x >= grid.chunkWidth || span.fromY + y >= grid.chunkHeight) outside++;
              seen.set(
                to,
                `${span.chunkX * grid.chunkWidth + span.fromX + x},${span.chunkY * grid.chunkHeight + span.fromY + y}`,
              );
            }
        const wrong: string[] = [];
        for (let y = 0; y < region.height; y++)
          for (let x = 0; x < region.width; x++) {
            const due = `${Math.min(region.x + x, grid.width - 1)},${Math.min(region.y + y, grid.height - 1)}`;
            if (seen.get(`${x},${y}`) !== due) wrong.push(`${x},${y}`);
          }
        expect(wrong).toEqual([]);
        const count = region.width * region.height;
        expect([given, outside, seen.size]).toEqual([count, 0, count]);
      }),
    );
  });

  it("are listed once each, row by row", () => {
    fc.assert(
      fc.property(cases, ({ grid, region }) => {
        const expected = [...new Set(chunkSpans(grid, region).map(({ chunkX, chunkY }) => `${chunkX},${chunkY}`))];
        expect(chunksUnder(grid, region).map(({ x, y }) => `${x},${y}`)).toEqual(expected);
      }),
    );
  });
});
