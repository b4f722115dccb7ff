import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunksUnder, groupByChunks, servedLevel } from "../../src/plan/index.ts";
import { imageInfo } from "./image-info.ts";

const info = imageInfo(2000, 1500);

function tiles(size: number, columns: number, rows: number) {
  return Array.from({ length: columns * rows }, (_, index) => ({
    level: 0,
    region: { x: (index % columns) * size, y: Math.floor(index / columns) * size, width: size, height: size },
  }));
}

describe("grouping a batch by chunks", () => {
  it("makes one component a chunk where tiles fill chunks", () => {
    const components = groupByChunks(info, tiles(64, 12, 8));
    expect(components).toHaveLength(6);
    expect(components.map(({ chunkX, chunkY }) => [chunkX, chunkY])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    for (const { members } of components) expect(members).toHaveLength(16);
  });

  it("looks at blocks of tiny chunks, not at each", () => {
    const tiny = imageInfo(2048, 1024, [{ chunkWidth: 3, chunkHeight: 1 }]);
    const components = groupByChunks(tiny, tiles(256, 8, 4));
    expect(components.flatMap(({ members }) => members).toSorted((a, b) => a - b)).toEqual([...new Array(32).keys()]);
    // 66 pixels across: a tile of 256 meets its neighbor in a block; 64 down: it does not.
    expect(components).toHaveLength(4);
  });

  it("joins tiles that straddle chunks", () => {
    expect(groupByChunks(info, tiles(200, 5, 1))).toMatchObject([{ members: [0, 1, 2, 3, 4], chunkX: 0, chunkY: 0 }]);
  });

  it("holds each picture once, and no chunk in two components", () => {
    const picture = fc.record({
      level: fc.integer({ min: 0, max: 1 }),
      region: fc.record({
        x: fc.nat(600),
        y: fc.nat(500),
        width: fc.integer({ min: 1, max: 300 }),
        height: fc.integer({ min: 1, max: 200 }),
      }),
    });
    fc.assert(
      fc.property(fc.array(picture, { maxLength: 20 }), (batch) => {
        const components = groupByChunks(info, batch);
        expect(components.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual([...batch.keys()]);
        const owners = new Map<string, number>();
        for (const [owner, { members }] of components.entries())
          for (const member of members) {
            const { level, region } = batch[member] ?? { level: 0, region: { x: 0, y: 0, width: 1, height: 1 } };
            for (const { x, y } of chunksUnder(servedLevel(info, level).grid, region)) {
              expect(owners.get(`${level}/${x}/${y}`) ?? owner).toBe(owner);
              owners.set(`${level}/${x}/${y}`, owner);
            }
          }
      }),
    );
  });

  it("does not join what shares no chunk", () => {
    const far = { level: 0, region: { x: 1024, y: 1024, width: 10, height: 10 } };
    const other = { level: 1, region: { x: 0, y: 0, width: 10, height: 10 } };
    const components = groupByChunks(info, [far, ...tiles(64, 2, 1), other]);
    expect(components.map(({ members }) => members)).toEqual([[1, 2], [0], [3]]);
  });
});
