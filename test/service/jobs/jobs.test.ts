import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createServices, type ServiceOptions, type Services } from "../../../src/service/index.ts";
import type { JobRecord } from "../../../src/service/jobs/record.ts";
import { JobRecords } from "../../../src/service/jobs/records.ts";
import type { Job, JobWish } from "../../../src/service/jobs/types.ts";
import type { ValidFormula } from "../../../src/service/types/formula.ts";
import type { ServedTile, TileRequest } from "../../../src/service/types/tile.ts";
import { createState } from "../../../src/state/index.ts";
import { buildTiff, type DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { JPEG } from "../support.ts";
import { completes, ended, holdSteps, TEST_TIMES } from "./support.ts";

const PLATE: DirectorySpec = { width: 1500, height: 1100, tile: [128, 128], codec: "deflate", seed: 3 };
const PLATE_BYTES = tiff(PLATE);
/** 24 × 18, 12 × 9, 6 × 5 and 3 × 3 tiles of 64 pixels. */
const TILES = 432 + 108 + 30 + 9;
/** Without a stored chunk: a file of a few kilobytes. */
const VAST: DirectorySpec = { ...PLATE, width: 200_000, height: 200_000, tile: [4096, 4096], sparse: () => true };
/** Leaves the jobs to other processes that use its folder. */
const LATER = { runJobs: false };
const never = new AbortController().signal;

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

function tiff(spec: DirectorySpec): Uint8Array {
  return buildTiff({ directories: [spec] });
}

async function dataFolder(plate = PLATE_BYTES): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-jobs-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "plate.tif"), plate);
  return folder;
}

/** A server of its own; `part`: one that has another part of the work. */
async function open(
  folder: string,
  part: Pick<ServiceOptions, "runJobs" | "role" | "renderUrl"> = {},
): Promise<Services> {
  const services = await createServices({
    ...{ dataFolder: folder, cacheFolder: join(folder, ".bandloom"), cacheBytes: 2 ** 28, memoryBytes: 2 ** 25 },
    ...{ workers: 1, jobTimes: TEST_TIMES, ...part },
    onEvent: () => {},
  });
  clean.push(() => services.close());
  return services;
}

async function wish(services: Services, text = "window(b1, 0, 255)", more: Partial<JobWish> = {}): Promise<JobWish> {
  const formula = await services.formulas.bind(await services.images.get("plate"), text);
  if (!formula.valid) throw new Error("The formula is refused.");
  return { formula, levels: null, region: null, tileSize: 64, encoding: JPEG, pad: false, ...more };
}

/** What is written down of a job in the folder. */
async function written<T>(
  folder: string,
  work: (records: JobRecords, record: JobRecord) => Promise<T>,
  { id }: Job,
): Promise<T> {
  const state = createState({ redisUrl: null, folder: join(folder, ".bandloom"), log: () => {} });
  const records = new JobRecords(state);
  const record = await records.get(id);
  if (!record) throw new Error("It is not written down.");
  const made = await work(records, record);
  await state.close();
  return made;
}

async function cached(services: Services, formula: ValidFormula): Promise<ReadonlySet<string>> {
  const requests = Array.from({ length: 24 * 18 }, (_, index): TileRequest => {
    return { formula, level: 0, x: index % 24, y: Math.floor(index / 24), tileSize: 64, pad: false, encoding: JPEG };
  });
  const tiles = (await services.tiles.tiles(requests)) as readonly ServedTile[];
  return new Set(tiles.map(({ cache }) => cache));
}

