import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { own } from "../../src/core/owner.ts";
import { SLOTS } from "../../src/render/pool/lane.ts";
import { type RunOptions, WorkerPool } from "../../src/render/pool/worker-pool.ts";
import type { ChunkJob } from "../../src/render/types.ts";
import { localPath } from "../../src/source/location.ts";

/**
 * A worker that does what the key of its task says. It speaks the pool's protocol, so that the pool can be shown every way in which a
 * worker can go wrong.
 */
const OBEDIENT = `
  const { parentPort, workerData, threadId } = require("node:worker_threads");
  const counters = { chunksDecoded: 1, chunkHits: 2, kernelsCompiled: 3 };
  const reply = (id, outcome, fatal = false, workMs = 1) => parentPort.postMessage({ id, outcome, workMs, fatal, counters });
  let told = 0;
  parentPort.on("message", async (message) => {
    if (message === "end") process.exit();
    const { id, slot, task, cancel } = message;
    if (cancel !== undefined) { reply(cancel, { error: { code: "OVERLOADED", message: "cancelled" } }); reply(told, { value: true }); return; }
    const [act, argument] = task.source.key.split(" ");
    if (act === "answer") reply(id, { value: threadId });
    if (act === "charge") reply(id, { value: threadId }, false, Number(argument));
    if (act === "later") setTimeout(() => reply(id, { value: threadId }), Number(argument));
    if (act === "busy") { const end = Date.now() + Number(argument); while (Date.now() < end); reply(id, { value: threadId }); }
    if (act === "cancellable") { while (Atomics.load(workerData, slot) === 0); reply(id, { error: { code: "OVERLOADED", message: "cancelled" } }); }
    if (act === "told") told = id;
    if (act === "fail") reply(id, { error: { code: "NOT_FOUND", message: "no such tile" } });
    if (act === "fatal") reply(id, { error: { code: "INTERNAL", message: "a bug" } }, true);
    if (act === "throw") throw "not even an Error";
    if (act === "reject") Promise.reject(new Error("unhandled"));
    if (act === "loop") for (;;);
    if (act === "exit") process.exit(3);
    if (act === "garbage") parentPort.postMessage({ garbage: true });
    if (act === "memory") { const all = []; for (;;) all.push(new Array(1e5).fill({})); }
  });
  parentPort.postMessage("ready");
`;

/** No worker that is slow is taken for one that hangs. */
const DEADLINE_MS = 60_000;

const pools: WorkerPool[] = [];

function pool(options: Partial<ConstructorParameters<typeof WorkerPool>[0]> = {}): WorkerPool {
  const created = new WorkerPool({
    size: 2,
    ...{ queueMs: 600_000, ownerWorkers: null, ownerSeconds: null },
    deadlineMs: DEADLINE_MS,
    spawn: (cancelled) =>
      new Worker(OBEDIENT, {
        eval: true,
        execArgv: [],
        workerData: cancelled,
        resourceLimits: { maxOldGenerationSizeMb: 24 },
      }),
    ...options,
  });
  pools.push(created);
  return created;
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((created) => created.close()));
});

function run(
  target: WorkerPool,
  act: string,
  options: Partial<Omit<RunOptions, "cost">> & { readonly remote?: boolean; readonly ms?: number } = {},
): Promise<unknown> {
  const job: Omit<ChunkJob, "info"> = {
    source: { key: act, location: localPath(""), remote: options.remote ?? false, revision: "" },
    channel: 0,
    level: 0,
    z: 0,
    t: 0,
    x: 0,
    y: 0,
  };
  const { affinity = null, ms = 1, ...rest } = options;
  const cost = { ms, learn: () => {} };
  return target.run<"chunk">({ kind: "chunk", ...job }, { affinity, cost, ...rest });
}

/** Waits until all workers are up. */
async function backToSize(target: WorkerPool, size = 2): Promise<void> {
  await expect.poll(() => target.stats().workers, { interval: 5 }).toBe(size);
}

/** Lets the deadline pass whenever nothing is left but a job that hangs, until that one has ended. The clock stands still otherwise. */
async function passDeadlines(target: WorkerPool, hanging: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  hanging.then(end, end);
  while (!ended) {
    const onlyHangs = () => {
      const { workers, busy, queued } = target.stats();
      return ended || (workers === 2 && busy === 1 && queued === 0);
    };
    await expect.poll(onlyHangs, { interval: 5 }).toBe(true);
    vi.advanceTimersByTime(DEADLINE_MS + 1_000);
  }
}

