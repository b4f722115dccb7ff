import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FormulaScope, imagesNamed, interpret } from "../../src/formula/index.ts";
import { axisReads, bilinear, placedLevel } from "../../src/formula/placement.ts";
import { quoteChannel } from "../../src/formula/print.ts";
import { channel, complete, scopeOf } from "./support.ts";

const key = fc
  .oneof(fc.string({ minLength: 1, unit: "grapheme" }), fc.constantFrom("plates/p1#2", 'a"b', "let", "b`c`", "é 1"))
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));
const shift = fc.oneof(
  fc.double({ min: -1e9, max: 1e9, noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, 1e9),
);
const scale = fc.double({ min: 1e-6, max: 1e6, noNaN: true, noDefaultInfinity: true });

function scopeWith(other: string): FormulaScope {
  const image = { channels: [channel("red"), channel("of `two`", "float32")], depth: 3, times: 1 };
  return scopeOf([channel("red")], { key: "this image", images: new Map([[other, image]]) });
}

describe("the canonical text of another image", () => {
  it("is read back as itself, whatever its key and its place", () => {
    fc.assert(
      fc.property(key, shift, shift, scale, fc.boolean(), (name, dx, dy, factor, nearest) => {
        const scope = scopeWith(name);
        const word = nearest ? "nearest" : "bilinear";
        const text = `use o = image(${quoteChannel(`${name}`).replace(/^[^`].*/u, (plain) => `\`${plain}\``)}, ${word}, dy=${dy}, dx=${dx}, scale=${factor}); o.\`of \`\`two\`\`\`[z=2] * o.red + red`;
        expect(imagesNamed(text)).toEqual([name]);
        const { canonical, hash, images, channels } = complete(text, scope);
        expect({ images, channels }).toEqual({ images: [name], channels: [0] });
        const again = complete(canonical, scope);
        expect({ canonical: again.canonical, hash: again.hash }).toEqual({ canonical, hash });
        expect(imagesNamed(canonical)).toEqual([name]);
      }),
      { numRuns: 500 },
    );
  });

  it("tells places apart that differ in any bit", () => {
    const scope = scopeWith("o");
    const places = ["", ", dx=0.1", ", dx=0.30000000000000004", ", dx=0.3", ", dy=0.3", ", scale=0.3", ", nearest"];
    const hashes = places.map((place) => complete(`image("o"${place}).red`, scope).hash);
    expect(new Set(hashes).size).toBe(places.length);
  });
});

it("a name behind a point is no image where it is bound, or part of a number or a comment", () => {
  expect(imagesNamed("let d = red; d.red + 1.5 + before.red /* after.red */")).toEqual(["before"]);
  expect(imagesNamed('use a = image("x"); a.b1 + `c d`.b1 + image("y").@2 * min(e.b1, -f.b1)')).toEqual([
    ...["x", "c d", "y", "e", "f"],
  ]);
  expect(imagesNamed("before.red +")).toEqual([]);
});

it("a pixel alone is worked out where somebody tells what lies over it, and refused where nobody does", () => {
  const { values } = complete('image("o").red + red', scopeWith("o"));
  const [value] = values;
  if (!value) throw new Error("no value");
  const place = { x: 4, y: 5, width: 9, height: 9, pitch: { x: 1, y: 1 } };
  const read = () => 100;
  const placed = (_: unknown, x: number, y: number) => 10 * x + y;
  expect(interpret(value, read, { ...place, placed })).toEqual([145]);
  expect(() => interpret(value, read, place)).toThrow(/none is given/);
});

describe("the level that is read of another image", () => {
  it("is the coarsest that is still as fine as what is shown", () => {
    // Four pixels of the other lie on one of this image.
    expect(placedLevel(10, 0, 0.25)).toBe(2);
    expect(placedLevel(10, 0, 0.26)).toBe(1);
    expect(placedLevel(10, 3, 0.25)).toBe(5);
    expect(placedLevel(4, 3, 0.25)).toBe(3);
    expect(placedLevel(10, 3, 1)).toBe(3);
    expect(placedLevel(10, 3, 16)).toBe(0);
  });
});

describe("pixels between pixels", () => {
  const along = { shift: 0, scale: 1, nearest: false, level: 0, readLevel: 0, from: 0, count: 6, pixels: 4, length: 4 };

  it("are the pixels themselves where both grids are one, and none beyond the edge", () => {
    const { first, weight } = axisReads(along);
    expect([...first]).toEqual([0, 1, 2, 3, -1, -1]);
    expect([...weight]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("lie between two by their nearness, and at the edge on the last one", () => {
    const { first, weight } = axisReads({ ...along, scale: 2, count: 9 });
    expect([...first]).toEqual([0, 0, 0, 1, 1, 2, 2, 3, -1]);
    expect([...weight]).toEqual([0, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0, 0]);
    expect([...axisReads({ ...along, scale: 2, count: 9, nearest: true }).first]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, -1]);
  });

  it("leave out neighbours without data, unless the nearest is one of them", () => {
    const none = Number.NaN;
    expect(bilinear(1, 3, 5, 7, 0.5, 0.5)).toBe(4);
    expect(bilinear(1, none, none, none, 0, 0)).toBe(1);
    expect(bilinear(1, none, 5, 7, 0.25, 0)).toBe(1);
    expect(bilinear(none, 3, 5, 7, 0.25, 0.25)).toBeNaN();
    expect(bilinear(1, 3, 5, none, 0.25, 0.25)).toBe(Math.fround((1 * 0.5625 + 3 * 0.1875 + 5 * 0.1875) / 0.9375));
  });
});
