import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { levelSize } from "../../src/core/geometry.ts";
import { NPY, openPipeline, type Pipeline, valuesOf } from "./support.ts";

const WIDTH = 300;
const HEIGHT = 200;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** How another image lies: as the language defines it, and which of its levels must be read. */
interface Lie {
  readonly dx: number;
  readonly dy: number;
  readonly scale: number;
  readonly level: number;
}

const base = (x: number, y: number) => (x * 131 + y * 71) % 4001;
const small = (x: number, y: number) => (x * x + y * 3) % 251;
const large = (x: number, y: number) => (x * 17 + y * y * 5) % 6007;
const smallFile = (value: (x: number, y: number, sample: number) => number) => ({
  ...{ width: 150, height: 100, type: "uint8" as const, tile: [32, 32] as [number, number], value },
});

let pipeline: Pipeline;
beforeAll(async () => {
  // Images are looked at again after a second, which passes when a test says so.
  vi.useFakeTimers({ toFake: ["performance"] });
  pipeline = await openPipeline({
    "base.tif": { width: WIDTH, height: HEIGHT, type: "uint16", tile: [64, 64], value: base },
    "small.tif": smallFile(small),
    "folder/large image.tif": {
      ...{ width: 1300, height: 900, samples: 2, planar: true, type: "float32", tile: [128, 256] },
      value: (x, y, sample) => (x % 97 === 5 && y % 13 === 1 ? Number.NaN : large(x, y) + sample),
    },
  });
});
afterAll(async () => {
  vi.useRealTimers();
  await pipeline.close();
});

/** All of a level, in one tile of the largest size. */
async function levelOf(key: string, text: string, level: number): Promise<Plane> {
  const formula = await pipeline.bind(key, text);
  const size = levelSize(formula.image.info, level);
  const region = { x: 0, y: 0, width: formula.image.info.width, height: formula.image.info.height };
  const maxSize = Math.max(size.width, size.height);
  if (level === 0) {
    const { bytes } = await pipeline.tiles.region({ formula, region, maxSize, encoding: NPY });
    return { ...size, values: valuesOf(bytes) };
  }
  const { bytes } = await pipeline.tiles.tile({
    ...{ formula, level, x: 0, y: 0, tileSize: 1024, pad: false, encoding: NPY },
  });
  return { ...size, values: valuesOf(bytes) };
}

/** Another image at a pixel of a level of the first, worked out from the definition alone, in float64. */
function lying({ values, width, height }: Plane, full: { width: number; height: number }, lie: Lie, below: number) {
  return (x: number, y: number, nearest: boolean): number => {
    const u = ((x + 0.5) * 2 ** below - lie.dx) / lie.scale;
    const v = ((y + 0.5) * 2 ** below - lie.dy) / lie.scale;
    if (u < 0 || v < 0 || u >= full.width || v >= full.height) return Number.NaN;
    const at = (column: number, row: number) =>
      values[Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)] ?? Number.NaN;
    const [p, q] = [u / 2 ** lie.level, v / 2 ** lie.level];
    if (nearest) return at(Math.floor(p), Math.floor(q));
    const [column, row] = [Math.floor(p - 0.5), Math.floor(q - 0.5)];
    const [right, down] = [p - 0.5 - column, q - 0.5 - row];
    const parts = [
      { value: at(column, row), weight: (1 - right) * (1 - down) },
      { value: at(column + 1, row), weight: right * (1 - down) },
      { value: at(column, row + 1), weight: (1 - right) * down },
      { value: at(column + 1, row + 1), weight: right * down },
    ];
    if (Number.isNaN(at(Math.floor(p), Math.floor(q)))) return Number.NaN;
    const valid = parts.filter(({ value, weight }) => weight > 0 && !Number.isNaN(value));
    const total = valid.reduce((sum, { weight }) => sum + weight, 0);
    return valid.reduce((sum, { value, weight }) => sum + value * weight, 0) / total;
  };
}

const SMALL = { width: 150, height: 100 };
const LARGE = { width: 1300, height: 900 };
const LARGE_IMAGE = 'image("folder/large image"';

