import { describe, expect, it } from "vitest";
import { kernelParameters, writeParameters } from "../../src/kernel/index.ts";
import { parameterLayout } from "../../src/kernel/parameters.ts";

const kernel = {
  shape: "",
  output: "float32",
  planes: 2,
  inputs: [
    { channel: 0, z: 0, t: 0, type: "uint8", nodata: null },
    { channel: 1, z: 0, t: 0, type: "float64", nodata: -9999 },
    { channel: 2, z: 0, t: 0, type: "uint16", nodata: 65535 },
  ],
  stages: [],
  tables: [{ id: "a", values: new Float32Array(4) }],
  constants: Float32Array.of(1.5, -2),
} as const;

describe("the parameter block", () => {
  it("holds pointers of 4 bytes, then nodata at a multiple of 8, then constants of 4", () => {
    for (const [counts, layout] of [
      [
        { planes: 1, inputs: 1, tables: 0, nodata: 1, constants: 2 },
        { outputs: 0, inputs: 4, tables: 8, nodata: 8, constants: 16, size: 24 },
      ],
      [
        { planes: 1, inputs: 3, tables: 3, nodata: 2, constants: 1 },
        { outputs: 0, inputs: 4, tables: 16, nodata: 32, constants: 48, size: 52 },
      ],
      [
        { planes: 1, inputs: 0, tables: 0, nodata: 0, constants: 0 },
        { outputs: 0, inputs: 4, tables: 4, nodata: 8, constants: 8, size: 8 },
      ],
    ] as const) {
      expect(parameterLayout(counts)).toEqual(layout);
    }
  });

  it("is as large as the kernel's own lists say", () => {
    expect(kernelParameters(kernel)).toEqual({
      outputs: 0,
      inputs: 8,
      tables: 20,
      nodata: 24,
      constants: 40,
      size: 48,
    });
  });

  it("is written where it stands, and nowhere else", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    writeParameters(memory, 64, kernel, { outputs: [160, 320], inputs: [480, 640, 800], tables: [960] });
    expect([...new Int32Array(memory.buffer, 64, 6)]).toEqual([160, 320, 480, 640, 800, 960]);
    expect([...new Float64Array(memory.buffer, 64 + 24, 2)]).toEqual([-9999, 65535]);
    expect([...new Float32Array(memory.buffer, 64 + 40, 2)]).toEqual([1.5, -2]);
    expect(bytes.subarray(0, 64).every((byte) => byte === 0xa5)).toBe(true);
    expect(bytes.subarray(64 + 48, 256).every((byte) => byte === 0xa5)).toBe(true);
  });
});
