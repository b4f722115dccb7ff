import { describe, expect, it } from "vitest";
import { neighbourhood, rendezvous } from "../../src/plan/index.ts";

const names = Array.from({ length: 4000 }, (_, index) =>
  neighbourhood("revision", 2, (index % 50) * 2, Math.floor(index / 50) * 2),
);

describe("worker affinity", () => {
  it("spreads neighbourhoods evenly", () => {
    const counts = new Array<number>(8).fill(0);
    for (const name of names) {
      const worker = rendezvous(name, 8);
      counts[worker] = (counts[worker] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(120);
  });

  it("moves only what a new worker takes", () => {
    for (const name of names) {
      const before = rendezvous(name, 4);
      const after = rendezvous(name, 5);
      expect([before, 4]).toContain(after);
    }
  });

  it("is the same for neighbouring chunks and the same every time", () => {
    expect(neighbourhood("r", 0, 4, 6)).toBe(neighbourhood("r", 0, 5, 7));
    expect(neighbourhood("r", 0, 4, 6)).not.toBe(neighbourhood("r", 0, 6, 6));
    expect(names.map((name) => rendezvous(name, 3))).toEqual(names.map((name) => rendezvous(name, 3)));
  });
});
