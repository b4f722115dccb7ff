import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { createServices, type Services } from "../../../src/service/index.ts";
import type { JobRecord, PartProgress } from "../../../src/service/jobs/record.ts";
import type { Job } from "../../../src/service/jobs/types.ts";
import { THIS_WORKER } from "../../../src/service/jobs/worker.ts";
import { type RedisServer, startRedis } from "../../fixtures/redis.ts";
import { buildTiff } from "../../fixtures/tiff-builder.ts";
import { JPEG } from "../support.ts";
import { completes, ended, holdSteps, TEST_TIMES } from "./support.ts";

const never = new AbortController().signal;
/** No machine that is busy is taken for a Redis that is away. */
const PATIENT_MS = 60_000;
const HASTY_MS = 50;
const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

/** The rule of docs/cache.md for the Redis of what is saved, word for word but for the password. */
const RULE = [
  ...["on", ">secret", "~bandloom:*", "~{bandloom:jobs:*", "-@all"],
  ..."+@read +@write +@scripting +@transaction +info +client|setname".split(" "),
];

/** Of the state Redis. */
const JOBS = "bandloom:state:1:jobs";

interface Cluster {
  readonly redis: RedisServer;
  /** `account`: of the Redis of what is saved, `name:password@`. */
  open(runJobs: boolean, account?: string, stateRedisTimeoutMs?: number): Promise<Services>;
}

async function cluster(): Promise<Cluster> {
  const redis = await startRedis();
  clean.push(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), "bandloom-shared-jobs-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  const plate = { width: 1500, height: 1100, tile: [128, 128] as const, codec: "deflate" as const, seed: 5 };
  await writeFile(join(folder, "plate.tif"), buildTiff({ directories: [plate] }));
  const open = async (runJobs: boolean, account = "", stateRedisTimeoutMs = PATIENT_MS) => {
    const services = await createServices({
      ...{ dataFolder: folder, cacheFolder: null, cacheBytes: 0, memoryBytes: 2 ** 25, workers: 1, runJobs },
      ...{ redisUrl: redis.url, stateRedisUrl: redis.url.replace("//", `//${account}`), stateRedisTimeoutMs },
      jobTimes: { ...TEST_TIMES, seenAfterMs: Array.from({ length: 600 }, () => 100) },
      onEvent: () => {},
    });
    clean.push(() => services.close());
    return services;
  };
  return { redis, open };
}

async function start(services: Services, text = "window(b1, 0, 255)", levels: number[] | null = null): Promise<Job> {
  const formula = await services.formulas.bind(await services.images.get("plate"), text);
  if (!formula.valid) throw new Error("The formula is refused.");
  return services.jobs.start({ formula, levels, region: null, tileSize: 64, encoding: JPEG, pad: false });
}

/** Updates of a job, of which the first was taken: who asks to watch while the store does not answer is refused. */
async function watched(services: Services, { id }: Job): Promise<AsyncIterator<Job>> {
  for (;;) {
    const updates = services.jobs.watch(id, never)[Symbol.asyncIterator]();
    const first = await updates.next().catch(() => null);
    if (first) return updates;
  }
}

/** What is written down of the parts of a job that were begun. */
async function partsOf({ admin }: RedisServer, { id }: Job): Promise<readonly PartProgress[]> {
  const all = Object.entries(await admin.hgetall("bandloom:state:1:job-parts"));
  return all.flatMap(([key, text]) => (key.startsWith(id) ? [JSON.parse(text) as PartProgress] : []));
}

it("a job of one server is done by others, seen and cancelled everywhere", async () => {
  const { redis, open } = await cluster();
  const asks = await open(false);
  const job = await start(asks);
  expect(job.state).toBe("queued");
  const works = await open(true);
  expect(await ended(asks, job)).toMatchObject({ state: "completed", completed: job.total, failed: 0 });
  expect(await works.jobs.get(job.id)).toMatchObject({ state: "completed" });
  // Redis keeps nothing of a part that is done but what is written down of it.
  await expect.poll(() => redis.admin.keys(`{bandloom:jobs:1}:parts:${job.id}*`)).toEqual([]);
  holdSteps(works, 0);
  const second = await start(asks, "window(b1, 0, 250)");
  expect(await works.jobs.cancel(second.id)).toMatchObject({ state: "cancelled" });
  expect(await asks.jobs.get(second.id)).toMatchObject({ state: "cancelled" });
});

