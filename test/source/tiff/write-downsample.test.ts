import { describe, expect, it } from "vitest";
import { type Halving, halve, type Samples } from "../../../src/source/tiff/write-downsample.ts";

/** Halves rows of samples into new ones. */
function halved(rows: readonly (readonly number[])[], target: Samples, halving: Halving): number[] {
  const width = rows[0]?.length ?? 0;
  const Type = target.constructor as new (values: readonly number[]) => Samples;
  const from = { samples: new Type(rows.flat()), origin: 0, stride: width };
  halve(from, width, rows.length, { samples: target, origin: 0, stride: Math.ceil(width / 2) }, halving);
  return [...target];
}

const MEAN = { method: "mean", nodata: null } as const;

describe("a mean of 2 × 2", () => {
  it("rounds halves up, below zero too", () => {
    const rows = [
      [1, 2, -1, -2],
      [1, 2, -1, -2],
    ];
    expect(halved(rows, new Int8Array(2), { type: "int8", ...MEAN })).toEqual([2, -1]);
  });

  it("does not overflow where four samples together do", () => {
    const most = 2 ** 32 - 1;
    const rows = [
      [most, most],
      [most, most - 3],
    ];
    expect(halved(rows, new Uint32Array(1), { type: "uint32", ...MEAN })).toEqual([most - 1]);
  });

  it("is of the samples that exist at an odd edge", () => {
    expect(halved([[10, 20, 31]], new Uint16Array(2), { type: "uint16", ...MEAN })).toEqual([15, 31]);
  });

  it("leaves out NaN and no data, and is no data only where all four are", () => {
    const rows = [
      [Number.NaN, 2, Number.NaN, -9999],
      [-9999, 5, Number.NaN, Number.NaN],
    ];
    expect(halved(rows, new Float64Array(2), { type: "float64", method: "mean", nodata: -9999 })).toEqual([3.5, -9999]);
    expect(halved([[Number.NaN]], new Float32Array(1), { type: "float32", ...MEAN })).toEqual([Number.NaN]);
  });

  it("never reads as no data where there is some", () => {
    expect(halved([[1, 3]], new Uint8Array(1), { type: "uint8", method: "mean", nodata: 2 })).toEqual([3]);
    expect(halved([[1, 3]], new Float32Array(1), { type: "float32", method: "mean", nodata: 2 })).toEqual([3]);
  });

  it("adds single precision in single precision", () => {
    const rows = [
      [16777216, 1],
      [1, 1],
    ];
    expect(halved(rows, new Float32Array(1), { type: "float32", ...MEAN })).toEqual([16777216 / 4]);
    expect(halved(rows, new Float64Array(1), { type: "float64", ...MEAN })).toEqual([16777219 / 4]);
  });
});

describe("the nearest of 2 × 2", () => {
  it("is its top left sample, a label that exists", () => {
    const rows = [
      [7, 1, 9],
      [1, 1, 1],
      [5, 1, 6],
    ];
    const halving: Halving = { type: "uint32", method: "nearest", nodata: 7 };
    expect(halved(rows, new Uint32Array(4), halving)).toEqual([7, 9, 5, 6]);
  });
});
