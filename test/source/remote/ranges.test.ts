import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_BYTES, blocksOf, bytesOfRun, cut, runsOf } from "../../../src/source/remote/ranges.ts";

const MIB = 2 ** 20;
const blocks = fc
  .uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 })
  .map((found) => found.sort((a, b) => a - b));

describe("ranges as blocks", () => {
  it("are the blocks that hold their bytes, each once", () => {
    expect(blocksOf([])).toEqual([]);
    expect(blocksOf([{ offset: 0, length: 1 }])).toEqual([0]);
    expect(blocksOf([{ offset: BLOCK_BYTES - 1, length: 2 }])).toEqual([0, 1]);
    expect(blocksOf([{ offset: BLOCK_BYTES, length: BLOCK_BYTES }])).toEqual([1]);
    expect(blocksOf([{ offset: BLOCK_BYTES + 5, length: 0 }])).toEqual([]);
    expect(
      blocksOf([
        { offset: 3 * BLOCK_BYTES, length: 9 },
        { offset: 10, length: BLOCK_BYTES },
        { offset: 3 * BLOCK_BYTES + 9, length: 9 },
      ]),
    ).toEqual([0, 1, 3]);
  });

  it("are cut out of them byte by byte", () => {
    const bytes = Uint8Array.from({ length: 3 * BLOCK_BYTES + 100 }, (_, index) => (index * 31) >> 3);
    const known = new Map(
      [0, 1, 2, 3].map((block) => [block, bytes.slice(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)]),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(bytes.length), (a, b) => {
        const [offset, end] = [Math.min(a, b), Math.max(a, b)];
        expect(Buffer.compare(cut({ offset, length: end - offset }, known), bytes.subarray(offset, end))).toBe(0);
      }),
    );
  });
});

describe("requests for blocks", () => {
  it("cover every block once, and nothing beyond the last", () => {
    fc.assert(
      fc.property(blocks, (wanted) => {
        const runs = runsOf(wanted);
        for (const block of wanted)
          expect(runs.filter(({ first, last }) => first <= block && block <= last)).toHaveLength(1);
        for (const { first, last } of runs)
          expect([wanted.includes(first), wanted.includes(last)]).toEqual([true, true]);
      }),
    );
  });

  it("are no longer than 8 MiB, and join what is no more than 64 KiB apart", () => {
    fc.assert(
      fc.property(blocks, (wanted) => {
        const runs = runsOf(wanted);
        runs.forEach(({ first, last }, index) => {
          expect((last - first + 1) * BLOCK_BYTES).toBeLessThanOrEqual(8 * MIB);
          const next = runs[index + 1];
          if (!next) return;
          const gap = (next.first - last - 1) * BLOCK_BYTES;
          const isFull = (next.first - first + 1) * BLOCK_BYTES > 8 * MIB;
          expect(gap > 64 * 1024 || isFull).toBe(true);
        });
      }),
    );
    expect(runsOf([0, 5])).toEqual([{ first: 0, last: 5 }]);
    expect(runsOf([0, 6])).toHaveLength(2);
  });

  it("end where the blob ends", () => {
    expect(bytesOfRun({ first: 1, last: 2 }, 2 * BLOCK_BYTES + 7)).toEqual({
      offset: BLOCK_BYTES,
      length: BLOCK_BYTES + 7,
    });
    expect(bytesOfRun({ first: 1, last: 1 }, 9 * BLOCK_BYTES)).toEqual({ offset: BLOCK_BYTES, length: BLOCK_BYTES });
  });
});
