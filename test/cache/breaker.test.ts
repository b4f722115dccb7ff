import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Breaker } from "../../src/cache/breaker.ts";
import { logBook } from "./support.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function breaker(threshold = 3) {
  const { lines, log } = logBook();
  const probe = vi.fn<() => Promise<void>>(() => Promise.reject(new Error("still broken")));
  return { subject: new Breaker({ name: "It", threshold, probe, log }), probe, lines };
}

describe("the breaker", () => {
  it("opens after so many failures in a row, and not when a success lies between", () => {
    const { subject } = breaker();
    for (const step of ["fail", "fail", "good", "fail", "fail"]) {
      if (step === "good") subject.success();
      else subject.failure("slow");
      vi.advanceTimersByTime(100);
    }
    expect(subject.closed).toBe(true);
    subject.failure("slow");
    expect(subject.closed).toBe(false);
    expect(subject.reason).toBe("slow");
  });

  it("counts a burst of failures at one moment as one", () => {
    const { subject } = breaker();
    for (let n = 0; n < 100; n++) subject.failure("slow");
    expect(subject.closed).toBe(true);
  });

  it("probes ever less often while it is open, and closes at the first success", async () => {
    const { subject, probe, lines } = breaker();
    subject.open("gone");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(probe).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(probe.mock.calls.length).toBeLessThan(10);
    expect(lines).toHaveLength(1);
    probe.mockResolvedValue();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(subject.closed).toBe(true);
    expect(lines).toEqual(["It: off (gone); tiles are served without it", "It: working again"]);
  });

  it("probes at once when there is news, and never twice at a time", async () => {
    const { subject, probe } = breaker();
    let finish = () => {};
    probe.mockImplementation(() => new Promise<void>((resolve) => (finish = resolve)));
    subject.open("gone");
    subject.probeNow();
    subject.probeNow();
    expect(probe).toHaveBeenCalledTimes(1);
    finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(subject.closed).toBe(true);
    subject.probeNow();
    expect(probe).toHaveBeenCalledTimes(1);
  });

  it("leaves no timer behind when it is stopped", async () => {
    const { subject, probe } = breaker();
    subject.open("gone");
    subject.stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probe).not.toHaveBeenCalled();
  });
});
