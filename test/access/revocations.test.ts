import { describe, expect, it, onTestFinished } from "vitest";
import { Revocations, revoke } from "../../src/access/revocations.ts";
import type { StateStore } from "../../src/state/index.ts";

const GRANT = "0123456789abcdef";
const OTHER = "fedcba9876543210";
const NOW = 1_800_000_000;
const HOUR = 3_600;

/** In memory; `away`: it does not answer. */
function memoryState() {
  const rows = new Map<string, string>();
  const control = { rows, away: false };
  const answer = async <T>(work: () => T): Promise<T> => {
    if (control.away) throw new Error("away");
    return work();
  };
  const state: StateStore = {
    all: () => answer(() => [...rows]),
    get: (_, key) => answer(() => rows.get(key) ?? null),
    many: (_, keys) => answer(() => keys.map((key) => rows.get(key) ?? null)),
    put: (_, key, value) => answer(() => void rows.set(key, value)),
    remove: (_, key) => answer(() => rows.delete(key)),
    clear: () => answer(() => rows.clear()),
    count: () => answer(() => rows.size),
    takeLoss: async () => false,
    close: async () => {},
  };
  return { state, control };
}

async function open(state: StateStore | null, log: (line: string) => void = () => {}): Promise<Revocations> {
  const revocations = await Revocations.open(state, log, () => NOW * 1000);
  onTestFinished(() => revocations.close());
  return revocations;
}

describe("links that were withdrawn", () => {
  it("are known at the start, and noticed by every server", async () => {
    const { state } = memoryState();
    await revoke(state, GRANT, NOW + HOUR);
    const [here, there] = [await open(state), await open(state)];
    expect([here.isRevoked(GRANT), here.isRevoked(OTHER), here.isKnown]).toEqual([true, false, true]);
    const before = here.count;
    await revoke(state, OTHER, null);
    await expect.poll(() => here.isRevoked(OTHER) && there.isRevoked(OTHER)).toBe(true);
    expect(here.count).toBe(before + 1);
  });

  it("are none where nothing is shared in which they could be told of", async () => {
    const revocations = await open(null);
    expect([revocations.isRevoked(GRANT), revocations.isKnown]).toEqual([false, true]);
  });

  it("may be all of them while nothing is known; then the store answers", async () => {
    const { state, control } = memoryState();
    const lines: string[] = [];
    control.away = true;
    const revocations = await open(state, (line) => lines.push(line));
    expect([revocations.isRevoked(GRANT), revocations.isKnown, lines]).toEqual([
      ...[true, false],
      [expect.stringContaining("is not known")],
    ]);
    control.away = false;
    await expect.poll(() => revocations.isRevoked(GRANT)).toBe(false);
  });

  it("stay known while the store does not answer", async () => {
    const { state, control } = memoryState();
    await revoke(state, GRANT, null);
    const revocations = await open(state);
    let asked = 0;
    const get = state.get;
    state.get = (...args) => {
      asked++;
      return get(...args);
    };
    control.away = true;
    await expect.poll(() => asked).toBeGreaterThan(1);
    expect([revocations.isRevoked(GRANT), revocations.isRevoked(OTHER)]).toEqual([true, false]);
  });

  it("are written again where the store has lost them, also when one was withdrawn since", async () => {
    const { state, control } = memoryState();
    await revoke(state, GRANT, NOW + HOUR);
    const revocations = await open(state);
    control.rows.clear();
    await expect.poll(() => control.rows.get(GRANT)).toBe(String(NOW + HOUR));
    control.rows.clear();
    await revoke(state, OTHER, null);
    await expect.poll(() => control.rows.get(GRANT)).toBe(String(NOW + HOUR));
    await expect.poll(() => revocations.isRevoked(OTHER)).toBe(true);
    expect(revocations.isRevoked(GRANT)).toBe(true);
  });

  it("are told apart from the mark of the last change, whatever that looks like", async () => {
    const { state, control } = memoryState();
    control.rows.set("changed", "0000000000000012");
    const revocations = await open(state);
    expect([control.rows.has("changed"), revocations.isRevoked("changed")]).toEqual([true, false]);
  });

  it("are forgotten an hour after the last of them has ended", async () => {
    const { state, control } = memoryState();
    await revoke(state, GRANT, NOW - HOUR - 1);
    await revoke(state, OTHER, NOW - HOUR + 1);
    await revoke(state, "00000000000000ff", null);
    const revocations = await open(state);
    expect([...control.rows.keys()].sort()).toEqual(["00000000000000ff", "changed", OTHER].sort());
    expect([GRANT, OTHER, "00000000000000ff"].map((one) => revocations.isRevoked(one))).toEqual([false, true, true]);
  });
});