describe("a job", () => {
  it("brings every tile into the cache, and says so", async () => {
    const services = await open(await dataFolder());
    const wanted = await wish(services);
    const started = await services.jobs.start(wanted);
    expect(started).toMatchObject({ total: TILES, imageKey: "plate", formula: "window(b1, 0, 255)", finishedAt: null });
    const done = await ended(services, started);
    expect(done).toMatchObject({ id: started.id, state: "completed", completed: TILES, failed: 0, error: null });
    expect(await services.jobs.get(started.id)).toEqual(done);
    expect(await services.jobs.list()).toEqual([done]);
    expect(await cached(services, wanted.formula)).toEqual(new Set(["EMBEDDED"]));
  });

  it("keeps to levels and a region", async () => {
    const services = await open(await dataFolder());
    const region = { x: 0, y: 0, width: 65, height: 64 };
    const done = await ended(services, await services.jobs.start(await wish(services, "b1", { levels: [0], region })));
    expect(done).toMatchObject({ total: 2, completed: 2 });
    await expect(services.jobs.start(await wish(services, "b1", { levels: [7] }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("that is asked for twice while it is under way is one job, whatever the formula is written like", async () => {
    const services = await open(await dataFolder());
    const first = await services.jobs.start(await wish(services, "window(b1 + 1, 0, 255)"));
    const second = await services.jobs.start(await wish(services, "window(1 + b1, 0, 255)"));
    expect(second.id).toBe(first.id);
    expect(await services.jobs.list()).toHaveLength(1);
    await ended(services, first);
    // It begins anew; whether it has been taken up by now is nobody's promise.
    const held = holdSteps(services, 0);
    const again = await services.jobs.start(await wish(services, "window(b1 + 1, 0, 255)"));
    expect(again).toMatchObject({ id: first.id, state: expect.stringMatching(/^(queued|running)$/), completed: 0 });
    held.open();
    expect(await ended(services, again)).toMatchObject({ state: "completed", completed: TILES });
  });

  it("stops when it is cancelled, and goes on where it was when it is asked for again", async () => {
    const services = await open(await dataFolder());
    const held = holdSteps(services, 1);
    const wanted = await wish(services, "window(median(b1, 2), 0, 254)");
    const started = await services.jobs.start(wanted);
    await completes(services, started, 1);
    const cancelled = await services.jobs.cancel(started.id);
    expect(cancelled).toMatchObject({ state: "cancelled", rate: null, secondsLeft: null });
    expect(cancelled?.completed).toBeLessThan(TILES);
    held.open();
    const again = await services.jobs.start(wanted);
    expect(again.completed).toBeGreaterThan(0);
    expect(await ended(services, again)).toMatchObject({ state: "completed", completed: TILES });
    expect(await services.jobs.cancel(started.id)).toMatchObject({ state: "completed" });
    expect(await services.jobs.cancel("0".repeat(32))).toBeNull();
  });

  it("goes on after a restart, and asks for no tile again that was finished", async () => {
    const folder = await dataFolder();
    const first = await open(folder);
    // More than two steps, and not all of them.
    holdSteps(first, 12);
    const started = await first.jobs.start(await wish(first, "window(b1, 0, 253)"));
    await completes(first, started, 2 * 64 + 1);
    await clean.pop()?.();
    const second = await open(folder, LATER);
    const before = await second.jobs.get(started.id);
    expect(before?.completed).toBeGreaterThan(2 * 64);
    expect(before?.completed).toBeLessThan(TILES);
    await clean.pop()?.();
    const third = await open(folder);
    expect(await ended(third, started)).toMatchObject({ state: "completed", completed: TILES });
    const store = third.stats().cache.find(({ name }) => name === "embedded");
    // What was asked for a second time would have been found.
    expect(store?.hits).toBeLessThanOrEqual(2 * 64);
  });

  it("counts tiles that cannot be rendered, keeps the first reason, and goes on", async () => {
    const broken = (chunk: number, stored: Uint8Array) => (chunk === 0 ? new Uint8Array(9) : stored);
    const services = await open(await dataFolder(tiff({ ...PLATE, replaceChunk: broken })));
    const wanted = await wish(services, "window(b1, 0, 255)", { levels: [0] });
    const done = await ended(services, await services.jobs.start(wanted));
    expect(done).toMatchObject({ state: "completed", completed: 428, failed: 4, error: expect.any(String) });
  });

  it("has failed when nothing of it could be rendered, which tells nothing of a rate", async () => {
    const folder = await dataFolder(tiff({ ...PLATE, replaceChunk: () => new Uint8Array(9) }));
    const services = await open(folder);
    const started = await services.jobs.start(await wish(services, "window(b1, 0, 255)", { levels: [0] }));
    expect(await ended(services, started)).toMatchObject({ state: "failed", completed: 0, failed: 432 });
    const parts = await written(folder, async (records, record) => records.parts(record), started);
    expect(parts.reduce((sum, { failed }) => sum + failed, 0)).toBe(432);
    expect(parts.every(({ rate }) => rate === 0)).toBe(true);
  });

  it("ends with a clear reason when its file changes, so that no picture is half of one and half of another", async () => {
    const folder = await dataFolder();
    const services = await open(folder, LATER);
    const started = await services.jobs.start(await wish(services));
    await clean.pop()?.();
    await writeFile(join(folder, "plate.tif"), tiff({ ...PLATE, seed: 9 }));
    const later = await open(folder);
    expect(await ended(later, started)).toMatchObject({
      state: "failed",
      completed: 0,
      error: expect.stringContaining("changed while the job ran"),
    });
  });

  it("ends with a clear reason when its image is gone", async () => {
    const folder = await dataFolder();
    const services = await open(folder, LATER);
    const started = await services.jobs.start(await wish(services));
    await clean.pop()?.();
    await rm(join(folder, "plate.tif"));
    const done = await ended(await open(folder), started);
    expect(done).toMatchObject({ state: "failed", completed: 0, error: expect.stringContaining("no such image") });
  });

  it("ends with a clear reason when it is purged, and what is asked for then is another job", async () => {
    const services = await open(await dataFolder());
    const held = holdSteps(services, 1);
    const started = await services.jobs.start(await wish(services, "window(b1, 0, 252)"));
    await completes(services, started, 1);
    await services.purges.purge({ kind: "image", key: "plate" });
    held.open();
    expect(await ended(services, started)).toMatchObject({ state: "failed", error: expect.stringContaining("purged") });
    const again = await services.jobs.start(await wish(services, "window(b1, 0, 252)"));
    expect(again.id).not.toBe(started.id);
    expect(await ended(services, again)).toMatchObject({ state: "completed", completed: TILES });
  });

  it("is given up when it ends every process that touches it", async () => {
    const folder = await dataFolder();
    const services = await open(folder, LATER);
    const started = await services.jobs.start(await wish(services, "b1", { levels: [0], region: PLATE_CORNER }));
    // As it is left by five processes that were killed.
    const killed = async (records: JobRecords, record: JobRecord) =>
      records.putPart(record, 0, { ...(await records.part(record, 0)), takes: 5 });
    await written(folder, killed, started);
    await clean.pop()?.();
    expect(await ended(await open(folder), started)).toMatchObject({ state: "failed", error: /5 times/ });
  });

  it("of more tiles than a job may have is refused", async () => {
    const services = await open(await dataFolder(tiff(VAST)), LATER);
    await expect(services.jobs.start(await wish(services, "window(b1, 0, 9)"))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: 2 ** 22 },
    });
  });

  it("waits where others are to work on it, and there are only so many of them", async () => {
    const services = await open(await dataFolder(), LATER);
    for (let index = 0; index < 16; index++)
      expect(await services.jobs.start(await wish(services, `window(b1, 0, ${index + 1})`))).toMatchObject({
        state: "queued",
      });
    await expect(services.jobs.start(await wish(services, "window(b1, 0, 99)"))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it.each([
    ["an api", { role: "api" as const }],
    ["a render server", { role: "render" as const }],
    ["a server that has its pictures made elsewhere", { renderUrl: "http://127.0.0.1:9" }],
  ])("is refused by %s that shares none, while what is written down is seen and cancelled", async (_who, part) => {
    const folder = await dataFolder();
    const before = await open(folder, LATER);
    const stored = await before.jobs.start(await wish(before));
    await clean.pop()?.();
    const services = await open(folder, part);
    const refused = { code: "FORBIDDEN", message: expect.stringContaining("BANDLOOM_STATE_REDIS_URL") };
    for (const text of ["window(b1, 0, 255)", "window(b1, 0, 9)"])
      await expect(services.jobs.start(await wish(services, text))).rejects.toMatchObject(refused);
    expect(await services.jobs.list()).toEqual([stored]);
    const seen: Job["state"][] = [];
    for await (const { id, state } of services.jobs.watch(stored.id, never)) {
      seen.push(state);
      if (state === "queued") await services.jobs.cancel(id);
    }
    expect(seen).toEqual(["queued", "cancelled"]);
  });

  it("is watched at once, and until the watcher leaves", async () => {
    const services = await open(await dataFolder(), LATER);
    const started = await services.jobs.start(await wish(services));
    const leave = new AbortController();
    const seen: Job[] = [];
    for await (const job of services.jobs.watch(started.id, leave.signal)) {
      seen.push(job);
      leave.abort();
    }
    expect(seen).toEqual([started]);
    for await (const job of services.jobs.watch("f".repeat(32), never)) throw new Error(`There is a ${job.id}.`);
  });
});

const PLATE_CORNER = { x: 0, y: 0, width: 10, height: 10 };
