import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { effort } from "../../fixtures/effort.ts";
import { level, openSet, type TestMember } from "./support.ts";

const decoder = new ChunkDecoder();
const NODATA = 7;

/** Known at every place, with holes; no two levels or channels are the same. */
function noise(stored: number, channel: number, x: number, y: number): number {
  const mixed = (x * 73 + y * 151 + channel * 37 + stored * 59 + ((x * y) % 13) * 11) % 256;
  return mixed % 9 === 0 ? NODATA : mixed;
}

interface Grid {
  /** Pixels of the set in one of the member. */
  readonly scale: readonly [x: number, y: number];
  readonly shift: readonly [x: number, y: number];
  readonly width: number;
  readonly height: number;
}

/** Semantics 11, written down for one pixel of the finest level; NaN outside and where the nearest sample is no data. */
function expected(x: number, y: number, { scale, shift, width, height }: Grid, at: (x: number, y: number) => number) {
  const u = (x + 0.5 - shift[0]) / scale[0];
  const v = (y + 0.5 - shift[1]) / scale[1];
  if (u < 0 || v < 0 || u >= width || v >= height) return Number.NaN;
  const sample = (i: number, j: number) => {
    const value = at(Math.min(Math.max(i, 0), width - 1), Math.min(Math.max(j, 0), height - 1));
    return value === NODATA ? Number.NaN : value;
  };
  if (Number.isNaN(sample(Math.floor(u), Math.floor(v)))) return Number.NaN;
  const [i, j] = [Math.floor(u - 0.5), Math.floor(v - 0.5)];
  const [p, q] = [u - 0.5 - i, v - 0.5 - j];
  const corners = [
    [sample(i, j), (1 - p) * (1 - q)],
    [sample(i + 1, j), p * (1 - q)],
    [sample(i, j + 1), (1 - p) * q],
    [sample(i + 1, j + 1), p * q],
  ] as const;
  const valid = corners.filter(([value, weight]) => !Number.isNaN(value) && weight > 0);
  const total = valid.reduce((sum, [, weight]) => sum + weight, 0);
  return valid.reduce((sum, [value, weight]) => sum + value * weight, 0) / total;
}

function differences(
  actual: ArrayLike<number>,
  { width, height }: { width: number; height: number },
  wanted: (x: number, y: number) => number,
): string[] {
  const found: string[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const is = actual[y * width + x] ?? 0;
      const should = Math.fround(wanted(x, y));
      // Two orders of rounding: a few units of float32 around 255.
      const same = Number.isNaN(should) ? Number.isNaN(is) : Math.abs(is - should) <= 1e-4;
      if (!same) found.push(`(${x}, ${y}): ${is} in place of ${should}`);
    }
  return found.slice(0, 5);
}

const side = fc.integer({ min: 3, max: 40 });
const chunk = fc.integer({ min: 2, max: 17 });

