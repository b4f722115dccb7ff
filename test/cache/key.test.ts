import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyMaker, type KeyScope, type TileKeyFields } from "../../src/cache/index.ts";

const SCOPE: KeyScope = {
  kind: "tile",
  renderVersion: 1,
  formula: "window(`red`, 0, 255)",
  images: [{ key: "demo", revision: "aa11" }],
  generation: "",
};
const TILE: TileKeyFields = {
  level: 2,
  x: 157,
  y: 195,
  tileSize: 64,
  pad: false,
  format: "jpeg",
  quality: 80,
  lossless: false,
  encoder: { name: "jpeg-turbo", version: "2.3.0" },
};

function keyOf(scope: Partial<KeyScope> = {}, tile: Partial<TileKeyFields> = {}): string {
  return new KeyMaker({ ...SCOPE, ...scope }).tile({ ...TILE, ...tile });
}

describe("the cache key", () => {
  it("is 64 hex digits and the same each time it is made", () => {
    expect(keyOf()).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf()).toBe(keyOf());
    const maker = new KeyMaker(SCOPE);
    expect([maker.tile(TILE), maker.tile(TILE)]).toEqual([keyOf(), keyOf()]);
  });

  it("stays the same from version to version: a change of it empties every cache and is made on purpose", () => {
    expect(keyOf()).toBe("186fda24f389b4597e285003f45aaa7475b69602ab6ca4b6f2955e01d3f25144");
  });

  it("begins with the same 16 digits for all tiles of a formula on its images, and with others for other formulas", () => {
    const fronts = [keyOf(), keyOf({}, { x: 1 }), keyOf({}, { format: "png" }), keyOf({ formula: "`green`" })].map(
      (key) => key.slice(0, 16),
    );
    expect(fronts[1]).toBe(fronts[0]);
    expect(fronts[2]).toBe(fronts[0]);
    expect(fronts[3]).not.toBe(fronts[0]);
  });

  it("changes with every field that changes a byte of the tile", () => {
    const keys = [
      keyOf(),
      keyOf({ kind: "region" }),
      keyOf({ renderVersion: 2 }),
      keyOf({ formula: "window(`red`, 0, 254)" }),
      keyOf({ images: [{ key: "demo", revision: "aa12" }] }),
      keyOf({ images: [{ key: "demo2", revision: "aa11" }] }),
      keyOf({ generation: "5f1c" }),
      keyOf({ images: [...SCOPE.images, { key: "other", revision: "bb" }] }),
      keyOf({}, { level: 3 }),
      keyOf({}, { x: 158 }),
      keyOf({}, { y: 157, x: 195 }),
      keyOf({}, { tileSize: 128 }),
      keyOf({}, { pad: true }),
      keyOf({}, { format: "webp" }),
      keyOf({}, { quality: 81 }),
      keyOf({}, { lossless: true }),
      keyOf({}, { encoder: { name: "sharp", version: "2.3.0" } }),
      keyOf({}, { encoder: { name: "jpeg-turbo", version: "2.3.1" } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("keeps fields apart that differ only past a separator", () => {
    const images = (...pairs: [string, string][]) => pairs.map(([key, revision]) => ({ key, revision }));
    const keys = [
      keyOf({ images: images(["a|b", "c"]) }),
      keyOf({ images: images(["a", "b|c"]) }),
      keyOf({ images: images(['a","b', "c"]) }),
      keyOf({ images: images(["a", 'b","c']) }),
      keyOf({ images: images(["a", "b"], ["c", "d"]) }),
      keyOf({ images: images(["a", 'b"],["c'], ["d", ""]) }),
      keyOf({ formula: 'x",[["a","b"]]', images: [] }),
      keyOf({ formula: "x", images: images(["a", "b"]) }),
      keyOf({}, { x: 1, y: 23 }),
      keyOf({}, { x: 12, y: 3 }),
      keyOf({}, { encoder: { name: "a", version: "b-c" } }),
      keyOf({}, { encoder: { name: "a-b", version: "c" } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("tells two texts apart that differ only in a lone surrogate, which UTF-8 cannot", () => {
    expect(keyOf({ formula: "\ud800" })).not.toBe(keyOf({ formula: "\udfff" }));
    expect(keyOf({ formula: "\ud800" })).not.toBe(keyOf({ formula: "\ufffd" }));
  });

  it("is equal exactly when formula, images and fields are equal", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    const pairs = fc.array(fc.record({ key: text, revision: text }), { maxLength: 3 });
    const fields = fc.array(fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), { maxLength: 5 });
    const input = fc.record({ formula: text, images: pairs, fields });
    const key = (value: {
      formula: string;
      images: { key: string; revision: string }[];
      fields: (string | number | boolean | null)[];
    }) => new KeyMaker({ ...SCOPE, formula: value.formula, images: value.images }).key(value.fields);
    fc.assert(
      fc.property(input, input, (a, b) => {
        expect(key(a) === key(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
