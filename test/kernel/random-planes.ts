import { type PlaneType, planeBytes, planeTypeOf, planeView, valueRange } from "../../src/core/dtype.ts";
import type { FormulaScope, ReadChannel } from "../../src/formula/index.ts";
import { type KernelInput, nodataSample } from "../../src/kernel/index.ts";
import { generator } from "../formula/random-formula.ts";

/** One plane of samples as it lies in memory, and what is missing in it. */
export interface RandomPlane {
  readonly input: KernelInput;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Float32 value of each pixel by its own arithmetic: NaN where the sample is nodata. */
  readonly values: readonly number[];
}

const FLOATS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1,
  -1,
  0.5,
  2.5,
  255,
  1e-45,
  -1e-40,
  1e38,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  16777217,
  1e300,
];

/** A plane for every channel of a scope, full of the values at which arithmetic goes wrong. `seed` decides. */
export function randomPlanes(scope: FormulaScope, pixels: number, seed: number): readonly RandomPlane[] {
  const random = generator(seed);
  return scope.channels.map(({ dataType, nan }, channel) => {
    const stored = planeTypeOf(dataType);
    // A virtual level holds the means of its channel's samples.
    const virtual = random() < 0.15;
    const type: PlaneType = virtual ? "float32" : stored;
    const isFloat = type === "float32" || type === "float64";
    const [low, high] = valueRange(dataType);
    const nodata = nan && !virtual && random() < 0.7 ? pickNodata(type, low, high, random) : null;
    const sample = (): number => {
      const choice = random();
      if (nodata !== null && choice < 0.2) return nodata;
      if (virtual && !dataType.startsWith("float")) {
        return nan && choice < 0.3 ? Number.NaN : Math.min(high, Math.max(low, low + (high - low) * random()));
      }
      if (isFloat) {
        return choice < 0.5
          ? (FLOATS[Math.floor(random() * FLOATS.length)] ?? 0)
          : (random() - 0.5) * 10 ** (random() * 6);
      }
      if (choice < 0.5) return [low, high, 0, Math.min(1, high)][Math.floor(random() * 4)] ?? 0;
      return Math.max(low, Math.min(high, Math.floor(low + (high - low + 1) * random())));
    };
    const buffer = new ArrayBuffer(pixels * planeBytes(type));
    const view = planeView(type, buffer, 0, pixels);
    for (let index = 0; index < pixels; index++) view[index] = sample();
    const missing = nodataSample(type, nodata);
    const values = Array.from(view, (value) => (value === missing ? Number.NaN : Math.fround(value)));
    return { input: { channel, z: 0, t: 0, type, nodata }, bytes: new Uint8Array(buffer), values };
  });
}

function pickNodata(type: PlaneType, low: number, high: number, random: () => number): number {
  if (type === "float32" || type === "float64") return [-9999, 0, 1e300, Number.NaN][Math.floor(random() * 4)] ?? 0;
  // The last two equal no sample of an integer type.
  return [low, high, 0, 0.5, 1e12][Math.floor(random() * 5)] ?? 0;
}

/** Reads pixel `index` of the planes, as `interpret` asks for it. */
export function readerOf(planes: readonly RandomPlane[], index: number): ReadChannel {
  return (channel) => planes[channel]?.values[index] ?? Number.NaN;
}
