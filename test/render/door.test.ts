import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BandloomError } from "../../src/core/errors.ts";
import { Door, type DoorOptions } from "../../src/render/pool/door.ts";
import { FairQueue } from "../../src/render/pool/fair-queue.ts";
import { Job } from "../../src/render/pool/job.ts";
import { localPath } from "../../src/source/location.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

let lastId = 0;

/** Work that is asked for, and waits where it is let in. */
class Bench {
  readonly queue = new FairQueue();
  readonly door: Door;

  constructor(options: Partial<DoorOptions> = {}) {
    this.door = new Door(this.queue, { size: 2, queueMs: 500, ownerSeconds: null, ...options });
  }

  /** Null: it was let in. */
  ask(owner: string, ms: number): BandloomError | null {
    try {
      this.door.admit({ owner, priority: "live", ms });
    } catch (error) {
      return error as BandloomError;
    }
    const source = { key: "plate", location: localPath(""), remote: false };
    const options = { priority: "live", preferred: null, owner, cost: { ms, learn: () => {} } } as const;
    const nothing = () => {};
    this.queue.push(new Job(++lastId, { kind: "describe", source }, options, nothing, nothing));
    return null;
  }

  /** How many of so many are let in. */
  letIn(count: number, owner: string, ms: number): number {
    return Array.from({ length: count }, () => this.ask(owner, ms)).filter((refused) => refused === null).length;
  }
}

describe("the door of the queue", () => {
  it("lets in what two workers do within half a second", () => {
    const bench = new Bench();
    // The last one waits for 1,000 ms of work.
    expect(bench.letIn(2_000, "greedy", 2)).toBe(501);
    expect(bench.ask("greedy", 2)).toMatchObject({ code: "OVERLOADED" });
  });

  it("lets others in, whatever waits of one", () => {
    const bench = new Bench();
    bench.letIn(2_000, "greedy", 20);
    expect(bench.letIn(10, "polite", 20)).toBe(10);
  });

  it("lets eight jobs for each worker wait, however slow they are, where there is one client; where there are more, its part of them", () => {
    const bench = new Bench();
    expect(bench.letIn(100, "one", 20_000)).toBe(16);
    expect(bench.letIn(100, "two", 20_000)).toBe(8);
    expect(bench.letIn(100, "three", 20_000)).toBe(5);
  });

  it("refuses newcomers too where so many clients wait that their turn would come too late", () => {
    const bench = new Bench();
    for (let n = 0; n < 400; n++) bench.ask(`client ${n}`, 20);
    expect(bench.ask("one more", 20)).toMatchObject({ code: "OVERLOADED" });
    expect(bench.queue.length).toBeLessThan(100);
  });

  it("lets in a bounded number of jobs that take nothing", () => {
    expect(new Bench().letIn(5_000, "greedy", 0)).toBe(1024);
  });

  it("says later when more was refused, scattered, and sooner again after a while", () => {
    const bench = new Bench();
    bench.letIn(501, "greedy", 2);
    const told = (error: BandloomError | null) => Number(error?.details?.retryAfter);
    const first = told(bench.ask("greedy", 2));
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThanOrEqual(2);
    // Three seconds of work for each of two workers.
    const later = new Set(Array.from({ length: 3_000 }, () => told(bench.ask("greedy", 2))).slice(-500));
    expect(later.size).toBeGreaterThan(1);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...later)).toBeLessThanOrEqual(8);
    vi.advanceTimersByTime(20_000);
    expect(told(bench.ask("greedy", 2))).toBeLessThanOrEqual(2);
  });

  it("lets one client use its seconds of a minute, as many at once or spread over it", () => {
    const bench = new Bench({ ownerSeconds: 6 });
    bench.door.charge("one", 6_001);
    expect(bench.ask("one", 1)).toMatchObject({
      code: "QUOTA_EXCEEDED",
      details: { retryAfter: 1, limit: 6, remaining: 0, window: 60 },
    });
    expect(bench.ask("other", 1)).toBeNull();
    // A tenth of a second of work each second.
    vi.advanceTimersByTime(1_000);
    expect(bench.ask("one", 1)).toBeNull();
    bench.door.charge("one", 3_000);
    expect(bench.ask("one", 1)?.details).toMatchObject({ retryAfter: 30 });
    vi.advanceTimersByTime(60_000 * 60);
    expect(bench.ask("one", 1)).toBeNull();
    bench.door.charge("one", 6_100);
    expect(bench.ask("one", 1)).toMatchObject({ code: "QUOTA_EXCEEDED" });
  });

  it("foresees waits by what workers do while work waits, and not by what they did when none was there", () => {
    const bench = new Bench();
    vi.advanceTimersByTime(3_600_000);
    bench.door.begin();
    expect(bench.letIn(2_000, "greedy", 2)).toBe(501);
    // Two workers that do in 200 ms what should take them 100 ms, as they share a core.
    for (let n = 0; n < 50; n++) {
      vi.advanceTimersByTime(200);
      bench.door.charge("greedy", 200);
    }
    bench.queue.clear();
    expect(bench.letIn(2_000, "greedy", 2)).toBe(251);
    // An hour in which nobody asks for anything says nothing of them.
    bench.queue.clear();
    vi.advanceTimersByTime(3_600_000);
    bench.door.begin();
    bench.letIn(400, "greedy", 2);
    vi.advanceTimersByTime(100);
    bench.door.charge("greedy", 200);
    bench.queue.clear();
    expect(bench.letIn(2_000, "greedy", 2)).toBeGreaterThan(251);
  });

  it("lets a client that is granted other seconds use those, and no others", () => {
    const shares: Readonly<Record<string, { readonly seconds?: number }>> = {
      "key:more": { seconds: 6 },
      "key:plain": {},
    };
    const shareOf = (owner: string) => shares[owner] ?? null;
    const bench = new Bench({ ownerSeconds: 1, shareOf });
    for (const owner of ["key:more", "key:plain", "203.0.113.1"]) bench.door.charge(owner, 1_500);
    expect(bench.ask("key:more", 1)).toBeNull();
    expect(bench.ask("key:plain", 1)?.details).toMatchObject({ limit: 1 });
    expect(bench.ask("203.0.113.1", 1)?.details).toMatchObject({ limit: 1 });
    const unbounded = new Bench({ shareOf });
    for (const owner of ["key:more", "203.0.113.1"]) unbounded.door.charge(owner, 9_000);
    expect(unbounded.ask("key:more", 1)?.details).toMatchObject({ limit: 6 });
    expect(unbounded.ask("203.0.113.1", 1)).toBeNull();
  });

  it("charges the server's own work to nobody", () => {
    const bench = new Bench({ ownerSeconds: 1 });
    bench.door.charge("", 100_000);
    expect(bench.ask("", 1)).toBeNull();
  });
});