describe("the worker pool", () => {
  for (const [act, code] of [
    ["throw", "INTERNAL"],
    ["reject", "INTERNAL"],
    ["exit", "INTERNAL"],
    ["garbage", "INTERNAL"],
    ["fatal", "INTERNAL"],
    ["loop", "LIMIT_EXCEEDED"],
    ["memory", "LIMIT_EXCEEDED"],
  ] as const)
    it(`replaces a worker that meets “${act}”, and fails only its own job`, async () => {
      if (act === "loop") vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
      const target = pool();
      await backToSize(target);
      const others = Array.from({ length: 20 }, () => run(target, "later 5"));
      const bad = run(target, act);
      const after = Array.from({ length: 20 }, () => run(target, "later 5"));
      if (act === "loop") await passDeadlines(target, bad);
      await expect(bad).rejects.toMatchObject({ code });
      for (const value of await Promise.all([...others, ...after])) expect(value).toEqual(expect.any(Number));
      await backToSize(target);
      expect(target.stats().failures).toBe(1);
      await expect(run(target, "answer")).resolves.toEqual(expect.any(Number));
    });

  it("passes on an expected failure without replacing anybody", async () => {
    const target = pool();
    await expect(run(target, "fail")).rejects.toMatchObject({ code: "NOT_FOUND", message: "no such tile" });
    expect(target.stats()).toMatchObject({ failures: 1, replacedWorkers: 0 });
  });

  it("gives a worker many jobs that wait for a network, and few that compute", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const jobs = (count: number, remote: boolean) =>
      Array.from({ length: count }, () => run(target, "later 10", { remote }));
    const waiting = jobs(20, true);
    expect(target.stats().queued).toBe(20 - SLOTS);
    await Promise.all(waiting);
    const computing = jobs(20, false);
    expect(target.stats().queued).toBe(18);
    await Promise.all(computing);
  });

  it("tells a worker that waits for a network when nobody waits for it any more", async () => {
    const target = pool({ size: 1 });
    // A job that is still waiting for its worker is dropped without a word to it.
    await backToSize(target, 1);
    const abort = new AbortController();
    const job = run(target, "network", { remote: true, signal: abort.signal });
    const told = run(target, "told", { remote: true });
    abort.abort(new Error("gone"));
    await expect(job).rejects.toThrow("gone");
    await expect(told).resolves.toBe(true);
  });

  it("refuses at once what would wait too long, and says when to come back", async () => {
    const target = pool({ size: 1, queueMs: 500 });
    await backToSize(target, 1);
    // Two run, and ten wait, which are said to take 50 ms each.
    const accepted = Array.from({ length: 12 }, () => run(target, "told", { ms: 50 }));
    const refused = { code: "OVERLOADED", details: { retryAfter: expect.toSatisfy((s) => s === 1 || s === 2) } };
    await expect(run(target, "answer", { ms: 50 })).rejects.toMatchObject(refused);
    expect(target.stats().queued).toBe(10);
    const outcomes = Promise.allSettled(accepted);
    await target.close();
    await outcomes;
  });

  it("lets a part of what was let in wait, however long", async () => {
    const target = pool({ size: 1, queueMs: 1 });
    await backToSize(target, 1);
    const many = Array.from({ length: 30 }, () => run(target, "answer", { ms: 50, admitted: true }));
    await expect(Promise.all(many)).resolves.toHaveLength(30);
  });

  it("refuses an owner that has used its seconds of the workers, and no other", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const target = pool({ size: 1, ownerSeconds: 1 });
    await backToSize(target, 1);
    const by = (name: string) => ({ signal: own(new AbortController().signal, name) });
    await run(target, "charge 1500", by("greedy"));
    const refused = { code: "QUOTA_EXCEEDED", details: { retryAfter: 31, limit: 1, remaining: 0, window: 60 } };
    await expect(run(target, "answer", by("greedy"))).rejects.toMatchObject(refused);
    await expect(run(target, "answer", by("polite"))).resolves.toEqual(expect.any(Number));
    await expect(run(target, "answer")).resolves.toEqual(expect.any(Number));
    vi.advanceTimersByTime(31_000);
    await expect(run(target, "answer", by("greedy"))).resolves.toEqual(expect.any(Number));
  });

  it("drops an aborted job from the queue", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const running = [run(target, "busy 30"), run(target, "busy 30")];
    const controller = new AbortController();
    const waiting = run(target, "throw", { signal: controller.signal });
    controller.abort(new Error("the client left"));
    await expect(waiting).rejects.toThrow("the client left");
    expect(target.stats().queued).toBe(0);
    await Promise.all(running);
    expect(target.stats().replacedWorkers).toBe(0);
  });

  it("tells a worker that nobody waits for the job that runs in it", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const controller = new AbortController();
    const running = run(target, "cancellable", { signal: controller.signal });
    controller.abort(new Error("the client left"));
    await expect(running).rejects.toThrow("the client left");
    await expect(run(target, "answer")).resolves.toEqual(expect.any(Number));
    expect(target.stats().replacedWorkers).toBe(0);
  });

  it("rejects at once with the reason of a signal that was aborted before", async () => {
    await expect(run(pool(), "answer", { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow(
      "too late",
    );
  });

  it("gives work on one neighbourhood to one worker while that is not behind", async () => {
    const target = pool();
    await backToSize(target);
    const seen = new Set<unknown>();
    for (let index = 0; index < 20; index++) seen.add(await run(target, "answer", { affinity: "neighbourhood" }));
    expect(seen.size).toBe(1);
  });

  it("lets an idle worker take over work that prefers a busy one", async () => {
    const target = pool();
    await backToSize(target);
    const busy = run(target, "later 50", { affinity: "neighbourhood" });
    const stolen = await run(target, "answer", { affinity: "neighbourhood" });
    expect(stolen).not.toBe(await busy);
  });

  it("gives up on workers that cannot start, and tells those who wait", async () => {
    const target = pool({ spawn: () => new Worker("process.exit(1)", { eval: true, execArgv: [] }) });
    await expect(run(target, "answer")).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("answers what is still waiting when it closes", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const jobs = Array.from({ length: 5 }, () => run(target, "loop"));
    const outcomes = Promise.allSettled(jobs);
    await target.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "OVERLOADED" } });
  });

  it("adds up what its workers count", async () => {
    const target = pool();
    await Promise.all([run(target, "answer"), run(target, "answer")]);
    expect(target.stats()).toMatchObject({ chunksDecoded: 2, chunkHits: 4, kernelsCompiled: 6 });
  });
});

