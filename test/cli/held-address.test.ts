import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HeldAddress } from "../../src/cli/serve/held-address.ts";

const HOLD_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const newHandle = () => ({ close: vi.fn() });

describe("an address that is held", () => {
  it("is nobody's before a server was ready", () => {
    const address = new HeldAddress(HOLD_MS);
    address.keep(undefined);
    expect(address.handle).toBeUndefined();
  });

  it("has one handle, that of the server that was ready last", () => {
    const address = new HeldAddress(HOLD_MS);
    const [first, second] = [newHandle(), newHandle()];
    address.keep(first);
    address.keep(second);
    expect(address.handle).toBe(second);
    expect([first, second].map(({ close }) => close.mock.calls.length)).toEqual([1, 0]);
  });

  it("is let go when no server was ready in time, counted from the first that was lost", () => {
    const address = new HeldAddress(HOLD_MS);
    const handle = newHandle();
    address.keep(handle);
    address.wait();
    vi.advanceTimersByTime(HOLD_MS - 1);
    address.wait();
    expect(address.handle).toBe(handle);
    vi.advanceTimersByTime(1);
    expect(address.handle).toBeUndefined();
    expect(handle.close).toHaveBeenCalledOnce();
  });

  it("is held as long again for the next server that is lost", () => {
    const address = new HeldAddress(HOLD_MS);
    address.keep(newHandle());
    address.wait();
    const handle = newHandle();
    address.keep(handle);
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(address.handle).toBe(handle);
    address.wait();
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(address.handle).toBe(handle);
    vi.advanceTimersByTime(1);
    expect(address.handle).toBeUndefined();
  });

  it("once released takes none of a server that is ready too late", () => {
    const address = new HeldAddress(HOLD_MS);
    const [held, late] = [newHandle(), newHandle()];
    address.keep(held);
    address.release();
    address.keep(late);
    expect(address.handle).toBeUndefined();
    expect([held, late].map(({ close }) => close.mock.calls.length)).toEqual([1, 1]);
  });
});
