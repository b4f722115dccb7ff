import { describe, expect, it } from "vitest";
import { createPixelOps } from "../../src/kernel/index.ts";
import { takeNearest } from "../../src/render/worker/nearest.ts";

const memory = new WebAssembly.Memory({ initial: 1 });
const pixels = createPixelOps(memory);

function halved(rows: readonly (readonly number[])[]): readonly number[] {
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  new Float32Array(memory.buffer, 1024, width * height).set(rows.flat());
  takeNearest(pixels, 1024, width, height, 4096);
  return [...new Float32Array(memory.buffer, 4096, Math.ceil(width / 2) * Math.ceil(height / 2))];
}

const N = Number.NaN;

describe("a coarser level of codes", () => {
  it("takes the top left of each four", () => {
    expect(
      halved([
        [11, 21, 41],
        [42, 82, 90],
        [7, 8, 9],
      ]),
    ).toEqual([11, 41, 7, 9]);
  });

  it("takes another where that is no data, and none where all are", () => {
    expect(
      halved([
        [N, 21, N, N, N, N],
        [42, 82, 5, 6, N, N],
      ]),
    ).toEqual([21, 5, N]);
    expect(halved([[N], [3]])).toEqual([3]);
  });
});
