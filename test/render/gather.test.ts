import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planeBytes, planeTypeOf, planeView } from "../../src/core/dtype.ts";
import { levelSize, type Region } from "../../src/core/geometry.ts";
import { servedLevel } from "../../src/plan/index.ts";
import { gatherPlanes } from "../../src/render/worker/gather.ts";
import { JobContext } from "../../src/render/worker/job-context.ts";
import { createWorkbench, type Workbench } from "../../src/render/worker/workbench.ts";
import { textIdentity } from "../../src/source/identity.ts";
import { localPath } from "../../src/source/location.ts";
import { type MemoryImage, MemorySource } from "./memory-source.ts";

const MIB = 2 ** 20;
const { revision } = textIdentity("memory");
const ref = { key: "k", location: localPath("/image"), remote: false, revision };

function bench(source: MemorySource, cacheBytes = 16 * MIB): Workbench {
  return createWorkbench({ cacheBytes, memoryBytes: 256 * MIB }, () => source);
}

/** The planes of a region as arrays of numbers. */
async function gather(
  workbench: Workbench,
  level: number,
  region: Region,
  channels: readonly number[],
): Promise<Float64Array[]> {
  const job = new JobContext(workbench, () => false);
  return workbench.images.use(ref, async (image) => {
    const served = servedLevel(image.info, level);
    const type = served.kind === "virtual" ? "float32" : planeTypeOf(image.info.channels[0]?.dataType ?? "uint8");
    using scope = workbench.arena.scope();
    const planes = channels.map((channel) => ({ channel, z: 0, t: 0, type }));
    const addresses = await gatherPlanes(job, image, served, region, planes, scope);
    const count = region.width * region.height;
    return addresses.map((address) => {
      expect(address % 16).toBe(0);
      const bytes = workbench.arena.memory.buffer.slice(address, address + count * planeBytes(type));
      return Float64Array.from(planeView(type, bytes, 0, count));
    });
  });
}

function values({ x, y, width, height }: Region, value: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({ length: width * height }, (_, index) =>
    value(x + (index % width), y + Math.floor(index / width)),
  );
}

/** The first value that differs is told; a comparison by vitest of a million takes seconds. */
function expectSame(found: Float64Array | undefined, wanted: Float64Array): void {
  expect(found?.length).toBe(wanted.length);
  const at = wanted.findIndex((value, index) => !Object.is(value, found?.[index]));
  expect({ at, found: found?.[at] }).toEqual({ at: -1 });
}

const pattern = (level: number, channel: number, x: number, y: number) =>
  (x * 7 + y * 13 + channel * 31 + level * 5) & 255;

/** Means by the definition: float32, over valid pixels, in row order, level by level. Gives the value at a pixel of the level. */
function virtualLevel(image: MemoryImage, level: number, channel: number): (x: number, y: number) => number {
  const { width, height } = levelSize(image, level);
  if (level === 0)
    return (x, y) => {
      const stored = image.value(0, channel, x, y);
      return stored === image.nodata ? Number.NaN : Math.fround(stored);
    };
  const below = virtualLevel(image, level - 1, channel);
  const finer = levelSize(image, level - 1);
  const means = values({ x: 0, y: 0, width, height }, (x, y) => {
    let sum = 0;
    let count = 0;
    for (let fy = 2 * y; fy < Math.min(2 * y + 2, finer.height); fy++)
      for (let fx = 2 * x; fx < Math.min(2 * x + 2, finer.width); fx++) {
        const part = below(fx, fy);
        if (Number.isNaN(part)) continue;
        sum = Math.fround(sum + part);
        count++;
      }
    return count === 0 ? Number.NaN : Math.fround(sum / count);
  });
  return (x, y) => means[y * width + x] ?? Number.NaN;
}