describe("another image lies where the formula says", () => {
  const cases: readonly [text: string, key: string, channel: string, full: typeof SMALL, level: number, lie: Lie][] = [
    ["small.b1", "small", "b1", SMALL, 0, { dx: 0, dy: 0, scale: 1, level: 0 }],
    ['image("small", scale=2).b1', "small", "b1", SMALL, 0, { dx: 0, dy: 0, scale: 2, level: 0 }],
    [
      'image("small", dx=20.25, dy=-31, scale=1.7).b1',
      ...["small", "b1", SMALL, 0, { dx: 20.25, dy: -31, scale: 1.7, level: 0 }],
    ] as never,
    ['image("small", scale=2).b1', "small", "b1", SMALL, 1, { dx: 0, dy: 0, scale: 2, level: 0 }],
    ['image("small", dx=3, scale=0.5).b1', "small", "b1", SMALL, 0, { dx: 3, dy: 0, scale: 0.5, level: 0 }],
    [`${LARGE_IMAGE}, scale=0.25).b2`, "folder/large image", "b2", LARGE, 0, { dx: 0, dy: 0, scale: 0.25, level: 2 }],
    [
      `${LARGE_IMAGE}, dy=7, scale=0.3).b1`,
      "folder/large image",
      "b1",
      LARGE,
      0,
      { dx: 0, dy: 7, scale: 0.3, level: 1 },
    ],
    [`${LARGE_IMAGE}, scale=0.3).b1`, "folder/large image", "b1", LARGE, 1, { dx: 0, dy: 0, scale: 0.3, level: 2 }],
  ];
  it.each(cases)("%s", async (text, key, channel, full, level, lie) => {
    for (const nearest of [false, true]) {
      const other = await levelOf(key, nearest ? `nearest(${channel})` : channel, lie.level);
      const written = nearest ? text.replace(/(image\([^)]*)\)/, "$1, nearest)") : text;
      if (nearest && written === text) continue;
      const { width, values } = await levelOf("base", written, level);
      const expected = lying(other, full, lie, level);
      const wanted = values.map((_, index) => expected(index % width, Math.floor(index / width), nearest));
      const isOff = (found: number, index: number) => {
        const right = wanted[index] ?? Number.NaN;
        return Number.isNaN(right) ? !Number.isNaN(found) : !(Math.abs(found - right) <= Math.abs(right) * 2 ** -22);
      };
      const first = values.findIndex(isOff);
      expect({ pixel: first, value: values[first] }).toEqual({ pixel: -1, value: undefined });
      expect(wanted.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(1000);
    }
  });
});