describe("a file of another resolution", () => {
  it("is read at the centre of each pixel, bilinear, whatever the chunks of either file", async () => {
    const rounding = fc.constantFrom(Math.ceil, Math.floor);
    const property = fc.asyncProperty(
      ...[side, side, fc.integer({ min: 2, max: 4 }), rounding, chunk, chunk, chunk, chunk, fc.boolean()],
      async (width, height, scale, round, cw, ch, mw, mh, interleaved) => {
        const small = { width: Math.max(1, round(width / scale)), height: Math.max(1, round(height / scale)) };
        const { source } = await openSet([
          { width, height, levels: [level(width, height, cw, ch)], value: noise },
          {
            ...small,
            channels: 2,
            interleaved,
            nodata: NODATA,
            levels: [level(small.width, small.height, mw, mh)],
            value: noise,
          },
        ]);
        const own = await decoder.plane(source, { channel: 0 });
        expect(differences(own, { width, height }, (x, y) => noise(0, 0, x, y))).toEqual([]);
        // Where both sizes are explained by a whole number it is one; the smallest images may be explained by another.
        const whole = Math.round(width / small.width);
        const fits = Math.abs(width / whole - small.width) <= 1 && Math.abs(height / whole - small.height) <= 1;
        fc.pre(fits);
        const grid: Grid = { scale: [whole, whole], shift: [0, 0], ...small };
        for (const channel of [1, 2]) {
          expect(source.info.channels[channel]).toMatchObject({ masked: true, dataType: "uint8" });
          const plane = await decoder.plane(source, { channel });
          expect(plane).toBeInstanceOf(Float32Array);
          const at = (x: number, y: number) => noise(0, channel - 1, x, y);
          expect(differences(plane, { width, height }, (x, y) => expected(x, y, grid, at))).toEqual([]);
        }
      },
    );
    await fc.assert(property, { numRuns: effort(40, 120) });
  });

  it("lies where its georeference says, shifted by parts of a pixel and cut anywhere", async () => {
    const shift = fc.integer({ min: -20, max: 40 }).map((quarters) => quarters / 4);
    const property = fc.asyncProperty(
      ...[side, side, side, side, fc.constantFrom(1, 1.5, 2, 3.25), shift, shift, chunk, chunk],
      async (width, height, w, h, scale, dx, dy, cw, mw) => {
        // Ten metres a pixel, rows from north to south.
        const affine = (size: number, x: number, y: number) => [size, 0, 5e5 + x, 0, -size, 4e6 - y] as const;
        const reference = (size: number, x: number, y: number) => ({
          georeference: { crs: "EPSG:32619", crsName: null, affine: affine(size, x, y) },
        });
        // Of two with equal pixels the larger is the grid.
        fc.pre(scale > 1 || width * height > w * h);
        const { source } = await openSet([
          {
            ...{ width: w, height: h, nodata: NODATA, levels: [level(w, h, mw, cw)], value: noise },
            told: reference(10 * scale, 10 * dx, 10 * dy),
          },
          { width, height, levels: [level(width, height, cw, mw)], value: noise, told: reference(10, 0, 0) },
        ]);
        expect(source.info).toMatchObject({ width, height, georeference: { affine: affine(10, 0, 0) } });
        const grid: Grid = { scale: [scale, scale], shift: [dx, dy], width: w, height: h };
        const plane = await decoder.plane(source, { channel: 0 });
        const at = (x: number, y: number) => noise(0, 0, x, y);
        expect(differences(plane, { width, height }, (x, y) => expected(x, y, grid, at))).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: effort(40, 120) });
  });
});

describe("files of one size", () => {
  it("keep every number and their type, whatever their chunks", async () => {
    const types = fc.constantFrom("uint8", "uint16", "int16", "int32", "float32", "float64", "bit");
    const property = fc.asyncProperty(
      ...[side, side, chunk, chunk, chunk, chunk, types, fc.boolean()],
      async (width, height, cw, ch, mw, mh, dataType, interleaved) => {
        const value = (stored: number, channel: number, x: number, y: number) =>
          dataType === "bit"
            ? noise(stored, channel, x, y) % 2
            : noise(stored, channel, x, y) / (dataType.startsWith("float") ? 3 : 1);
        const { source } = await openSet([
          { width, height, levels: [level(width, height, cw, ch)], value: noise },
          {
            width,
            height,
            dataType,
            channels: 3,
            interleaved,
            nodata: NODATA,
            levels: [level(width, height, mw, mh)],
            value,
          },
        ]);
        for (const channel of [1, 2, 3]) {
          expect(source.info.channels[channel]).toMatchObject({ masked: false, dataType, nodata: NODATA });
          const plane = await decoder.plane(source, { channel });
          const wanted = (x: number, y: number) => value(0, channel - 1, x, y);
          const exact = Array.from({ length: width * height }, (_, i) => wanted(i % width, Math.floor(i / width)));
          expect([...plane]).toEqual(dataType === "float32" ? exact.map(Math.fround) : exact);
        }
      },
    );
    await fc.assert(property, { numRuns: effort(30, 80) });
  });
});

describe("chunks of one width and another height", () => {
  it("are no chunks of the set", async () => {
    const { source } = await openSet([
      { width: 20, height: 20, levels: [level(20, 20, 8, 8)], value: noise },
      { width: 20, height: 20, levels: [level(20, 20, 8, 5)], value: noise },
    ]);
    const plane = await decoder.plane(source, { channel: 1 });
    expect(differences(plane, { width: 20, height: 20 }, (x, y) => noise(0, 0, x, y))).toEqual([]);
  });
});