describe("work that nobody waits for", () => {
  const inBackground = (target: WorkerPool, act: string, count: number) =>
    Array.from({ length: count }, () => run(target, act, { priority: "background" }));

  it("leaves a worker free, so that what somebody waits for is begun at once", async () => {
    const target = pool();
    await backToSize(target);
    const later = inBackground(target, "later 20", 10);
    expect(target.stats()).toMatchObject({ busy: 1, background: 9 });
    const live = run(target, "later 1");
    expect(target.stats()).toMatchObject({ busy: 2, queued: 0 });
    await live;
    await Promise.all(later);
  });

  it("is not begun while anything waits that somebody asked for", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const background = inBackground(target, "later 5", 3).map((job, index) => job.then(note(`background ${index}`)));
    const live = Array.from({ length: 6 }, (_, index) => run(target, "later 5").then(note(`live ${index}`)));
    // The one that ran already, then all that somebody waits for.
    await Promise.all([...background, ...live]);
    expect(order.slice(1, 7)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `live ${index}`));
    expect(order[0]).toBe("background 0");
  });

  it("never fills the second slot of a worker", async () => {
    const target = pool({ size: 1 });
    await backToSize(target, 1);
    const jobs = inBackground(target, "later 5", 4);
    expect(target.stats().background).toBe(3);
    await Promise.all(jobs);
  });

  it("is dropped and answered at the end as other work is, and waits as long as it must", async () => {
    const target = pool({ size: 1, queueMs: 1 });
    await backToSize(target, 1);
    const controller = new AbortController();
    const running = run(target, "later 300", { priority: "background" });
    const dropped = run(target, "answer", { priority: "background", signal: controller.signal });
    controller.abort(new Error("cancelled"));
    await expect(dropped).rejects.toThrow("cancelled");
    const waiting = Promise.allSettled(inBackground(target, "answer", 30));
    const ended = Promise.allSettled([running]);
    await target.close();
    for (const outcome of [...(await waiting), ...(await ended)])
      expect(outcome).toMatchObject({ reason: { code: "OVERLOADED" } });
  });
});
