import { describe, expect, it } from "vitest";
import { MemoryTier } from "../../src/cache/memory.ts";
import { keyOf, tileOf } from "./support.ts";

describe("the memory tier", () => {
  it("never holds more bytes than it may, and drops what was used least recently", () => {
    const memory = new MemoryTier(100_000);
    for (let n = 0; n < 40; n++) {
      memory.set(keyOf(n), tileOf(n, 5_000));
      memory.get(keyOf(0));
      expect(memory.stats().bytes).toBeLessThanOrEqual(100_000);
    }
    expect(memory.get(keyOf(0))?.bytes).toEqual(tileOf(0, 5_000).bytes);
    expect(memory.get(keyOf(1))).toBeNull();
    expect(memory.get(keyOf(39))).not.toBeNull();
  });

  it("does not let one huge picture drive out the others", () => {
    const memory = new MemoryTier(100_000);
    memory.set(keyOf("small"), tileOf("small", 1_000));
    memory.set(keyOf("huge"), tileOf("huge", 50_000));
    expect(memory.get(keyOf("huge"))).toBeNull();
    expect(memory.get(keyOf("small"))).not.toBeNull();
  });

  it("copies a view of a much larger buffer, so that the larger one can be freed", () => {
    const memory = new MemoryTier(1_000_000);
    const large = new Uint8Array(500_000).fill(7);
    memory.set(keyOf("view"), { bytes: large.subarray(10, 30) });
    const kept = memory.get(keyOf("view"));
    expect(kept?.bytes).toEqual(new Uint8Array(20).fill(7));
    expect(kept?.bytes.buffer.byteLength).toBe(20);
  });

  it("keeps nothing when its size is 0", () => {
    const memory = new MemoryTier(0);
    memory.set(keyOf("a"), tileOf("a"));
    expect(memory.get(keyOf("a"))).toBeNull();
    expect(memory.stats()).toMatchObject({ entries: 0, bytes: 0, maxBytes: 0, healthy: true });
  });
});
