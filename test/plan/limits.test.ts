import { describe, expect, it } from "vitest";
import { planRegion, servedLevel, storedPixels } from "../../src/plan/index.ts";
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
    expect(storedPixels(info, servedLevel(info, 0), point)).toBe(256 * 256);
    expect(storedPixels(info, servedLevel(info, 1), point)).toBe(512 * 512);
    const strips = imageInfo(3_000_000, 2000, [{ chunkWidth: 3_000_000, chunkHeight: 8 }]);
    expect(storedPixels(strips, servedLevel(strips, 0), point)).toBe(3_000_000 * 8);
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
