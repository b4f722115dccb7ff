import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sortFloats } from "../../src/render/sort-floats.ts";

describe("sorting float32 values", () => {
  it("orders as typed arrays do: −0 before 0, infinities at the ends, NaN last", () => {
    fc.assert(
      fc.property(fc.array(fc.float(), { maxLength: 300 }), (list) => {
        const sorted = Float32Array.from(list);
        sortFloats(sorted);
        expect([...sorted]).toEqual([...Float32Array.from(list).sort()]);
      }),
    );
  });

  it("sorts a part of a larger array, and leaves the rest alone", () => {
    const all = Float32Array.of(9, 3, -2, 1, 0);
    sortFloats(all.subarray(1, 4));
    expect([...all]).toEqual([9, -2, 1, 3, 0]);
  });

  it("takes a NaN with its sign set for NaN", () => {
    const values = new Float32Array(Uint32Array.of(0xffc00001, 0x3f800000, 0xff800000).buffer);
    sortFloats(values);
    expect([...values]).toEqual([Number.NEGATIVE_INFINITY, 1, Number.NaN]);
  });
});
