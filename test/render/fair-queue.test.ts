import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../../src/render/pool/fair-queue.ts";
import { Job } from "../../src/render/pool/job.ts";
import type { Priority } from "../../src/render/types.ts";
import { localPath } from "../../src/source/location.ts";

let lastId = 0;

function job(owner: string, ms: number, priority: Priority = "live"): Job {
  const source = { key: "plate", location: localPath(""), remote: false };
  const options = { priority, preferred: null, owner, cost: { ms, learn: () => {} } };
  return new Job(
    ++lastId,
    { kind: "describe", source },
    options,
    () => {},
    () => {},
  );
}

function queueOf(jobs: readonly Job[]): FairQueue {
  const queue = new FairQueue();
  for (const one of jobs) queue.push(one);
  return queue;
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** The owners of the next jobs, each of which takes what it was expected to take. */
function served(queue: FairQueue, count: number): readonly string[] {
  return times(count, () => {
    const next = queue.take(([oldest]) => oldest ?? null);
    if (!next) return "nobody";
    queue.done(next, next.cost.ms);
    return next.owner;
  });
}

const share = (owners: readonly string[], owner: string) => owners.filter((one) => one === owner).length;

describe("the fair queue", () => {
  it("serves owners in turn, however many jobs one of them brought before the others came", () => {
    const queue = queueOf([...times(500, () => job("greedy", 3)), ...times(5, () => job("polite", 3))]);
    expect(share(served(queue, 10), "polite")).toBe(5);
  });

  it("serves by cost: jobs that take ten times as long are served a tenth as often", () => {
    const queue = queueOf([...times(100, () => job("heavy", 30)), ...times(100, () => job("light", 3))]);
    const owners = served(queue, 55);
    expect(share(owners, "heavy")).toBe(5);
    expect(share(owners, "light")).toBe(50);
  });

  it("charges what a job took and not what it was said to take", () => {
    const queue = queueOf([...times(10, () => job("liar", 1)), ...times(10, () => job("honest", 10))]);
    const owners = times(8, () => {
      const next = queue.take(([oldest]) => oldest ?? null);
      if (!next) return "nobody";
      queue.done(next, 10);
      return next.owner;
    });
    expect(share(owners, "liar")).toBe(4);
  });

  it("counts what a job that still runs has taken beyond its cost", () => {
    const queue = queueOf(times(2, () => job("greedy", 1)));
    const running = queue.take(([oldest]) => oldest ?? null);
    if (!running) throw new Error("nothing was taken");
    running.startedAt = performance.now() - 60_000;
    // One that has been given a thousand times as much as the greedy one's jobs were to cost.
    for (const one of times(3, () => job("polite", 400))) queue.push(one);
    expect(served(queue, 4)).toEqual(["polite", "polite", "polite", "greedy"]);
  });

  it("gives one that was away neither a reward nor a penalty", () => {
    const queue = queueOf(times(300, () => job("steady", 3)));
    served(queue, 200);
    for (const one of times(100, () => job("back", 3))) queue.push(one);
    expect(share(served(queue, 20), "back")).toBe(10);
  });

  it("takes of one owner what is looked at as it comes before what is asked for in bulk", () => {
    const queue = queueOf([...times(3, () => job("one", 3, "bulk")), job("one", 5)]);
    expect(queue.take(([oldest]) => oldest ?? null)?.cost.ms).toBe(5);
  });

  it("passes over what does not suit the worker, but not the same job again and again", () => {
    const [first, ...others] = times(40, () => job("one", 1));
    const queue = queueOf([first as Job, ...others]);
    const taken = times(20, () => queue.take((offered) => offered.at(1) ?? offered.at(0) ?? null));
    expect(taken.indexOf(first as Job)).toBe(16);
  });

  it("forgets jobs that nobody waits for", () => {
    const [first, second] = [job("one", 1), job("one", 1)];
    const queue = queueOf([first, second]);
    expect([queue.remove(first), queue.remove(first), queue.length, queue.countOf("one")]).toEqual([true, false, 1, 1]);
    expect(queue.clear()).toEqual([second]);
    expect(queue.length).toBe(0);
  });

  it("knows when an owner would have more workers than its share", () => {
    const queue = queueOf(times(4, () => job("greedy", 1)));
    const next = job("greedy", 1);
    const runIn = (lane: number) => {
      const taken = queue.take(([oldest]) => oldest ?? null);
      if (taken) taken.lane = lane;
      return taken as Job;
    };
    expect(queue.exceedsShare(next, 0, 1)).toBe(false);
    const [first] = [runIn(0), runIn(0)];
    expect([0, 1].map((lane) => queue.exceedsShare(next, lane, 1))).toEqual([false, true]);
    // It was alone, and had both.
    const other = runIn(1);
    expect([0, 1].map((lane) => queue.exceedsShare(next, lane, 1))).toEqual([true, true]);
    queue.done(other, 1);
    queue.done(first as Job, 1);
    expect([0, 1].map((lane) => queue.exceedsShare(next, lane, 1))).toEqual([false, true]);
    expect(queue.isContended).toBe(false);
    queue.push(job("polite", 1));
    expect(queue.isContended).toBe(true);
  });

  it("foresees how much is done before a job: its owner's, and of each other as much as it is given itself", () => {
    const queue = queueOf([...times(500, () => job("greedy", 3)), ...times(4, () => job("busy", 3, "bulk"))]);
    expect(queue.ahead("greedy", "live", 3)).toBe(500 * 3 + 4 * 3);
    expect(queue.ahead("polite", "live", 3)).toBe(3 + 3);
    expect(queue.ahead("polite", "live", 30)).toBe(30 + 4 * 3);
    // What it asked for in bulk is behind what it looks at.
    expect(queue.ahead("busy", "live", 3)).toBe(3);
    expect(queue.ahead("busy", "bulk", 3)).toBe(4 * 3 + 15);
  });

  it("foresees what is done before a job, whatever the owners, as taking them shows", () => {
    const owners = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 50 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(owners, fc.integer({ min: 1, max: 50 }), (others, ms) => {
        const queue = queueOf(others.map(([owner, cost]) => job(owner, cost)));
        const foreseen = queue.ahead("a", "live", ms);
        const mine = job("a", ms);
        queue.push(mine);
        let done = 0;
        for (;;) {
          const next = queue.take(([oldest]) => oldest ?? null);
          if (!next || next === mine) break;
          done += next.cost.ms;
          queue.done(next, next.cost.ms);
        }
        // Of each other owner one job more or less: which of those that have been given the same is next is nobody's promise.
        expect(Math.abs(done - foreseen)).toBeLessThanOrEqual(3 * 50 + ms);
      }),
    );
  });

  it("divides a count among those who have work", () => {
    const queue = queueOf([job("one", 1), job("two", 1)]);
    expect([queue.shareOf("one", 16), queue.shareOf("three", 16), queueOf([]).shareOf("one", 16)]).toEqual([8, 5, 16]);
  });

  it("remembers a bounded number of owners", () => {
    const queue = queueOf([]);
    for (let n = 0; n < 5_000; n++) {
      queue.push(job(`client ${n}`, 3));
      served(queue, 1);
    }
    expect(queue.owners).toBeLessThan(2_100);
  });
});
