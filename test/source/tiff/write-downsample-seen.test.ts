import { describe, expect, it } from "vitest";
import type { Halving, Samples } from "../../../src/source/tiff/write-downsample.ts";
import { halveOpacity, halveSeen } from "../../../src/source/tiff/write-downsample-seen.ts";

const MEAN = { type: "uint8", method: "mean", nodata: null } as const;

function placed(rows: readonly (readonly number[])[], like: Samples) {
  const Type = like.constructor as new (values: readonly number[]) => Samples;
  return { samples: new Type(rows.flat()), origin: 0, stride: rows[0]?.length ?? 0 };
}

type Rows = readonly (readonly number[])[];

/** Halves rows under an opacity into one row. */
function seen(rows: Rows, opacity: Rows, target: Samples, halving: Halving): number[] {
  const width = rows[0]?.length ?? 0;
  const to = { samples: target, origin: 0, stride: target.length };
  halveSeen(placed(rows, target), placed(opacity, target), width, rows.length, to, halving);
  return [...target];
}

describe("a mean under an opacity", () => {
  it("is of the samples that are seen, however little, and rounds halves up", () => {
    const rows = [
      [10, 90, 5, 7],
      [21, 90, 6, 8],
    ];
    const opacity = [
      [1, 0, 255, 255],
      [255, 0, 255, 0],
    ];
    expect(seen(rows, opacity, new Uint8Array(2), MEAN)).toEqual([16, 6]);
  });

  it("is the top left sample where none is seen", () => {
    expect(seen([[7, 9]], [[0, 0]], new Uint8Array(1), MEAN)).toEqual([7]);
  });

  it("is no data where all that is seen is, and never by rounding", () => {
    const halving = { ...MEAN, nodata: 6 };
    expect(seen([[6, 9]], [[1, 0]], new Uint8Array(1), halving)).toEqual([6]);
    expect(seen([[5, 7]], [[1, 1]], new Uint8Array(1), halving)).toEqual([7]);
    expect(seen([[6, 9]], [[1, 1]], new Uint8Array(1), halving)).toEqual([9]);
  });

  it("of floats leaves out NaN, and is it where nothing else is seen", () => {
    const halving = { ...MEAN, type: "float32" } as const;
    const rows = [[1.5, Number.NaN, 8, Number.NaN]];
    expect(seen(rows, [[1, 1, 0, 1]], new Float32Array(2), halving)).toEqual([1.5, Number.NaN]);
  });

  it("is of what there is at an odd edge", () => {
    expect(seen([[10, 20, 31]], [[1, 1, 1]], new Uint8Array(2), MEAN)).toEqual([15, 31]);
  });

  it("is no mean of codes: the top left one stays, seen or not", () => {
    expect(seen([[7, 9]], [[0, 1]], new Uint8Array(1), { ...MEAN, method: "nearest" })).toEqual([7]);
  });
});

describe("an opacity", () => {
  it("is halved as a mean, and is never nothing where something is seen", () => {
    const rows = [
      [0, 1, 0, 0, 255],
      [0, 0, 0, 0, 0],
    ];
    const target = new Uint8Array(3);
    halveOpacity(placed(rows, target), 5, 2, { samples: target, origin: 0, stride: 3 }, MEAN);
    expect([...target]).toEqual([1, 0, 128]);
  });

  it("of codes is that of the code which is taken", () => {
    const target = new Uint8Array(1);
    const halving = { ...MEAN, method: "nearest" } as const;
    halveOpacity(placed([[0, 255]], target), 2, 1, { samples: target, origin: 0, stride: 1 }, halving);
    expect([...target]).toEqual([0]);
  });
});
