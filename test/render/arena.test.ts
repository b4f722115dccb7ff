import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SLACK_BYTES } from "../../src/kernel/kernel.ts";
import { Arena } from "../../src/render/worker/arena.ts";
import { ChunkCache } from "../../src/render/worker/chunk-cache.ts";

const PAGE = 65536;
const MAX = 64 * PAGE;

/** What a block may have beyond what was asked for, bytes: it is aligned, and takes the rest where that is too little for another one. */
const ROUNDING = 16 + 256;

/** The most bytes that lie beside each other in no block. */
function widestGap(blocks: readonly { readonly start: number; readonly end: number }[]): number {
  const inOrder = blocks.toSorted((a, b) => a.start - b.start);
  return Math.max(...[...inOrder, { start: MAX }].map(({ start }, index) => start - (inOrder[index - 1]?.end ?? PAGE)));
}

function arena(maxBytes = MAX): Arena {
  return new Arena(new WebAssembly.Memory({ initial: 1 }), maxBytes, PAGE);
}

describe("the arena", () => {
  it("gives aligned blocks that never overlap, slack included, and stays within its bound", () => {
    const step = fc.oneof(
      fc.record({ allocate: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({ release: fc.nat(1000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = arena();
        const blocks: { start: number; end: number }[] = [];
        for (const act of steps) {
          if ("release" in act) {
            const [block] = blocks.splice(act.release % (blocks.length || 1), 1);
            if (block) memory.release(block.start);
            continue;
          }
          let start: number;
          try {
            start = memory.allocate(act.allocate);
          } catch {
            // Full: between the blocks that are out there is no room for it.
            expect(widestGap(blocks)).toBeLessThan(act.allocate + SLACK_BYTES + ROUNDING);
            continue;
          }
          const end = start + act.allocate + SLACK_BYTES;
          expect(start % 16).toBe(0);
          expect(start).toBeGreaterThanOrEqual(PAGE);
          expect(end).toBeLessThanOrEqual(memory.memory.buffer.byteLength);
          for (const block of blocks) expect(start >= block.end || end <= block.start).toBe(true);
          blocks.push({ start, end });
          expect(memory.memory.buffer.byteLength).toBeLessThanOrEqual(MAX);
        }
        for (const { start } of blocks) memory.release(start);
        expect(memory.usedBytes).toBe(0);
        // Everything has merged again: one block of nearly the whole bound fits.
        memory.allocate(MAX - PAGE - SLACK_BYTES);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses what does not fit with an error for clients, and goes on", () => {
    const memory = arena();
    expect(() => memory.allocate(MAX)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
    expect(memory.allocate(1000)).toBeGreaterThan(0);
  });

  it("frees the blocks of a scope at its end, also when the work throws", () => {
    const memory = arena();
    expect(() => {
      using scope = memory.scope();
      scope.allocate(1000);
      throw new Error("work failed");
    }).toThrow("work failed");
    expect(memory.usedBytes).toBe(0);
  });

  it("knows a block that is released twice", () => {
    const memory = arena();
    const block = memory.allocate(10);
    memory.release(block);
    expect(() => memory.release(block)).toThrow(/no block/);
  });
});

describe("the cache of decoded chunks", () => {
  const chunkOf = (memory: Arena, key: string, bytes: number) => ({
    key,
    place: key,
    address: memory.allocate(bytes),
    bytes,
    width: bytes,
    height: 1,
    type: "uint8" as const,
  });

  it("stays within its bytes and drops the least recently used first", () => {
    const memory = arena();
    const cache = new ChunkCache(memory, 3000);
    for (const key of ["a", "b", "c"]) cache.unpin(cache.insert(chunkOf(memory, key, 1000)));
    const a = cache.pin("a");
    if (a) cache.unpin(a);
    cache.unpin(cache.insert(chunkOf(memory, "d", 1000)));
    expect(["a", "b", "c", "d"].filter((key) => cache.has(key))).toEqual(["a", "c", "d"]);
    expect(cache.bytes).toBe(3000);
  });

  it("never drops a pinned chunk, and a wanted one only when the memory is full", () => {
    const memory = arena(8 * PAGE);
    const cache = new ChunkCache(memory, 1000);
    const pinned = cache.insert(chunkOf(memory, "pinned", 1000));
    cache.want("wanted");
    cache.unpin(cache.insert(chunkOf(memory, "wanted", 1000)));
    cache.unpin(cache.insert(chunkOf(memory, "plain", 1000)));
    cache.unpin(cache.insert(chunkOf(memory, "last", 1000)));
    expect(["pinned", "wanted", "plain"].filter((key) => cache.has(key))).toEqual(["pinned", "wanted"]);
    memory.allocate(7 * PAGE - 3000);
    expect(["pinned", "wanted"].filter((key) => cache.has(key))).toEqual(["pinned"]);
    cache.unpin(pinned);
  });

  it("gives memory back when the arena needs it", () => {
    const memory = arena(8 * PAGE);
    const cache = new ChunkCache(memory, 100 * PAGE);
    for (let index = 0; index < 6; index++) cache.unpin(cache.insert(chunkOf(memory, `chunk ${index}`, PAGE)));
    memory.allocate(5 * PAGE);
    expect(cache.bytes).toBeLessThan(3 * PAGE);
  });

  it("keeps the first of two equal chunks that were decoded side by side", () => {
    const memory = arena();
    const cache = new ChunkCache(memory, 10_000);
    const first = cache.insert(chunkOf(memory, "same", 1000));
    const used = memory.usedBytes;
    const second = cache.insert(chunkOf(memory, "same", 1000));
    expect(second.address).toBe(first.address);
    expect(memory.usedBytes).toBe(used);
  });

  it("forgets the chunks of one image", () => {
    const memory = arena();
    const cache = new ChunkCache(memory, 10_000);
    for (const key of ["i1/s0/0/0", "i10/s0/0/0"]) cache.unpin(cache.insert(chunkOf(memory, key, 100)));
    cache.forget("i1/");
    expect([cache.has("i1/s0/0/0"), cache.has("i10/s0/0/0")]).toEqual([false, true]);
  });
});
