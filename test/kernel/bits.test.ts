import { expect, it } from "vitest";
import { type PlaneType, planeBytes, planeView } from "../../src/core/dtype.ts";
import { interpret } from "../../src/formula/index.ts";
import { compileKernel } from "../../src/kernel/index.ts";
import { channel, checked, scopeOf } from "../formula/support.ts";
import { Arena } from "./arena.ts";
import { type RandomPlane, readerOf } from "./random-planes.ts";
import { runKernel } from "./run-kernel.ts";

const MOST = 2 ** 24;
const SCOPE = scopeOf([channel("a", "float32"), channel("b", "float32"), channel("flags", "uint16")]);

/** Whole numbers at the ends of what has bits, and what has none. */
const NUMBERS = [
  ...[0, -0, 1, -1, 2, 3, 8, 255, -256, 21824, 22280, 65535, -32768, 8388608, 8388609, 12345678, -12345678],
  ...[MOST, MOST - 1, -MOST, 1 - MOST, MOST + 2, -MOST - 2, 2 ** 31, -(2 ** 31), 2 ** 32, 1e30, 0.5, -2.5, 1e-40],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 24, 25, -24, -25],
];
const PAIRS = NUMBERS.flatMap((a) => NUMBERS.map((b) => [a, b] as const));

function plane(index: number, type: PlaneType, samples: readonly number[]): RandomPlane {
  const buffer = new ArrayBuffer(samples.length * planeBytes(type));
  planeView(type, buffer, 0, samples.length).set(samples);
  return {
    input: { channel: index, z: 0, t: 0, type, nodata: null },
    bytes: new Uint8Array(buffer),
    values: samples.map(Math.fround),
  };
}

const PLANES = [
  plane(
    0,
    "float32",
    PAIRS.map(([a]) => a),
  ),
  plane(
    1,
    "float32",
    PAIRS.map(([, b]) => b),
  ),
  plane(
    2,
    "uint16",
    PAIRS.map((_, index) => (index * 7919) % 65536),
  ),
];

/** What the kernel makes of all pairs. */
function calculated(text: string): Float32Array {
  const { outputs } = checked(text, SCOPE);
  const kernel = compileKernel({
    output: "float32",
    expressions: outputs,
    inputOf: (index) => {
      const found = PLANES[index];
      if (!found) throw new Error(`no plane ${index}`);
      return found.input;
    },
  });
  const [made] = runKernel(new Arena(), kernel, PLANES, PAIRS.length);
  if (!made) throw new Error("a number is one plane");
  return new Float32Array(Uint8Array.from(made).buffer);
}

it.each([
  "bitand(a, b)",
  "bitor(a, b)",
  "bitxor(a, b)",
  "shift(a, b)",
  "bit(a, b)",
  "shift(a, 3)",
  "shift(a, -24)",
  "bit(a, 24)",
  "bitand(flags, 4095)",
  "bitxor(flags, a)",
  "a // b",
  "flags // 7",
  "flags // b",
])("a kernel gives of %s what the interpreter gives, for every pair of edges", (text) => {
  const [output] = checked(text, SCOPE).outputs;
  const made = calculated(text);
  const expected = PAIRS.map((_, index) => (output && interpret(output, readerOf(PLANES, index))[0]) ?? 0);
  expect(Array.from(made)).toEqual(expected);
  expect(expected.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(50);
});

it.each([
  ["bitand(a, b)", (a, b) => a & b],
  ["bitor(a, b)", (a, b) => a | b],
  ["bitxor(a, b)", (a, b) => a ^ b],
] as const satisfies readonly (readonly [string, (a: number, b: number) => number])[])(
  "a kernel gives of %s what integers give",
  (text, exact) => {
    const hasBits = (x: number) => Number.isInteger(x) && Math.abs(x) <= MOST;
    const expected = PAIRS.map(([a, b]) => (hasBits(a) && hasBits(b) ? Math.fround(exact(a, b)) : Number.NaN));
    expect(Array.from(calculated(text))).toEqual(expected);
  },
);
