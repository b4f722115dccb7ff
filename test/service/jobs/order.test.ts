import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { promiseWithResolver } from "../../../src/core/promise.ts";
import { createServices, type Services } from "../../../src/service/index.ts";
import { JobRecords } from "../../../src/service/jobs/records.ts";
import type { Job, JobWish } from "../../../src/service/jobs/types.ts";
import type { RemoteOptions } from "../../../src/source/index.ts";
import { createState } from "../../../src/state/index.ts";
import { effort } from "../../fixtures/effort.ts";
import { startRangeServer } from "../../fixtures/range-server.ts";
import { buildTiff, type DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { JPEG } from "../support.ts";
import { completes, ended, holdSteps, TEST_TIMES } from "./support.ts";

/** 20 × 20 tiles of 64 pixels, and coarser ones. */
const PLATE: DirectorySpec = { width: 1280, height: 1280, tile: [128, 128], codec: "deflate", seed: 3 };
const CORNER = { x: 0, y: 0, width: 10, height: 10 };
/** Jobs that have ended and are remembered. */
const REMEMBERED = 100;

const clean: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-job-order-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "plate.tif"), buildTiff({ directories: [PLATE] }));
  return folder;
}

async function open(folder: string, runJobs = true, remote: RemoteOptions = { allowed: [] }): Promise<Services> {
  const services = await createServices({
    ...{ dataFolder: folder, cacheFolder: join(folder, ".bandloom"), cacheBytes: 2 ** 28, memoryBytes: 2 ** 25 },
    ...{ workers: 1, runJobs, remote, jobTimes: TEST_TIMES },
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

/** A server of an image of which the upper half can be had, and the lower half is never answered. */
async function halfPlate() {
  const bytes = buildTiff({ directories: [{ ...PLATE, codec: "none" }] });
  const reached = promiseWithResolver();
  const hold = async ({ headers }: IncomingMessage) => {
    const [, from = "0", to = "0"] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    if (Number(from) === 0 || Number(to) < bytes.length / 2) return;
    reached.resolve();
    await new Promise(() => {});
  };
  const server = await startRangeServer(new Map([["far.tif", bytes]]), { hold });
  clean.push(() => server.close());
  return { url: `${server.url}/far.tif`, reached: reached.promise };
}

async function start(services: Services, text: string, more: Partial<JobWish> = {}, key = "plate"): Promise<Job> {
  const formula = await services.formulas.bind(await services.images.get(key), text);
  if (!formula.valid) throw new Error("The formula is refused.");
  return services.jobs.start({
    ...{ formula, levels: null, region: null, tileSize: 64, encoding: JPEG, pad: false },
    ...more,
  });
}

const small = (services: Services, text: string) => start(services, text, { levels: [0], region: CORNER });

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
  const older = await left(folder, (services) => start(services, "window(b1, 0, 254)"));
  const services = await open(folder);
  const held = holdSteps(services, 0);
  await held.reached;
  const mine = await small(services, "window(b1, 0, 255)");
  held.open();
  expect(await ended(services, mine)).toMatchObject({ state: "completed" });
  expect(await ended(services, older)).toMatchObject({ state: "completed" });
  // Both places may have been taken before it was asked for.
  expect(held.begun.length).toBeGreaterThan(4);
  expect(held.begun.indexOf("window(b1, 0, 255)")).toBeLessThanOrEqual(2);
});

it("what is under way stops when it is cancelled, and not at the end of its step", async () => {
  const folder = await dataFolder();
  const { url, reached } = await halfPlate();
  await writeFile(join(folder, "catalogue.yaml"), `images:\n  far: { source: "${url}" }\n`);
  const services = await open(folder, true, { allowed: [url] });
  const slow = await start(services, "window(b1, 0, 255)", { levels: [0] }, "far");
  await completes(services, slow, 1);
  await reached;
  const cancelled = await services.jobs.cancel(slow.id);
  expect(cancelled).toMatchObject({ state: "cancelled" });
  // All places are free again.
  expect(await ended(services, await start(services, "window(b1, 0, 255)", { levels: [2] }))).toMatchObject({
    state: "completed",
  });
  expect((await services.jobs.get(slow.id))?.completed).toBe(cancelled?.completed);
});

it("what had been rendered when a job is cancelled is told by then, whenever that happens", async () => {
  const services = await open(await dataFolder());
  const told: (Job | null)[] = [];
  const tries = effort(12, 40);
  for (let index = 0; index < tries; index++) {
    const { id } = await start(services, `window(b1, 0, ${200 + index})`, { levels: [0] });
    await sleep((index * 120) / tries);
    told.push(await services.jobs.cancel(id));
  }
  // What were told too late would have been written down by now.
  const now = await Promise.all(told.map((job) => services.jobs.get(job?.id ?? "")));
  expect(now.map((job) => job?.completed)).toEqual(told.map((job) => job?.completed));
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
});

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
