import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlaneType, planeBytes, planeView } from "../../src/core/dtype.ts";
import { SLACK_BYTES } from "../../src/kernel/kernel.ts";
import { createPixelOps } from "../../src/kernel/pixel-ops.ts";
import { Arena } from "./arena.ts";

const arena = new Arena();
const ops = createPixelOps(arena.memory);

const sampleBytes = fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8);
const floatBytes = fc.constantFrom<2 | 4 | 8>(2, 4, 8);
const skew = fc.integer({ min: 0, max: 15 });

/** `size` bytes that follow from a seed: cheaper for fast-check than drawing each. */
function randomBytes(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed | 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Adds a little-endian number to another, byte by byte as by hand. */
function addSample(data: Uint8Array, at: number, bytes: number, other: number): void {
  let carry = 0;
  for (let k = 0; k < bytes; k++) {
    const sum = (data[at + k] ?? 0) + (data[other + k] ?? 0) + carry;
    data[at + k] = sum;
    carry = sum >> 8;
  }
}

function unpredict(data: Uint8Array, width: number, height: number, samples: number, bytes: number): void {
  for (let y = 0; y < height; y++) {
    for (let i = samples; i < width * samples; i++) {
      const at = (y * width * samples + i) * bytes;
      addSample(data, at, bytes, at - samples * bytes);
    }
  }
}

describe("unpredict", () => {
  it("adds to each sample the one a pixel to its left, for every sample size, count and width", () => {
    fc.assert(
      fc.property(
        sampleBytes,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        skew,
        (bytes, samples, width, height, seed, shift) => {
          arena.clear();
          const data = randomBytes(width * height * samples * bytes, seed);
          const at = arena.put(data, shift);
          unpredict(data, width, height, samples, bytes);
          ops.unpredict(at, width, height, samples, bytes);
          expect(Buffer.compare(arena.copy(at, data.length), data)).toBe(0);
          expect(arena.firstTouched(at + data.length, SLACK_BYTES)).toBeNull();
        },
      ),
      { numRuns: 200 },
    );
  });

  it("does nothing to empty rows", () => {
    arena.clear();
    const at = arena.reserve(16);
    for (const samples of [1, 3, 40]) ops.unpredict(at, 0, 5, samples, 2);
    expect(arena.firstTouched(at, 16)).toBeNull();
  });
});

describe("unpredictFloat", () => {
  it("sums the byte planes of a row and joins them to little-endian samples", () => {
    fc.assert(
      fc.property(
        floatBytes,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        (bytes, samples, width, height, seed) => {
          arena.clear();
          const rowSamples = width * samples;
          const data = randomBytes(rowSamples * height * bytes, seed);
          const from = arena.put(data);
          const to = arena.reserve(data.length);
          unpredict(data, width * bytes, height, samples, 1);
          const expected = new Uint8Array(data.length);
          for (let y = 0; y < height; y++) {
            for (let i = 0; i < rowSamples; i++) {
              for (let k = 0; k < bytes; k++) {
                const row = y * rowSamples * bytes;
                expected[row + i * bytes + (bytes - 1 - k)] = data[row + k * rowSamples + i] ?? 0;
              }
            }
          }
          ops.unpredictFloat(from, to, width, height, samples, bytes);
          expect(Buffer.compare(arena.copy(to, data.length), expected)).toBe(0);
          expect(arena.firstTouched(to + data.length, SLACK_BYTES)).toBeNull();
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("swap", () => {
  it("reverses the bytes of each sample and touches nothing behind the last", () => {
    fc.assert(
      fc.property(floatBytes, fc.integer({ min: 0, max: 100 }), fc.integer(), skew, (bytes, count, seed, shift) => {
        arena.clear();
        const data = randomBytes(count * bytes, seed);
        const at = arena.put(data, shift);
        ops.swap(at, count, bytes);
        const expected = data.map((_, i) => data[i - (i % bytes) + bytes - 1 - (i % bytes)] ?? 0);
        expect(Buffer.compare(arena.copy(at, data.length), expected)).toBe(0);
        expect(arena.firstTouched(at + data.length, SLACK_BYTES)).toBeNull();
      }),
    );
  });
});

describe("deinterleave", () => {
  it("spreads interleaved samples over planes, even when the planes touch each other", () => {
    fc.assert(
      fc.property(
        sampleBytes,
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer(),
        (bytes, samples, pixels, gap, seed) => {
          arena.clear();
          const data = randomBytes(pixels * samples * bytes, seed);
          const from = arena.put(data);
          const stride = pixels * bytes + gap;
          const to = arena.reserve(stride * samples);
          ops.deinterleave(from, to, pixels, samples, bytes, stride);
          for (let s = 0; s < samples; s++) {
            const expected = new Uint8Array(pixels * bytes);
            for (let i = 0; i < pixels * bytes; i++) {
              const pixel = Math.floor(i / bytes);
              expected[i] = data[(pixel * samples + s) * bytes + (i % bytes)] ?? 0;
            }
            expect(Buffer.compare(arena.copy(to + s * stride, expected.length), expected)).toBe(0);
            expect(arena.firstTouched(to + s * stride + pixels * bytes, gap)).toBeNull();
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("copyRect", () => {
  it("copies rows between different strides and leaves what lies between them", () => {
    arena.clear();
    const from = arena.put(randomBytes(7 * 20, 3));
    const to = arena.reserve(7 * 32);
    ops.copyRect(from + 2, 20, to + 5, 32, 11, 6);
    for (let row = 0; row < 6; row++) {
      expect(arena.copy(to + 5 + 32 * row, 11)).toEqual(arena.copy(from + 2 + 20 * row, 11));
      expect(arena.firstTouched(to + 16 + 32 * row, 16 + 5)).toBeNull();
    }
  });
});

describe("fill", () => {
  it("repeats a sample of any size exactly to the end", () => {
    fc.assert(
      fc.property(sampleBytes, fc.integer({ min: 0, max: 70 }), fc.integer(), skew, (bytes, count, seed, shift) => {
        arena.clear();
        const sample = randomBytes(bytes, seed);
        const pattern = arena.put(sample, 1);
        const at = arena.reserve(count * bytes, shift);
        ops.fill(at, count * bytes, pattern, bytes);
        expect(arena.copy(at, count * bytes)).toEqual(
          new Uint8Array(count * bytes).map((_, i) => sample[i % bytes] ?? 0),
        );
        expect(arena.firstTouched(at + count * bytes, SLACK_BYTES)).toBeNull();
      }),
    );
  });
});

describe("halfToFloat", () => {
  it("converts all 65,536 halves exactly, zeros, subnormals, infinities and NaN payloads included", () => {
    arena.clear();
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const from = arena.put(halves);
    const to = arena.reserve(4 * 65536);
    ops.halfToFloat(from, to, 65536);
    const floats = new Float32Array(arena.memory.buffer, to, 65536);
    const bits = new Uint32Array(arena.memory.buffer, to, 65536);
    for (let half = 0; half < 65536; half++) {
      const sign = half & 0x8000 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      if (exponent === 31) {
        expect(bits[half]).toBe((((half & 0x8000) << 16) | 0x7f800000 | (fraction << 13)) >>> 0);
        continue;
      }
      const value = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
      if (!Object.is(floats[half], sign * value)) expect(floats[half]).toBe(sign * value);
    }
  });
});

describe("unpackBits", () => {
  it("unpacks rows that end within a byte, most significant bit first", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer(),
        (width, height, seed) => {
          arena.clear();
          const rowBytes = Math.ceil(width / 8);
          const data = randomBytes(rowBytes * height, seed);
          const from = arena.put(data);
          const to = arena.reserve(width * height);
          ops.unpackBits(from, to, width, height);
          const expected = new Uint8Array(width * height).map((_, i) => {
            const x = i % width;
            const byte = data[Math.floor(i / width) * rowBytes + (x >> 3)] ?? 0;
            return (byte >> (7 - (x & 7))) & 1;
          });
          expect(Buffer.compare(arena.copy(to, expected.length), expected)).toBe(0);
          expect(arena.firstTouched(to + expected.length, SLACK_BYTES)).toBeNull();
        },
      ),
    );
  });
});

describe("halve", () => {
  const sample = fc.oneof(
    { weight: 6, arbitrary: fc.float({ noNaN: true }) },
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0),
  );

  it("averages valid samples in row order and float32, odd sides included", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 21 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(sample),
        (width, height, stream) => {
          arena.clear();
          const data = Float32Array.from({ length: width * height }, () => stream.next().value as number);
          const from = arena.put(data);
          const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
          const to = arena.reserve(columns * rows * 4);
          ops.halve(from, width, height, to);
          for (let y = 0; y < rows; y++) {
            for (let x = 0; x < columns; x++) {
              const valid: number[] = [];
              for (const [dy, dx] of [
                [0, 0],
                [0, 1],
                [1, 0],
                [1, 1],
              ] as const) {
                const [column, row] = [2 * x + dx, 2 * y + dy];
                const value = column < width && row < height ? (data[row * width + column] as number) : Number.NaN;
                if (!Number.isNaN(value)) valid.push(value);
              }
              const [first, ...others] = valid;
              const expected =
                first === undefined
                  ? Number.NaN
                  : Math.fround(others.reduce((sum, value) => Math.fround(sum + value), first) / valid.length);
              const actual = new Float32Array(arena.memory.buffer, to, columns * rows)[y * columns + x];
              expect(Object.is(actual, expected), `${width}×${height} at ${x}, ${y}: ${actual}, not ${expected}`).toBe(
                true,
              );
            }
          }
        },
      ),
    );
  });
});

describe("toFloat", () => {
  const planeType = fc.constantFrom<PlaneType>(
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "float32",
    "float64",
  );

  it("rounds once and makes samples equal to the nodata value NaN", () => {
    fc.assert(
      fc.property(planeType, fc.integer({ min: 1, max: 40 }), fc.integer(), fc.nat(), (type, count, seed, pick) => {
        arena.clear();
        const from = arena.put(randomBytes(count * planeBytes(type), seed));
        const to = arena.reserve(count * 4);
        const samples = planeView(type, arena.memory.buffer as ArrayBuffer, from, count);
        const nodata = samples[pick % count] ?? null;
        ops.toFloat(from, type, to, count, nodata);
        const bits = new Uint32Array(arena.memory.buffer, to, count);
        const expected = Float32Array.from(samples, (value) => (value === nodata ? Number.NaN : value));
        const expectedBits = new Uint32Array(expected.buffer);
        for (let i = 0; i < count; i++) {
          expect(bits[i]).toBe(Number.isNaN(expected[i]) ? 0x7fc00000 : expectedBits[i]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("lets a nodata value that the type cannot hold match nothing", () => {
    for (const nodata of [0.5, -1, 256, 1e300, Number.NaN, null]) {
      arena.clear();
      const from = arena.put(Uint8Array.of(0, 1, 255, 128));
      const to = arena.reserve(16);
      ops.toFloat(from, "uint8", to, 4, nodata);
      expect([...new Float32Array(arena.memory.buffer, to, 4)]).toEqual([0, 1, 255, 128]);
    }
  });

  it("compares a float plane's nodata after rounding it to float32", () => {
    arena.clear();
    const from = arena.put(Float32Array.of(0.1, 0.2, -3.4028234663852886e38, 1));
    const to = arena.reserve(16);
    ops.toFloat(from, "float32", to, 4, 0.1);
    expect([...new Float32Array(arena.memory.buffer, to, 4)]).toEqual([
      Number.NaN,
      Math.fround(0.2),
      -3.4028234663852886e38,
      1,
    ]);
  });
});