describe("gathering the planes of a region", () => {
  const images = fc.record({
    width: fc.integer({ min: 1, max: 200 }),
    height: fc.integer({ min: 1, max: 200 }),
    dataType: fc.constantFrom("uint8", "int16", "float32", "float64"),
    channels: fc.integer({ min: 1, max: 4 }),
    interleaved: fc.boolean(),
    remote: fc.boolean(),
    chunkWidth: fc.integer({ min: 1, max: 220 }),
    chunkHeight: fc.integer({ min: 1, max: 220 }),
  });

  it("gives every sample of every channel, whatever the chunks, at any position", async () => {
    await fc.assert(
      fc.asyncProperty(
        images,
        fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
        async (shape, [a = 0, b = 0, c = 0, d = 0]) => {
          const { width, height, chunkWidth, chunkHeight, ...rest } = shape;
          const levels = [{ width, height, chunkWidth, chunkHeight }];
          const source = new MemorySource({ width, height, levels, value: pattern, ...rest } as MemoryImage);
          const x = a % width;
          const y = b % height;
          const region = { x, y, width: 1 + (c % (width - x)), height: 1 + (d % (height - y)) };
          const channels = Array.from({ length: shape.channels }, (_, index) => index);
          const workbench = bench(source);
          const planes = await gather(workbench, 0, region, channels);
          for (const channel of channels)
            expectSame(
              planes[channel],
              values(region, (px, py) => pattern(0, channel, px, py)),
            );
          expect(new Set(source.fetched).size).toBe(source.fetched.length);
          expect(workbench.arena.usedBytes - workbench.chunks.bytes).toBeLessThan(1024 * source.fetched.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads a chunk in place where the region is the chunk, or whole rows of it", async () => {
    const levels = [{ width: 128, height: 128, chunkWidth: 64, chunkHeight: 64 }];
    const workbench = bench(new MemorySource({ width: 128, height: 128, levels, value: pattern }));
    const job = new JobContext(workbench, () => false);
    await workbench.images.use(ref, async (image) => {
      const served = servedLevel(image.info, 0);
      const plane = { channel: 0, z: 0, t: 0, type: "uint8" as const };
      for (const region of [
        { x: 64, y: 64, width: 64, height: 64 },
        { x: 64, y: 80, width: 64, height: 7 },
      ]) {
        using scope = workbench.arena.scope();
        const used = workbench.arena.usedBytes;
        await gatherPlanes(job, image, served, region, [plane], scope);
        const grown = workbench.arena.usedBytes - used;
        expect(grown).toBe(region.height === 64 ? 64 * 64 + 128 : 0);
      }
    });
  });

  it("repeats the last column and row where the stored level is one pixel smaller than the level it serves", async () => {
    const levels = [
      { width: 601, height: 301, chunkWidth: 100, chunkHeight: 100 },
      { width: 300, height: 150, chunkWidth: 100, chunkHeight: 100 },
    ];
    const workbench = bench(new MemorySource({ width: 601, height: 301, levels, value: pattern }));
    const region = { x: 290, y: 140, width: 11, height: 11 };
    const [plane] = await gather(workbench, 1, region, [0]);
    expectSame(
      plane,
      values(region, (x, y) => pattern(1, 0, Math.min(x, 299), Math.min(y, 149))),
    );
  });

  it("decodes a chunk again only after it was dropped", async () => {
    const levels = [{ width: 256, height: 256, chunkWidth: 64, chunkHeight: 64 }];
    const source = new MemorySource({ width: 256, height: 256, levels, value: pattern });
    const workbench = bench(source, 64 * 64 * 4);
    const tile = (x: number) => ({ x: x * 64, y: 0, width: 64, height: 64 });
    for (const x of [0, 1, 2, 3, 0, 3]) await gather(workbench, 0, tile(x), [0]);
    expect(source.fetched).toHaveLength(4);
    await gather(workbench, 0, { ...tile(0), y: 64 }, [0]);
    await gather(workbench, 0, tile(1), [0]);
    expect(source.fetched).toHaveLength(6);
    expect(workbench.counters).toMatchObject({ chunksDecoded: 6, chunkHits: 2 });
  });
});

describe("virtual levels", () => {
  for (const [name, image] of [
    ["of odd sizes, with no data", { width: 1283, height: 771, nodata: 0 }],
    ["of 16 bits in strips", { width: 1100, height: 600, dataType: "uint16", strips: true }],
    ["of interleaved channels", { width: 700, height: 1030, channels: 3, interleaved: true }],
    ["of a remote file", { width: 700, height: 530, remote: true }],
  ] as const)
    it(`are the means of valid pixels: ${name}`, async () => {
      const { width, height } = image;
      const chunk = "strips" in image ? { chunkWidth: width, chunkHeight: 7 } : { chunkWidth: 240, chunkHeight: 112 };
      const value = (_: number, channel: number, x: number, y: number) =>
        ((x >> 1) * 5 + (y >> 2) * 3 + channel) % 7 === 0 ? 0 : (x * x + 3 * y + channel * 17) & 255;
      const full: MemoryImage = { ...image, levels: [{ width, height, ...chunk }], value };
      const workbench = bench(new MemorySource(full));
      const channels = Array.from({ length: full.channels ?? 1 }, (_, index) => index);
      for (const level of [1, 2]) {
        const size = levelSize(full, level);
        const region = { x: Math.floor(size.width / 3), y: Math.floor(size.height / 4), width: 0, height: 0 };
        const cut = { ...region, width: size.width - region.x, height: size.height - region.y };
        const planes = await gather(workbench, level, cut, channels);
        for (const channel of channels) expectSame(planes[channel], values(cut, virtualLevel(full, level, channel)));
      }
    });

  it("of codes hold codes and nothing else, on every level", async () => {
    const codes = [11, 21, 41, 42, 82, 90];
    const [width, height] = [1283, 771];
    const image: MemoryImage = {
      ...{
        width,
        height,
        kind: "categorical",
        nodata: 82,
        levels: [{ width, height, chunkWidth: 240, chunkHeight: 112 }],
      },
      value: (_, __, x, y) => codes[(Math.floor(x / 5) + Math.floor(y / 5) * 5) % codes.length] ?? 0,
    };
    const workbench = bench(new MemorySource(image));
    for (const level of [1, 2, 3]) {
      const [plane] = await gather(workbench, level, { x: 0, y: 0, ...levelSize(image, level) }, [0]);
      const found = new Set(plane);
      expect([...found].filter((value) => !codes.includes(value) && !Number.isNaN(value))).toEqual([]);
      expect(found.size).toBeGreaterThan(4);
    }
  });

  it("decode each strip of the file once, though its strips do not fit in the cache", async () => {
    const shape = { width: 2048, height: 1024, channels: 2, interleaved: true };
    const levels = [{ width: 2048, height: 1024, chunkWidth: 2048, chunkHeight: 4 }];
    const source = new MemorySource({ ...shape, levels, value: pattern });
    // 512 rows of 2048 pixels of 2 channels are 2 MiB.
    const workbench = bench(source, MIB);
    await gather(workbench, 3, { x: 0, y: 0, width: 256, height: 128 }, [0, 1]);
    expect(source.fetched).toHaveLength(256);
    expect(new Set(source.fetched).size).toBe(256);
  });

  it("start from the coarsest stored level that is finer", async () => {
    const levels = [
      { width: 2000, height: 1600, chunkWidth: 256, chunkHeight: 256 },
      { width: 1000, height: 800, chunkWidth: 256, chunkHeight: 256 },
    ];
    const source = new MemorySource({ width: 2000, height: 1600, levels, value: (level) => level });
    const [plane] = await gather(bench(source), 3, { x: 0, y: 0, width: 250, height: 200 }, [0]);
    expect([...new Set(plane)]).toEqual([1]);
    expect(source.fetched.every((name) => name.startsWith("1/"))).toBe(true);
  });
});