describe("a formula of several images", () => {
  const MERGE = `use wide = ${LARGE_IMAGE}, dx=-40, scale=0.31); blur(wide.b1 - b1, 2) + median(small.b1, 1) * wide.b2`;

  it.each([64, 200])("gives tiles of %i pixels that are the crop of one picture, to the last bit", async (tileSize) => {
    const whole = await levelOf("base", MERGE, 0);
    expect(whole.values.filter(Number.isFinite).length).toBeGreaterThan(5000);
    const formula = await pipeline.bind("base", MERGE);
    const [columns, rows] = [Math.ceil(WIDTH / tileSize), Math.ceil(HEIGHT / tileSize)];
    const requests = Array.from({ length: columns * rows }, (_, index) => ({
      ...{ formula, level: 0, x: index % columns, y: Math.floor(index / columns) },
      ...{ tileSize, pad: false, encoding: NPY },
    }));
    for (const [index, tile] of (await pipeline.tiles.tiles(requests)).entries()) {
      if (tile instanceof Error) throw tile;
      const { x = 0, y = 0 } = requests[index] ?? {};
      const width = Math.min(tileSize, WIDTH - x * tileSize);
      const values = valuesOf(tile.bytes);
      const crop = Float32Array.from(values, (_, at) => {
        const row = y * tileSize + Math.floor(at / width);
        return whole.values[row * WIDTH + x * tileSize + (at % width)] ?? 0;
      });
      expect(Buffer.from(values.buffer).equals(Buffer.from(crop.buffer)), `${x}, ${y}`).toBe(true);
    }
  });

  it("is probed as its tiles show it", async () => {
    const formula = await pipeline.bind("base", MERGE);
    const { values } = await levelOf("base", MERGE, 0);
    const points = [
      { x: 30, y: 20 },
      { x: 64, y: 63 },
      { x: 299, y: 199 },
    ];
    const { points: probed } = await pipeline.tiles.probe({ formula, points, level: 0 });
    for (const [index, { x, y }] of points.entries()) {
      const value = values[y * WIDTH + x] ?? 0;
      expect(probed[index]?.values[0]?.number ?? Number.NaN).toBe(value);
    }
  });

  it("takes its windows and means from what lies over the first image", async () => {
    const formula = await pipeline.bind("base", 'mean(image("small", scale=2, nearest).b1)');
    const all = Array.from({ length: 150 * 100 }, (_, index) => small(index % 150, Math.floor(index / 150)));
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    expect(Number(/[\d.]+/.exec(formula.formula.canonical)?.[0])).toBeCloseTo(mean, 3);
    expect((await pipeline.bind("base", "small.b1")).formula.canonical).toBe('window(image("small").b1, 0, 255)');
    expect((await pipeline.bind("base", `stretch(${LARGE_IMAGE}).b1)`)).formula.canonical).toMatch(
      /^window\(image\("folder\/large image"\)\.b1, \d+(\.\d+)?, \d+(\.\d+)?\)$/,
    );
  });

  it("has one text for one picture", async () => {
    const same = async (...texts: readonly string[]) => {
      const hashes = await Promise.all(texts.map(async (text) => (await pipeline.bind("base", text)).formula.hash));
      expect(new Set(hashes).size, texts.join(" | ")).toBe(1);
    };
    await same("small.b1", "`small`.B1", 'image("small").@1', 'use s = image("small", dx=0, scale=1, bilinear); s.b1');
    await same('image("base").b1 + 1', "b1 + 1", "base.b1 + 1", 'use me = image("base", nearest); me.@1 + 1');
    await same('image("small", dx=1e1, "nearest").b1', "image(`small`, nearest, dx=10).b1");
    const other = await pipeline.bind("base", 'image("small", nearest).b1');
    expect(other.formula.hash).not.toBe((await pipeline.bind("base", "small.b1")).formula.hash);
    expect((await pipeline.bind("base", 'image("base", dx=1).b1')).formula.canonical).toContain(
      'image("base", dx=1).b1',
    );
  });

  it("names what is wrong with a name, and what to write", async () => {
    const told = async (text: string) => {
      const bound = await pipeline.formulas.bind(await pipeline.images.get("base"), text);
      return bound.diagnostics.map(({ code, message }) => `${code} ${message}`).join("\n");
    };
    expect(await told("smal.b1")).toMatch(/^UNKNOWN_IMAGE There is no image smal.*Did you mean small\?/);
    expect(await told('image("nothing at all").b1')).toMatch(/^UNKNOWN_IMAGE There is no image nothing at all/);
    for (const key of ["../base", "/etc/passwd", ".hidden", "base.tif", "folder/../base"])
      expect(await told(`image("${key}").b1`), key).toMatch(/^UNKNOWN_IMAGE/);
    expect(await told("small.b7")).toMatch(/^UNKNOWN_NAME There is no channel b7.* That image has b1\./);
    expect(await told("small.@2")).toMatch(/^UNKNOWN_NAME .*@1 to @1/);
    expect(await told('image("small")')).toMatch(/^TYPE_MISMATCH .*image\("…"\)\.b1/);
    expect(await told('use s = image("small"); s + 1')).toMatch(/^TYPE_MISMATCH s is an image.*s\.b1/);
    expect(await told("b1.b1")).toMatch(/^TYPE_MISMATCH b1 is a channel/);
    expect(await told("let a = 1; a.b1")).toMatch(/^TYPE_MISMATCH a is a value/);
    expect(await told('image("small", dz=1).b1')).toMatch(/^BAD_ARGUMENT image has no dz/);
    for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"])
      expect(await told(`image("small", ${name}=1).b1`), name).toMatch(/^BAD_ARGUMENT image has no/);
    expect(await told('image("small", scale=0).b1')).toMatch(/^BAD_ARGUMENT scale/);
    expect(await told('image("small", dx).b1')).toMatch(/^BAD_ARGUMENT Behind dx/);
    expect(await told('image("small", dx=1, dx=2).b1')).toMatch(/^BAD_ARGUMENT dx is given twice/);
    expect(await told('image("small", dx=b1).b1')).toMatch(/^BAD_NUMBER/);
    expect(await told("image(small).b1")).toMatch(/^UNEXPECTED_TOKEN image takes the key of an image in quotes/);
    expect(await told("use s = b1; s")).toMatch(/^UNEXPECTED_TOKEN use gives a name to an image/);
    expect(await told("small.b1[z=1]")).toMatch(/^BAD_ARGUMENT There is no plane z=1/);
  });

  it("refuses to look at more images than a formula may name", async () => {
    const text = Array.from({ length: 17 }, (_, index) => `image("i${index}").b1`).join(" + ");
    await expect(pipeline.bind("base", text)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

it("an image that changes changes the keys and the pixels of formulas that lay it over another", async () => {
  const text = 'image("moving", scale=2).b1 + 0 * b1';
  const value = async () => {
    const formula = await pipeline.bind("base", text);
    const request = { formula, level: 0, x: 0, y: 0, tileSize: 64, pad: false, encoding: NPY };
    const { bytes } = await pipeline.tiles.tile(request);
    return { first: valuesOf(bytes)[0], key: pipeline.tiles.tileKey(request), version: formula.version };
  };
  await pipeline.put(
    "moving.tif",
    smallFile(() => 7),
  );
  const before = await value();
  expect(before.first).toBe(7);
  await pipeline.put("moving.tif", { ...smallFile(() => 9), tile: [64, 32] });
  // At once the worker finds other bytes; the answer is of the file as it is.
  const stale = await pipeline.bind("base", text);
  const { bytes, key } = await pipeline.tiles.tile({
    ...{ formula: stale, level: 0, x: 1, y: 0, tileSize: 64, pad: false, encoding: NPY },
  });
  expect([7, 9]).toContain(valuesOf(bytes)[0]);
  vi.advanceTimersByTime(1_001);
  const after = await value();
  expect(after.first).toBe(9);
  expect(after.key).not.toBe(before.key);
  expect(after.version).not.toBe(before.version);
  expect(key).toHaveLength(64);
});
