import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assertGranted,
  chunkCount,
  chunksUnder,
  MEASURED,
  planRegion,
  servedLevel,
  storedNeed,
  sumOfNeeds,
} from "../../src/plan/index.ts";
import { imageInfo } from "./image-info.ts";

describe("planning a region", () => {
  it("refuses a virtual level above more than 64 megapixels a channel, and says what to do", () => {
    const info = imageInfo(16384, 16384);
    const tile = { x: 0, y: 0, width: 256, height: 256 };
    expect(() => planRegion(info, 5, tile)).not.toThrow();
    expect(() => planRegion(info, 6, tile)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
    expect(() => planRegion(info, 6, tile)).toThrow(/Convert it to a tiled pyramid/);
  });

  it("counts the whole of each chunk that is touched, as virtual chunks and wide strips need it", () => {
    const info = imageInfo(3000, 2000);
    const point = { x: 300, y: 300, width: 1, height: 1 };
    expect(storedNeed(info, servedLevel(info, 0), point).pixels).toBe(256 * 256);
    expect(storedNeed(info, servedLevel(info, 1), point).pixels).toBe(512 * 512);
    const strips = imageInfo(3_000_000, 2000, [{ chunkWidth: 3_000_000, chunkHeight: 8 }]);
    expect(storedNeed(strips, servedLevel(strips, 0), point).pixels).toBe(3_000_000 * 8);
    expect(() => planRegion(strips, 0, { x: 0, y: 0, width: 256, height: 256 })).toThrow(/megapixels/);
  });

  it("refuses regions that are none, or lie outside", () => {
    const info = imageInfo(1000, 1000);
    for (const region of [
      { x: 0, y: 0, width: 0, height: 1 },
      { x: 0.5, y: 0, width: 1, height: 1 },
      { x: 0, y: 0, width: Number.NaN, height: 1 },
      { x: 0, y: 0, width: 2 ** 60, height: 1 },
    ])
      expect(() => planRegion(info, 0, region)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
    for (const region of [
      { x: 900, y: 0, width: 101, height: 1 },
      { x: -1, y: 0, width: 1, height: 1 },
      { x: 0, y: 1000, width: 1, height: 1 },
    ])
      expect(() => planRegion(info, 0, region)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });

  it("refuses more pixels than a picture may hold", () => {
    const info = imageInfo(100_000, 100_000);
    expect(() => planRegion(info, 0, { x: 0, y: 0, width: 8193, height: 8192 })).toThrow(/A picture may cover/);
  });

  it("cuts a large region into strips that cover it and end at chunk borders", () => {
    const info = imageInfo(5000, 5000);
    const region = { x: 100, y: 100, width: 3000, height: 2000 };
    const { strips } = planRegion(info, 0, region);
    expect(strips[0]?.y).toBe(100);
    expect(strips.reduce((sum, { height }) => sum + height, 0)).toBe(2000);
    for (const [index, strip] of strips.entries()) {
      expect(strip.y).toBe(100 + strips.slice(0, index).reduce((sum, { height }) => sum + height, 0));
      expect(strip.width * strip.height).toBeLessThanOrEqual(2 ** 20);
      if (index < strips.length - 1) expect((strip.y + strip.height) % 256).toBe(0);
    }
    expect(planRegion(info, 0, { x: 0, y: 0, width: 1024, height: 1024 }).strips).toHaveLength(1);
  });
});

describe("what an answer may read of a file", () => {
  const tile = { x: 0, y: 0, width: 256, height: 256 };
  const refused = (level: Parameters<typeof imageInfo>[2], region = tile) => {
    const info = imageInfo(100_000, 100_000, level);
    return expect(() => planRegion(info, 0, region));
  };

  it("is bounded in chunks, however few pixels they hold", () => {
    refused([{ chunkWidth: 1, chunkHeight: 1 }]).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED", details: { limit: 16_384, count: 65_536 } }),
    );
    refused([{ chunkWidth: 1, chunkHeight: 1 }]).toThrow(/65536 chunks .*bandloom ingest.*smaller region/);
    refused([{ chunkWidth: 2, chunkHeight: 2 }]).not.toThrow();
    refused([{ chunkWidth: 64, chunkHeight: 64 }], { ...tile, width: 8192, height: 8192 }).not.toThrow();
  });

  it("is bounded in reads, where chunks are joined of strips or of pieces", () => {
    const strips = (chunkReads: number) => [{ chunkWidth: 16, chunkHeight: 1024, chunkReads }];
    refused(strips(1024), { ...tile, width: 1024, height: 1024 }).not.toThrow();
    refused(strips(1024), { ...tile, width: 1040, height: 1024 }).toThrow(/66560 reads .*limit is 65536/);
  });

  it("is bounded in decoded bytes, where chunks hold many planes", () => {
    const chunkBytes = 32 * 2 ** 20;
    refused([{ chunkWidth: 64, chunkHeight: 64, chunkBytes }], { ...tile, width: 512, height: 1024 }).not.toThrow();
    refused([{ chunkWidth: 64, chunkHeight: 64, chunkBytes }], { ...tile, width: 513, height: 1024 }).toThrow(
      /4608 decoded MiB .*limit is 4096: its chunks hold many channels or planes/,
    );
  });

  it("is what lies below a virtual level", () => {
    const info = imageInfo(4096, 4096, [{ chunkWidth: 16, chunkHeight: 16, chunkReads: 3, chunkBytes: 5 }]);
    const need = storedNeed(info, servedLevel(info, 2), { x: 0, y: 0, width: 1, height: 1 });
    expect(need).toEqual({ pixels: 2 ** 20, chunks: 4096, reads: 3 * 4096, bytes: 5 * 4096 });
  });

  it("adds up, and is four times as much for a measure", () => {
    const info = imageInfo(100_000, 100_000, [{ chunkWidth: 64, chunkHeight: 64 }]);
    const picture = storedNeed(info, servedLevel(info, 0), { x: 0, y: 0, width: 8192, height: 8192 });
    const most = sumOfNeeds(new Array(4).fill(picture));
    expect(() => assertGranted(picture)).not.toThrow();
    expect(() => assertGranted(most)).toThrow(/256 megapixels .*limit is 64/);
    expect(() => assertGranted(most, MEASURED)).not.toThrow();
    expect(() => assertGranted(sumOfNeeds([most, picture]), MEASURED)).toThrow(/320 megapixels .*limit is 256/);
  });

  it("is refused where it is no number", () => {
    expect(() => assertGranted({ pixels: Number.NaN, chunks: 1, reads: 1, bytes: 0 })).toThrow(/megapixels/);
  });

  it("counts the chunks under a region as they are listed", () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(30), fc.nat(30), side, side, (w, h, cw, ch, x, y, width, height) => {
        const grid = { width: w, height: h, chunkWidth: cw, chunkHeight: ch };
        const region = { x, y, width, height };
        expect(chunkCount(grid, region)).toBe(chunksUnder(grid, region).length);
      }),
    );
  });
});