describe("the levels of a set", () => {
  const halves = (width: number, height: number, count: number, tile: number): TestMember["levels"] =>
    Array.from({ length: count }, (_, k) => level(Math.ceil(width / 2 ** k), Math.ceil(height / 2 ** k), tile, tile));

  it("take each file from its coarsest level that is fine enough: pixel for pixel where their pyramids meet", async () => {
    const { source, members } = await openSet([
      { width: 96, height: 80, levels: halves(96, 80, 4, 16), value: noise },
      { width: 48, height: 40, levels: halves(48, 40, 3, 16), value: noise },
    ]);
    expect(source.info.levels.map(({ width }) => width)).toEqual([96, 48, 24, 12]);
    for (const at of [1, 2, 3]) {
      const plane = await decoder.plane(source, { channel: 1, level: at });
      const { width = 0, height = 0 } = source.info.levels[at] ?? {};
      expect(differences(plane, { width, height }, (x, y) => noise(at - 1, 0, x, y))).toEqual([]);
    }
    expect(new Set(members[1]?.fetched.map((name) => name[0]))).toEqual(new Set(["0", "1", "2"]));
  });

  it("cover the partial pixels at the far edges of odd sizes", async () => {
    const { source } = await openSet([
      { width: 97, height: 81, levels: halves(97, 81, 4, 16), value: () => 10 },
      { width: 49, height: 41, levels: halves(49, 41, 3, 16), value: () => 20 },
    ]);
    for (const at of [0, 1, 2, 3])
      expect(new Set(await decoder.plane(source, { channel: 1, level: at })), `level ${at}`).toEqual(new Set([20]));
  });

  it("cover them from a finer level too, where the last centre lies beyond the file", async () => {
    const { source } = await openSet([
      { width: 97, height: 81, levels: halves(97, 81, 3, 16), value: () => 10 },
      { width: 49, height: 41, levels: halves(49, 41, 1, 16), value: () => 20 },
    ]);
    expect(source.info.levels.map(({ width }) => width)).toEqual([97, 49, 25]);
    expect(new Set(await decoder.plane(source, { channel: 1, level: 2 }))).toEqual(new Set([20]));
  });

  it("are shifted as the file is", async () => {
    const georeference = (size: number, x: number, y: number) => ({
      told: { georeference: { crs: "EPSG:32619", crsName: null, affine: [size, 0, x, 0, -size, y] as const } },
    });
    const { source } = await openSet([
      { width: 96, height: 80, levels: halves(96, 80, 3, 16), value: noise, ...georeference(10, 0, 0) },
      { width: 24, height: 24, levels: halves(24, 24, 2, 16), value: noise, ...georeference(20, 80, -160) },
    ]);
    for (const at of [1, 2]) {
      const plane = await decoder.plane(source, { channel: 1, level: at });
      const { width = 0, height = 0 } = source.info.levels[at] ?? {};
      const side = 24 / at;
      const wanted = (x: number, y: number) => {
        const [i, j] = [x - 4 / at, y - 8 / at];
        return i < 0 || j < 0 || i >= side || j >= side ? Number.NaN : noise(at - 1, 0, i, j);
      };
      expect(differences(plane, { width, height }, wanted), `level ${at}`).toEqual([]);
    }
  });

  it("are left out where a file of the same size has none: means of it are made of level 0 then", async () => {
    const { source } = await openSet([
      { width: 96, height: 80, levels: halves(96, 80, 3, 16), value: noise },
      { width: 96, height: 80, levels: halves(96, 80, 1, 16), value: noise },
    ]);
    expect(source.info.levels.map(({ width }) => width)).toEqual([96]);
    expect(source.info.advice.join()).toMatch(/different pyramids: 2 levels/);
  });

  it("read two by two samples of a file that is twice as fine, and leave out levels for which it would be finer still", async () => {
    const { source } = await openSet([
      { width: 96, height: 80, levels: halves(96, 80, 4, 16), value: noise },
      { width: 48, height: 40, levels: halves(48, 40, 1, 16), value: noise },
    ]);
    expect(source.info.levels.map(({ width }) => width)).toEqual([96, 48, 24]);
    const plane = await decoder.plane(source, { channel: 1, level: 2 });
    const mean = (x: number, y: number) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + noise(0, 0, 2 * x + (i % 2), 2 * y + (i >> 1)), 0) / 4;
    expect(differences(plane, { width: 24, height: 20 }, mean)).toEqual([]);
  });
});
