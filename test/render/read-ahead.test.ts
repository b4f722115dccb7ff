import { describe, expect, it } from "vitest";
import { planeView } from "../../src/core/dtype.ts";
import type { Region } from "../../src/core/geometry.ts";
import { planRegion } from "../../src/plan/index.ts";
import { gatherPlanes } from "../../src/render/worker/gather.ts";
import { JobContext } from "../../src/render/worker/job-context.ts";
import { announceChunks } from "../../src/render/worker/read-ahead.ts";
import { createWorkbench, type Workbench } from "../../src/render/worker/workbench.ts";
import { textIdentity } from "../../src/source/identity.ts";
import { localPath } from "../../src/source/location.ts";
import { type MemoryImage, MemorySource } from "./memory-source.ts";

const MIB = 2 ** 20;
const ref = { key: "k", location: localPath("/image"), remote: true, revision: textIdentity("memory").revision };
const pattern = (level: number, channel: number, x: number, y: number) =>
  (x * 7 + y * 13 + channel * 31 + level * 5) & 255;

function image(more: Partial<MemoryImage> = {}): MemoryImage {
  const levels = [{ width: 2048, height: 1024, chunkWidth: 256, chunkHeight: 256 }];
  return { width: 2048, height: 1024, channels: 3, levels, remote: true, rounds: true, value: pattern, ...more };
}

function bench(source: MemorySource): Workbench {
  return createWorkbench({ cacheBytes: 16 * MIB, memoryBytes: 256 * MIB }, () => source);
}

/** Reads the regions one after the other as one job does, having announced them all; gives the first channel's samples of each. */
async function read(workbench: Workbench, level: number, regions: readonly Region[]) {
  const job = new JobContext(workbench, () => false);
  const planes = [0, 1, 2].map((channel) => ({ channel, z: 0, t: 0, type: "uint8" as const, nodata: null }));
  const kernel = { inputs: planes, stages: [] };
  return workbench.images.use(ref, async (open) => {
    announceChunks(job, open, [kernel], () => regions.map((region) => planRegion(open.info, level, region)));
    const results: ReturnType<typeof planeView>[] = [];
    for (const region of regions) {
      using scope = workbench.arena.scope();
      const { served } = planRegion(open.info, level, region);
      const type = served.kind === "virtual" ? ("float32" as const) : ("uint8" as const);
      const typed = planes.map((plane) => ({ ...plane, type }));
      const [first = 0] = await gatherPlanes(job, open, served, region, typed, scope);
      const memory = workbench.arena.memory.buffer as ArrayBuffer;
      results.push(planeView(type, memory, first, region.width * region.height).slice());
    }
    return results;
  });
}

function tile(x: number, y: number): Region {
  return { x: x * 256, y: y * 256, width: 256, height: 256 };
}

describe("what an image behind a network is read with", () => {
  it("is one round of requests for all chunks of a job, however many pictures and channels it has", async () => {
    const source = new MemorySource(image());
    const regions = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => tile(x, y)));
    const samples = await read(bench(source), 0, regions);
    expect(source.rounds).toEqual([16 * 3]);
    expect(samples[5]?.[0]).toBe(pattern(0, 0, 256, 256));
    expect(samples[15]?.at(-1)).toBe(pattern(0, 0, 1023, 1023));
  });

  it("is nothing for chunks that are decoded already", async () => {
    const source = new MemorySource(image());
    const workbench = bench(source);
    await read(workbench, 0, [tile(0, 0), tile(1, 0)]);
    await read(workbench, 0, [tile(0, 0), tile(1, 0), tile(2, 0)]);
    expect(source.rounds).toEqual([6, 3]);
  });

  it("is bounded: a large job takes several rounds", async () => {
    const side = 8192;
    const levels = [{ width: side, height: side, chunkWidth: 1024, chunkHeight: 1024 }];
    const source = new MemorySource(
      image({ width: side, height: side, levels, flat: true, value: (_, channel) => channel }),
    );
    await read(bench(source), 0, [{ x: 0, y: 0, width: side, height: 3072 }]);
    expect(source.rounds).toEqual([64, 8]);
  });

  it("is the stored chunks below a virtual level", async () => {
    const source = new MemorySource(image());
    const [samples] = await read(bench(source), 1, [tile(0, 0)]);
    expect(source.rounds).toEqual([4 * 3]);
    const mean = [0, 1].flatMap((y) => [0, 1].map((x) => pattern(0, 0, x, y))).reduce((a, b) => a + b) / 4;
    expect(samples?.[0]).toBe(mean);
  });

  it("fails where a chunk of it fails, and only there", async () => {
    const source = new MemorySource(image({ broken: ({ x }) => x === 1 }));
    const workbench = bench(source);
    await expect(read(workbench, 0, [tile(0, 0), tile(1, 0)])).rejects.toThrow("no chunk 0/0/1/0");
    await expect(read(workbench, 0, [tile(0, 0)])).resolves.toHaveLength(1);
  });
});
