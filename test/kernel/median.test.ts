import { describe, expect, it } from "vitest";
import { createPixelOps, SLACK_BYTES, TAP_BYTES } from "../../src/kernel/index.ts";
import { generator } from "../formula/random-formula.ts";
import { Arena } from "./arena.ts";

const WIDTH = 37;

/** Values that repeat, of both signs, zeros of both signs among them. */
function planeOf(count: number, seed: number): Float32Array {
  const random = generator(seed);
  const few = [0, -0, 1, -1, 5, 5, -7.5, 1e30, -1e30];
  return Float32Array.from({ length: count }, () =>
    random() < 0.5 ? (few[Math.floor(random() * few.length)] ?? 0) : random() * 200 - 100,
  );
}

describe.each([1, 2, 3, 4])("medians of squares of radius %i", (radius) => {
  const side = 2 * radius + 1;
  const stride = WIDTH + 2 * radius;
  const taps = Array.from({ length: side * side }, (_, tap) => [tap % side, Math.floor(tap / side)] as const);

  function run(plane: Float32Array): { readonly odd: number; readonly medians: Float32Array } {
    const arena = new Arena();
    const pixels = createPixelOps(arena.memory);
    const from = arena.reserve(plane.byteLength + SLACK_BYTES);
    new Float32Array(arena.memory.buffer, from, plane.length).set(plane);
    const to = arena.reserve(WIDTH * 4 + SLACK_BYTES);
    const list = arena.reserve(taps.length * TAP_BYTES);
    const view = new DataView(arena.memory.buffer);
    for (const [tap, [dx, dy]] of taps.entries())
      view.setInt32(list + tap * TAP_BYTES, ((dy - radius) * stride + dx - radius) * 4, true);
    const centre = from + (radius * stride + radius) * 4;
    const odd = pixels.median(centre, to, WIDTH, list, taps.length);
    return { odd, medians: new Float32Array(arena.memory.buffer, to, WIDTH).slice() };
  }

  it("are the middle ones of the sorted values, with one zero only", () => {
    for (let seed = 1; seed <= 40; seed++) {
      // What lies behind the last row is read too, and counts for nothing but the mark.
      const plane = planeOf(stride * side + 8, seed);
      const { odd, medians } = run(plane);
      const expected = Float32Array.from({ length: WIDTH }, (_, x) => {
        const values = Float32Array.from(taps, ([dx, dy]) => plane[dy * stride + x + dx] ?? 0).sort();
        return (values[(values.length - 1) / 2] ?? 0) + 0;
      });
      expect(odd).toBe(0);
      expect(Buffer.from(medians.buffer).toString("hex")).toBe(Buffer.from(expected.buffer).toString("hex"));
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("are marked where one of the values is %d", (hole) => {
    const plane = planeOf(stride * side + 8, 5);
    plane[stride + 2] = hole;
    expect(run(plane).odd).not.toBe(0);
  });
});
