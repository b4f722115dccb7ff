import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { own } from "../../src/core/owner.ts";
import { Overrun } from "../../src/render/deadline.ts";
import { GuardedPool } from "../../src/render/guarded-pool.ts";
import { WorkerPool } from "../../src/render/pool/worker-pool.ts";
import { Quarantine } from "../../src/render/quarantine.ts";
import { JobContext } from "../../src/render/worker/job-context.ts";
import { localPath } from "../../src/source/location.ts";

/** A worker that does what the key of its task says, and counts what it was given in an array that it shares with the test. */
const OBEDIENT = `
  const { parentPort, workerData } = require("node:worker_threads");
  const counters = { chunksDecoded: 0, chunkHits: 0, kernelsCompiled: 0 };
  const reply = (id, outcome, fatal = false) => parentPort.postMessage({ id, outcome, workMs: 1, fatal, counters });
  const error = { code: "LIMIT_EXCEEDED", message: "stopped" };
  parentPort.on("message", (message) => {
    if (message === "end") process.exit();
    const { id, slot, task } = message;
    const [act] = task.source.key.split(" ");
    Atomics.add(workerData.given, 0, 1);
    if (act === "answer") reply(id, { value: true });
    if (act === "exit") process.exit(3);
    if (act === "garbage") parentPort.postMessage({ garbage: true });
    if (act === "fatal") reply(id, { error: { code: "INTERNAL", message: "a bug" } }, true);
    if (act === "overran") reply(id, { error, overran: true });
    if (act === "someOverran") reply(id, { value: [{}, { error, overran: true }] });
    if (act === "failed") reply(id, { error });
    if (act === "leave") { while (Atomics.load(workerData.cancelled, slot) === 0); process.exit(3); }
  });
  parentPort.postMessage("ready");
`;

const pools: WorkerPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function guarded() {
  const given = new Int32Array(new SharedArrayBuffer(4));
  const pool = new WorkerPool({
    ...{ size: 1, queueMs: 600_000, ownerWorkers: null, ownerSeconds: null, deadlineMs: 600_000 },
    spawn: (cancelled) => new Worker(OBEDIENT, { eval: true, execArgv: [], workerData: { cancelled, given } }),
  });
  pools.push(pool);
  const clock = { now: 0 };
  const quarantine = new Quarantine({ now: () => clock.now });
  const target = new GuardedPool(pool, quarantine);
  const run = (act: string, x = 0, signal?: AbortSignal) => {
    const source = { key: act, location: localPath(`/${act}`), remote: false, revision: "1" };
    const task = { kind: "chunk", source, channel: 0, level: 0, z: 0, t: 0, x, y: 0 } as const;
    return target.run<"chunk">(task, { affinity: null, cost: { ms: 1, learn: () => {} }, signal });
  };
  return { pool, run, clock, given: () => Atomics.load(given, 0), quarantine };
}

const REFUSED = { code: "SOURCE_UNREADABLE", details: { retryAfter: 60 } };

describe("a pool with a quarantine before it", () => {
  it.each(["exit", "garbage", "fatal", "overran", "someOverran"])(
    "refuses what has cost three workers by “%s”, without a worker",
    async (act) => {
      const { run, given } = guarded();
      for (let x = 0; x < 3; x++) await run(act, x).catch(() => {});
      await expect(run(act, 3)).rejects.toMatchObject(REFUSED);
      expect(given()).toBe(3);
      await expect(run("answer")).resolves.toBe(true);
    },
  );

  it("refuses what waits already when the third worker is lost", async () => {
    const { run, given } = guarded();
    const all = await Promise.allSettled(Array.from({ length: 20 }, (_, x) => run("exit", x)));
    // Two may be in a worker at a time: each is run again, alone.
    expect(given()).toBeLessThan(12);
    const refused = all.filter((one) => one.status === "rejected" && one.reason.code === REFUSED.code);
    expect(refused).toHaveLength(17);
  });

  it("counts what a client who has left does to a worker", async () => {
    const { pool, run, given } = guarded();
    for (let x = 0; x < 3; x++) {
      const client = new AbortController();
      const left = run("leave", x, own(client.signal, "somebody"));
      await expect.poll(given, { interval: 5 }).toBe(x + 1);
      client.abort(new Error("left"));
      await expect(left).rejects.toThrow("left");
      await expect.poll(() => pool.stats().replacedWorkers, { interval: 5 }).toBe(x + 1);
    }
    await expect(run("leave", 3)).rejects.toMatchObject(REFUSED);
  });

  it("answers the same failure for a second", async () => {
    const { run, clock, given } = guarded();
    const first = await run("exit").catch((error: unknown) => error);
    await expect(run("exit")).rejects.toBe(first);
    clock.now += 1000;
    await expect(run("exit")).rejects.not.toBe(first);
    expect(given()).toBe(2);
  });

  it("has nothing against failures that cost no worker", async () => {
    const { run, given } = guarded();
    for (let time = 0; time < 5; time++) await expect(run("failed")).rejects.toMatchObject({ message: "stopped" });
    expect(given()).toBe(5);
  });

  it("blames no work when no worker can be started", async () => {
    const pool = new WorkerPool({
      ...{ size: 1, queueMs: 600_000, ownerWorkers: null, ownerSeconds: null, deadlineMs: 600_000 },
      spawn: () => new Worker("process.exit(1)", { eval: true, execArgv: [] }),
    });
    pools.push(pool);
    const quarantine = new Quarantine();
    const source = { key: "plate", location: localPath("/plate"), remote: false };
    const cost = { ms: 1, learn: () => {} };
    const work = new GuardedPool(pool, quarantine).run<"describe">(
      { kind: "describe", source },
      { affinity: null, cost },
    );
    await expect(work).rejects.toMatchObject({ code: "INTERNAL" });
    expect(quarantine.begun).toBe(0);
  });
});

describe("a worker", () => {
  it("says of work that took longer than it may that it did", async () => {
    const job = new JobContext({} as ConstructorParameters<typeof JobContext>[0], () => false, undefined, 0);
    const error: unknown = await job.breathe().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(Overrun);
    expect(job.failure(error)).toMatchObject({ error: { code: "LIMIT_EXCEEDED" }, overran: true });
  });
});
