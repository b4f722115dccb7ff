import { setMaxListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createServices, type Services } from "../../../src/service/index.ts";
import type { JobRecord, PartWorker } from "../../../src/service/jobs/record.ts";
import { JobRecords } from "../../../src/service/jobs/records.ts";
import { type PartContext, runPart } from "../../../src/service/jobs/run-part.ts";
import { THIS_WORKER } from "../../../src/service/jobs/worker.ts";
import { createState } from "../../../src/state/index.ts";
import { buildTiff } from "../../fixtures/tiff-builder.ts";
import { JPEG } from "../support.ts";
import { type HeldSteps, holdSteps, TEST_TIMES } from "./support.ts";

const OTHER: PartWorker = { host: `not ${hostname()}`, pid: 1, birth: null };

const clean: (() => Promise<unknown>)[] = [];
let services: Services;
let records: JobRecords;
let context: PartContext;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "bandloom-part-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  const plate = { width: 512, height: 512, tile: [128, 128] as const, codec: "deflate" as const, seed: 3 };
  await writeFile(join(folder, "plate.tif"), buildTiff({ directories: [plate] }));
  const cacheFolder = join(folder, ".bandloom");
  services = await createServices({
    ...{ dataFolder: folder, cacheFolder, cacheBytes: 2 ** 26, memoryBytes: 2 ** 25, workers: 1, runJobs: false },
    onEvent: () => {},
  });
  clean.push(() => services.close());
  const state = createState({ redisUrl: null, folder: cacheFolder, log: () => {} });
  clean.push(() => state.close());
  records = new JobRecords(state);
  const { images, formulas, tiles } = services;
  context = {
    records,
    images,
    formulas,
    tiles,
    worker: THIS_WORKER,
    counts: { completed: 0, failed: 0 },
    times: TEST_TIMES,
    log: () => {},
  };
});
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

/** A job of one part of 64 tiles, which this process has begun to work on; its one step is held. */
async function begun(): Promise<{ readonly record: JobRecord; readonly held: HeldSteps; readonly end: Promise<void> }> {
  const formula = await services.formulas.bind(await services.images.get("plate"), "window(b1, 0, 255)");
  if (!formula.valid) throw new Error("The formula is refused.");
  const wish = { formula, levels: [0], region: null, tileSize: 64, encoding: JPEG, pad: false };
  const { id } = await services.jobs.start(wish);
  const record = await records.get(id);
  if (!record) throw new Error("It is not written down.");
  const held = holdSteps(services, 0);
  const stop = new AbortController();
  // As those of RunningParts: each tile of a step listens.
  setMaxListeners(0, stop.signal);
  const end = runPart(context, { id, run: record.run, index: 0 }, stop.signal);
  clean.push(() => {
    stop.abort();
    return end.catch(() => {});
  });
  await held.reached;
  expect(await records.part(record, 0)).toMatchObject({ worker: THIS_WORKER });
  return { record, held, end };
}

it("a part that another server has taken over is not written over", async () => {
  const { record, held, end } = await begun();
  const theirs = { ...(await records.part(record, 0)), worker: OTHER, completed: 7, at: Date.now() };
  await records.putPart(record, 0, theirs);
  held.open();
  await end;
  expect(context.counts).toEqual({ completed: 64, failed: 0 });
  expect(await records.part(record, 0)).toEqual(theirs);
  expect(await records.get(record.id)).toMatchObject({ ended: null });
});

it("a job that was cancelled and begun again meanwhile goes on, and ends", async () => {
  const { record, held, end } = await begun();
  await records.put({ ...record, createdAt: record.createdAt + 1 });
  held.open();
  await end;
  expect(await records.part(record, 0)).toMatchObject({ next: 1, completed: 64, worker: null });
  expect(await records.get(record.id)).toMatchObject({ ended: { state: "completed" } });
});

it("a job that was begun again is not ended by who gives up what was before", async () => {
  const { record } = await begun();
  const again = { ...record, createdAt: record.createdAt + 1 };
  await records.put(again);
  await records.end(record, { state: "failed", at: Date.now(), error: "The picture changed." });
  expect(await records.get(record.id)).toEqual(again);
});
