import { describe, expect, it } from "vitest";
import { compileKernel, type Kernel } from "../../src/kernel/index.ts";
import { planeInput, planRegion, servedLevel } from "../../src/plan/index.ts";
import { createRenderer } from "../../src/render/index.ts";
import { JobContext } from "../../src/render/worker/job-context.ts";
import { renderPictures } from "../../src/render/worker/pictures.ts";
import { probePoints } from "../../src/render/worker/probe.ts";
import { readChunk } from "../../src/render/worker/raw-chunk.ts";
import { announceChunks } from "../../src/render/worker/read-ahead.ts";
import { SharedChunks } from "../../src/render/worker/shared-chunks.ts";
import { computeStatistics, sketchRegions } from "../../src/render/worker/statistics.ts";
import { createWorkbench } from "../../src/render/worker/workbench.ts";
import { textIdentity } from "../../src/source/identity.ts";
import { localPath } from "../../src/source/location.ts";
import { complete } from "../formula/support.ts";
import { codeOf } from "../service/support.ts";
import { type MemoryImage, MemorySource } from "./memory-source.ts";

const MIB = 2 ** 20;
const SIDE = 100_000;
const NPY = { format: "npy", quality: 80, lossless: false } as const;
const { revision } = textIdentity("memory");
const source = { key: "k", location: localPath("/image"), remote: false, revision };

type Level = Partial<MemoryImage["levels"][number]>;

/** A worker, and an image of one stored level that writes down what is read of it. */
function worker(level: Level, more: Partial<MemoryImage> = {}) {
  const levels = [{ width: SIDE, height: SIDE, chunkWidth: 256, chunkHeight: 256, ...level }];
  const image = new MemorySource({ width: SIDE, height: SIDE, levels, flat: true, value: () => 7, ...more });
  const bench = createWorkbench({ cacheBytes: 16 * MIB, memoryBytes: 256 * MIB }, () => image);
  return { image, job: new JobContext(bench, () => false) };
}

function kernelOf({ info }: MemorySource, text: string, level = 0): Kernel {
  const served = servedLevel(info, level);
  return compileKernel({
    output: "float32",
    expressions: complete(text).values,
    inputOf: (channel, z, t) => planeInput(info, served, channel, z, t),
  });
}

const region = (width: number, height = width, x = 0, y = 0) => ({ x, y, width, height });
const none = { percentiles: [], bins: 1 };

/** Each way to ask for pixels of level 0, of an area as wide and high as is said. */
const ROADS: Readonly<
  Record<string, (one: ReturnType<typeof worker>, text: string, side: number) => Promise<unknown>>
> = {
  async picture({ image, job }, text, side) {
    const task = { level: 0, region: region(side), pad: null, resize: null, encoding: NPY };
    const [done] = await renderPictures(job, {
      kind: "pictures",
      source,
      kernel: kernelOf(image, text),
      pictures: [task],
    });
    if (done && "error" in done) throw new Error(`${done.error.code}: ${done.error.message}`);
  },
  statistics({ image, job }, text, side) {
    const regions = [region(side)];
    return computeStatistics(job, {
      kind: "statistics",
      source,
      kernel: kernelOf(image, text),
      level: 0,
      regions,
      ...none,
    });
  },
  sketch({ image, job }, text, side) {
    return sketchRegions(job, {
      kind: "sketch",
      source,
      kernel: kernelOf(image, text),
      level: 0,
      regions: [region(side)],
    });
  },
};

describe.each(Object.keys(ROADS))("a %s", (name) => {
  const ask = (level: Level, text: string, side: number) => {
    const one = worker(level);
    return { image: one.image, done: ROADS[name]?.(one, text, side) };
  };

  it("of more tiny chunks than an answer may read is refused before any is read", async () => {
    const { image, done } = ask({ chunkWidth: 1, chunkHeight: 1 }, "red", 129);
    await expect(done).rejects.toThrow(/16641 chunks/);
    expect(image.fetched).toEqual([]);
  });

  it("of chunks that hold many planes, or are joined of many strips, is refused before any is read", async () => {
    for (const level of [{ chunkBytes: 32 * MIB }, { chunkReads: 1000 }]) {
      const { image, done } = ask({ chunkWidth: 16, chunkHeight: 16, ...level }, "red", 256);
      await expect(done).rejects.toThrow(/decoded MiB|reads/);
      expect(image.fetched).toEqual([]);
    }
  });

  it("counts what neighborhoods read around it", async () => {
    const tiny = { chunkWidth: 1, chunkHeight: 1 };
    const { image, done } = ask(tiny, "blur(blur(red, 10), 10)", 100);
    await expect(done).rejects.toThrow(/chunks/);
    expect(image.fetched).toEqual([]);
    const plain = ask(tiny, "red", 8);
    await plain.done;
    expect(plain.image.fetched).toHaveLength(64);
  });
});

