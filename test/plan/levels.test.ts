import { describe, expect, it } from "vitest";
import { planeInput, servedLevel } from "../../src/plan/index.ts";
import { imageInfo } from "./image-info.ts";

describe("the level that serves level k", () => {
  it("is the stored one of that size, or one pixel off", () => {
    const info = imageInfo(1001, 803, [{}, { width: 500, height: 401 }, { width: 251, height: 202 }]);
    expect([0, 1, 2].map((level) => servedLevel(info, level))).toMatchObject([
      { kind: "stored", stored: 0, size: { width: 1001, height: 803 } },
      { kind: "stored", stored: 1, size: { width: 501, height: 402 }, grid: { width: 500, height: 401 } },
      { kind: "stored", stored: 2, size: { width: 251, height: 201 } },
    ]);
  });

  it("is the stored one of the exact size where another is one pixel off", () => {
    const info = imageInfo(600, 600, [{}, { width: 299, height: 299 }, { width: 300, height: 300 }]);
    expect(servedLevel(info, 1)).toMatchObject({ kind: "stored", stored: 2 });
  });

  it("is virtual where no stored size fits, as in a pyramid by threes", () => {
    const info = imageInfo(1200, 900, [{}, { width: 400, height: 300 }]);
    expect([1, 2, 3].map((level) => servedLevel(info, level).kind)).toEqual(["virtual", "virtual", "virtual"]);
  });

  it("does not exist beyond the coarsest", () => {
    const info = imageInfo(1001, 803);
    for (const level of [-1, 3, 0.5, Number.NaN]) expect(() => servedLevel(info, level)).toThrow(/levels 0 to 2/);
  });
});

describe("the planes of a level", () => {
  it("lie as stored, or as float32 with NaN for no data where the level is virtual", () => {
    const info = imageInfo(1000, 1000);
    expect(planeInput(info, servedLevel(info, 0), 0, 0, 0)).toEqual({
      channel: 0,
      z: 0,
      t: 0,
      type: "uint8",
      nodata: 0,
    });
    expect(planeInput(info, servedLevel(info, 1), 0, 0, 0)).toEqual({
      channel: 0,
      z: 0,
      t: 0,
      type: "float32",
      nodata: null,
    });
  });

  it("do not exist for channels and planes that the image lacks", () => {
    const info = imageInfo(10, 10);
    for (const [channel, z, t] of [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
      [Number.NaN, 0, 0],
    ] as const)
      expect(() => planeInput(info, servedLevel(info, 0), channel, z, t)).toThrow(/no plane/);
  });
});