it("a job that is cancelled just when its last part is finished has ended when it is begun again", async () => {
  const { redis, open } = await cluster();
  const asks = await open(false);
  const job = await start(asks, "window(b1, 0, 240)", [3]);
  expect(job.total).toBeLessThanOrEqual(64);
  const works = await open(true);
  await ended(works, job);
  // As it is written down when the cancelling comes between the last step and the end of the job.
  const text = JSON.parse((await redis.admin.hget(JOBS, job.id)) ?? "{}") as JobRecord;
  const cancelled = { state: "cancelled", at: Date.now(), error: null };
  await redis.admin.hset(JOBS, job.id, JSON.stringify({ ...text, ended: cancelled }));
  const again = await start(asks, "window(b1, 0, 240)", [3]);
  expect(again).toMatchObject({ id: job.id, completed: job.total });
  expect(await ended(asks, again)).toMatchObject({ state: "completed", completed: job.total });
});

it("an account needs no more than the documented rule", async () => {
  const { redis, open } = await cluster();
  await redis.admin.call("ACL", "SETUSER", "jobs", ...RULE);
  await redis.admin.call("ACL", "LOG", "RESET");
  const asks = await open(false, "jobs:secret@");
  const job = await start(asks);
  await open(true, "jobs:secret@");
  expect(await ended(asks, job)).toMatchObject({ state: "completed", completed: job.total, failed: 0 });
  expect(await redis.admin.call("ACL", "LOG")).toEqual([]);
});

it("a server that is stopped in order hands its parts back, and one that comes later goes on", async () => {
  const { redis, open } = await cluster();
  const asks = await open(false);
  const job = await start(asks);
  const first = await open(true);
  const held = holdSteps(first, 1);
  await completes(asks, job, 1);
  await held.reached;
  const mine = { takes: 1, worker: THIS_WORKER };
  await expect.poll(() => partsOf(redis, job)).toContainEqual(expect.objectContaining(mine));
  await first.close();
  clean.pop();
  // Nobody works on what is left, and that it was put down does not count against it.
  const left = (await partsOf(redis, job)).filter(({ completed }) => completed === 0);
  expect(left.length).toBeGreaterThan(0);
  expect(left.map(({ worker, takes }) => [worker, takes])).toEqual(left.map(() => [null, 0]));
  const between = await asks.jobs.get(job.id);
  expect(between?.completed).toBeLessThan(job.total);
  await open(true);
  expect(await ended(asks, job)).toMatchObject({ state: "completed", completed: job.total });
});

it("a server waits for the purge that another one knows of already, and then makes what is wanted", async () => {
  const { open } = await cluster();
  const asks = await open(false);
  const works = await open(true);
  // It asks what was purged twice a second: hardly ever just before each of these jobs.
  for (let n = 0; n < 3; n++) {
    await asks.purges.purge({ kind: "image", key: "plate" });
    const job = await start(asks, `window(b1, 0, ${240 + n})`, [2]);
    expect(await ended(asks, job)).toMatchObject({ state: "completed", completed: job.total, failed: 0, error: null });
  }
  expect(works.jobs.counts().completed).toBe(3 * 30);
});

it("a Redis that is away is told in words, and jobs go on when it is back", async () => {
  const { redis, open } = await cluster();
  const asks = await open(false);
  const job = await start(asks);
  // It takes Redis for away at once, and goes on all the same.
  const works = await open(true, "", HASTY_MS);
  const held = holdSteps(works, 1);
  await held.reached;
  const updates = await watched(works, job);
  redis.freeze();
  held.open();
  await expect(start(works, "window(b1, 0, 251)")).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  // Whoever watches is told nothing meanwhile, and all the rest then.
  const next = updates.next();
  await sleep(10 * HASTY_MS);
  redis.thaw();
  let last = (await next).value as Job | undefined;
  for await (const update of { [Symbol.asyncIterator]: () => updates }) last = update;
  expect(last).toMatchObject({ state: "completed", completed: job.total });
});

it("a job that the queue has lost is queued again", async () => {
  const { redis, open } = await cluster();
  const asks = await open(false);
  const job = await start(asks);
  const keys = await redis.admin.keys("{bandloom:jobs:1}*");
  expect(keys.length).toBeGreaterThan(0);
  await redis.admin.del(...keys);
  const works = await open(true);
  expect(await ended(works, job)).toMatchObject({ state: "completed" });
});
