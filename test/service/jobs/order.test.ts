import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { createServices, type Services } from "../../../src/service/index.ts";
import { JobRecords } from "../../../src/service/jobs/records.ts";
import type { Job, JobWish } from "../../../src/service/jobs/types.ts";
import { createState } from "../../../src/state/index.ts";
import { buildTiff } from "../../fixtures/tiff-builder.ts";
import { JPEG } from "../support.ts";

const CORNER = { x: 0, y: 0, width: 10, height: 10 };
/** Jobs that have ended and are remembered. */
const REMEMBERED = 100;
const never = new AbortController().signal;

const clean: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

/** 20 × 20 tiles of 64 pixels, and coarser ones. */
async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-job-order-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  const plate = { width: 1280, height: 1280, tile: [128, 128] as const, codec: "deflate" as const, seed: 3 };
  await writeFile(join(folder, "plate.tif"), buildTiff({ directories: [plate] }));
  return folder;
}

async function open(folder: string, runJobs = true): Promise<Services> {
  const services = await createServices({
    ...{ dataFolder: folder, cacheFolder: join(folder, ".bandloom"), cacheBytes: 2 ** 28, memoryBytes: 2 ** 25 },
    ...{ workers: 1, runJobs },
    onEvent: () => {},
  });
  clean.push(() => services.close());
  return services;
}

/** Jobs are asked for where nothing works on them, and changed as another process would; then that one is closed. */
async function left<T>(folder: string, work: (services: Services, records: JobRecords) => Promise<T>): Promise<T> {
  const services = await open(folder, false);
  const state = createState({ redisUrl: null, folder: join(folder, ".bandloom"), log: () => {} });
  const made = await work(services, new JobRecords(state));
  await state.close();
  await clean.pop()?.();
  return made;
}

async function start(services: Services, text: string, more: Partial<JobWish> = {}): Promise<Job> {
  const formula = await services.formulas.bind(await services.images.get("plate"), text);
  if (!formula.valid) throw new Error("The formula is refused.");
  return services.jobs.start({
    ...{ formula, levels: null, region: null, tileSize: 64, encoding: JPEG, pad: false },
    ...more,
  });
}

const small = (services: Services, text: string) => start(services, text, { levels: [0], region: CORNER });

async function ended(services: Services, { id }: Pick<Job, "id">): Promise<Job | null> {
  let last: Job | null = null;
  for await (const job of services.jobs.watch(id, never)) last = job;
  return last;
}

it("the newest jobs are listed first, and of those that have ended a hundred are remembered", async () => {
  const folder = await dataFolder();
  const id = (n: number) => n.toString(16).padStart(32, "0");
  await left(folder, async (services, records) => {
    const { id: first } = await small(services, "window(b1, 0, 9)");
    const record = await records.get(first);
    if (!record) throw new Error("It is not written down.");
    await records.forget(record);
    for (let n = 0; n < REMEMBERED; n++)
      await records.put({ ...record, id: id(n), createdAt: n, ended: { state: "completed", at: n, error: null } });
  });
  const services = await open(folder, false);
  const newest = await small(services, "window(b1, 0, 10)");
  const others = Array.from({ length: REMEMBERED - 1 }, (_, n) => id(REMEMBERED - 1 - n));
  expect((await services.jobs.list()).map((job) => job.id)).toEqual([newest.id, ...others]);
});

it("what is asked for here goes before what another process has left", async () => {
  const folder = await dataFolder();
  const older = await left(folder, (services) => start(services, "window(median(b1, 3), 0, 255)"));
  const services = await open(folder);
  const mine = await small(services, "window(b1, 0, 255)");
  expect(await ended(services, mine)).toMatchObject({ state: "completed" });
  expect(await services.jobs.get(older.id)).toMatchObject({ finishedAt: null });
}, 60_000);

it("what is under way stops when it is cancelled, and not at the end of its step", async () => {
  const services = await open(await dataFolder());
  const slow = await start(services, "window(median(b1, 4), 0, 255)", { levels: [0] });
  for await (const job of services.jobs.watch(slow.id, never)) if (job.completed > 0) break;
  const cancelled = await services.jobs.cancel(slow.id);
  // All places are free again.
  expect(await ended(services, await start(services, "window(b1, 0, 255)", { levels: [2] }))).toMatchObject({
    state: "completed",
  });
  expect((await services.jobs.get(slow.id))?.completed).toBe(cancelled?.completed);
});

it("what had been rendered when a job is cancelled is told by then, whenever that happens", async () => {
  const services = await open(await dataFolder());
  for (let wait = 0; wait < 120; wait += 3) {
    const { id } = await start(services, `window(b1, 0, ${200 + wait})`, { levels: [0] });
    await sleep(wait);
    const cancelled = await services.jobs.cancel(id);
    await sleep(20);
    expect((await services.jobs.get(id))?.completed).toBe(cancelled?.completed);
  }
});

it("what another process works on is left to it until it is gone, and then begun once more", async () => {
  const folder = await dataFolder();
  const other = spawn("sleep", ["600"], { stdio: "ignore" });
  clean.push(() => other.kill("SIGKILL"));
  await once(other, "spawn");
  const held = await left(folder, async (services, records) => {
    const job = await small(services, "window(b1, 0, 254)");
    const record = await records.get(job.id);
    if (!record) throw new Error("It is not written down.");
    // Four processes have ended over it, and the fifth is at it.
    const worker = { host: hostname(), pid: other.pid ?? 0 };
    await records.putPart(record, 0, { ...(await records.part(record, 0)), takes: 4, at: Date.now(), worker });
    return job;
  });
  const services = await open(folder);
  expect(await ended(services, await small(services, "window(b1, 0, 255)"))).toMatchObject({ state: "completed" });
  expect(await services.jobs.get(held.id)).toMatchObject({ state: "running", completed: 0 });
  const gone = once(other, "exit");
  other.kill("SIGKILL");
  await gone;
  expect(await ended(services, held)).toMatchObject({ state: "completed", completed: 1 });
  await left(folder, async (_, records) => {
    const record = await records.get(held.id);
    // A step that is finished makes good for those that were not.
    expect(record && (await records.part(record, 0)).takes).toBe(1);
  });
}, 60_000);

it.each(["is cancelled", "was to be said to have ended"])(
  "a job whose last part is finished just when it %s has ended when it is begun again",
  async (moment) => {
    const folder = await dataFolder();
    const id = await left(folder, async (services, records) => {
      const { id } = await small(services, "window(b1, 0, 251)");
      const record = await records.get(id);
      if (!record) throw new Error("It is not written down.");
      await records.putPart(record, 0, { ...(await records.part(record, 0)), next: 1, completed: 1, at: Date.now() });
      if (moment === "is cancelled") await records.end(record, { state: "cancelled", at: Date.now(), error: null });
      return id;
    });
    const services = await open(folder);
    if (moment === "is cancelled") await small(services, "window(b1, 0, 251)");
    expect(await ended(services, { id })).toMatchObject({ state: "completed", completed: 1 });
    expect(services.jobs.counts()).toEqual({ completed: 0, failed: 0 });
  },
);