describe("a probe", () => {
  const probe = (
    { image, job }: ReturnType<typeof worker>,
    text: string,
    points: { x: number; y: number }[],
    level = 0,
  ) =>
    probePoints(job, { kind: "probe", source, kernel: kernelOf(image, text, level), colorKernel: null, level, points });
  const row = (count: number, step: number) => Array.from({ length: count }, (_, index) => ({ x: index * step, y: 5 }));

  it("of one pixel of a level that is averaged from tiny chunks is refused before any is read", async () => {
    const one = worker({ chunkWidth: 1, chunkHeight: 1 });
    expect(await codeOf(() => probe(one, "red", row(1, 1), 1))).toBe("LIMIT_EXCEEDED");
    expect(one.image.fetched).toEqual([]);
  });

  it("adds up the chunks of its points, those that share one counted once", async () => {
    const large = { chunkWidth: 2048, chunkHeight: 2048 };
    const apart = worker(large);
    await expect(
      probe(
        apart,
        "red",
        row(256, 2048).filter(({ x }) => x < SIDE),
      ),
    ).resolves.toHaveLength(49);
    const wide = worker({ chunkWidth: 100_000, chunkHeight: 320 });
    const down = Array.from({ length: 9 }, (_, index) => ({ x: 5, y: index * 320 }));
    await expect(probe(wide, "red", down)).rejects.toThrow(/275 megapixels .*limit is 256/);
    expect(wide.image.fetched).toEqual([]);
    await expect(probe(worker(large), "red", row(256, 8))).resolves.toHaveLength(256);
  });

  it("counts what neighborhoods read around its points", async () => {
    const one = worker({ chunkWidth: 1, chunkHeight: 1 });
    await expect(probe(one, "blur(blur(red, 10), 10)", row(64, 1000))).rejects.toThrow(/chunks .*limit is 65536/);
    expect(one.image.fetched).toEqual([]);
  });
});

describe("statistics that are counted in parts", () => {
  it("are refused where the parts are too much together, before any is begun", async () => {
    const { image } = worker({ chunkWidth: 16, chunkHeight: 16 });
    const renderer = createRenderer({ workers: 1 });
    const ask = { source, info: image.info, kernel: kernelOf(image, "red"), level: 0, ...none };
    await expect(renderer.statistics({ ...ask, regions: [region(16_384)] })).rejects.toThrow(
      /1048576 chunks .*limit is 65536/,
    );
    await renderer.close();
  });
});

describe("a raw chunk", () => {
  it("that is made of more reads than an answer may have is refused before it is read", async () => {
    const { image, job } = worker({ chunkReads: 262_145 });
    const task = { kind: "chunk", source, channel: 0, level: 0, z: 0, t: 0, x: 0, y: 0 } as const;
    await expect(readChunk(job, task)).rejects.toThrow(/262145 reads/);
    expect(image.fetched).toEqual([]);
  });
});

describe("what a worker keeps in mind of tiny chunks", () => {
  it("is a bounded number of those that are announced to an image behind a network", async () => {
    const { image, job } = worker({ chunkWidth: 2, chunkHeight: 2 }, { rounds: true });
    const kernel = kernelOf(image, "red");
    await job.bench.images.use(source, async (open) => {
      const plans = [0, 1, 2, 3, 4].map((at) => planRegion(open.info, 0, region(8192, 8, 0, 8 * at)));
      announceChunks(job, open, [kernel], () => plans);
      for (const y of [0, 15, 16]) {
        image.rounds.length = 0;
        await job.readAhead.get(open)?.fetch({ level: 0, group: 0, z: 0, t: 0, x: 9, y });
        // The four pictures that were announced have rows 0 to 15.
        expect(image.rounds).toEqual([y < 16 ? 1024 : 1]);
      }
    });
  });

  it("is nothing of what pictures share", async () => {
    for (const [side, wanted] of [
      [16, 2 * 256],
      [4, 0],
    ] as const) {
      const { image, job } = worker({ chunkWidth: side, chunkHeight: side });
      let count = 0;
      job.bench.chunks.want = () => {
        count++;
      };
      const pictures = [0, 256].map((x) => ({ level: 0, region: region(256, 256, x) }));
      await job.bench.images.use(source, async (open) => {
        using shared = new SharedChunks(job, open, pictures);
        expect(shared).toBeDefined();
      });
      expect(count).toBe(wanted);
      expect(image.fetched).toEqual([]);
    }
  });
});
