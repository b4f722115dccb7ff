import { constants, deflateRawSync, deflateSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPixelOps, INFLATE_TOO_LONG, INFLATE_WORK_BYTES, SLACK_BYTES } from "../../src/kernel/index.ts";
import { effort } from "../fixtures/effort.ts";

const memory = new WebAssembly.Memory({ initial: 64 });
const ops = createPixelOps(memory);
const WORK = 1024;
const FROM = 2 ** 17;
const TO = 2 ** 21;
const GUARD = 0x5a;
const DAMAGED = effort(800, 4000);

/** What the loop makes of a stream: its bytes, or the number that stands for a refusal. Nothing around its memory may change. */
function inflate(stream: Uint8Array, capacity: number): Uint8Array | number {
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(GUARD, TO - 64, TO + capacity + SLACK_BYTES + 64);
  bytes.fill(GUARD, WORK + INFLATE_WORK_BYTES, WORK + INFLATE_WORK_BYTES + 64);
  bytes.set(stream, FROM);
  const written = ops.inflate(FROM, stream.length, TO, capacity, WORK);
  const untouched = (from: number) => bytes.subarray(from, from + 64).every((byte) => byte === GUARD);
  expect([TO - 64, TO + capacity + SLACK_BYTES, WORK + INFLATE_WORK_BYTES].every(untouched)).toBe(true);
  if (written < 0) return written;
  expect(written).toBeLessThanOrEqual(capacity);
  return bytes.slice(TO, TO + written);
}

/** Data of every kind that pixels are: noise of few and of many values, runs, short periods, and nothing. */
const samples = fc
  .record({
    length: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 70_000 })),
    values: fc.constantFrom(1, 2, 5, 19, 90, 256),
    period: fc.constantFrom(0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 300, 32_768),
    seed: fc.integer(),
  })
  .map(({ length, values, period, seed }) => {
    const data = new Uint8Array(length);
    let state = seed | 1;
    for (let at = 0; at < length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      const fresh = Math.floor((((state >>> 8) & 0xffff) / 65_536) * values);
      data[at] = period > 0 && at >= period && (state >>> 28) % 16 !== 0 ? (data[at - period] ?? 0) : fresh;
    }
    return data;
  });

const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});

function zlibVerdict(stream: Uint8Array, capacity: number): Uint8Array | "refused" {
  try {
    return inflateRawSync(stream, { maxOutputLength: Math.max(capacity, 1) });
  } catch {
    return "refused";
  }
}

describe("inflating", () => {
  it("gives what was deflated, however that was done", () => {
    fc.assert(
      fc.property(samples, options, (data, how) => {
        const inflated = inflate(deflateRawSync(data, how), data.length);
        expect(typeof inflated !== "number" && Buffer.compare(inflated, data)).toBe(0);
      }),
      { numRuns: effort(150, 400) },
    );
  });

  it("stops at a stream that is longer than it may be, by one byte or by a thousand times", () => {
    fc.assert(
      fc.property(samples, options, (data, how) => {
        fc.pre(data.length > 0);
        expect(inflate(deflateRawSync(data, how), data.length - 1)).toBe(INFLATE_TOO_LONG);
      }),
      { numRuns: 100 },
    );
    expect(inflate(deflateRawSync(new Uint8Array(100_000_000)), 65_536)).toBe(INFLATE_TOO_LONG);
  });

  it("judges damaged streams as zlib does, and gives the same bytes where both accept", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        samples,
        options,
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        (data, how, flips, cut) => {
          const stream = new Uint8Array(deflateRawSync(data, how));
          for (const [place, bits] of flips) {
            // Most damage is done at the beginning, where the codes are described.
            const at = Math.floor(place * place * stream.length);
            stream[at] = (stream[at] ?? 0) ^ bits;
          }
          const damaged = cut === null ? stream : stream.subarray(0, Math.floor(cut * stream.length));
          const capacity = data.length + 1000;
          const expected = zlibVerdict(damaged, capacity);
          const found = inflate(damaged, capacity);
          if (expected === "refused") expect(found).toBeLessThan(0);
          else {
            accepted++;
            expect(typeof found !== "number" && Buffer.compare(found, expected)).toBe(0);
          }
        },
      ),
      { numRuns: DAMAGED },
    );
    // Raw streams have no checksum: some hundreds of four thousand are accepted.
    expect(accepted).toBeGreaterThan(DAMAGED / 200);
  });

  it("refuses streams of chance", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (stream) => {
        const expected = zlibVerdict(stream, 4096);
        const found = inflate(stream, 4096);
        if (expected === "refused") expect(found).toBeLessThan(0);
        else expect(typeof found !== "number" && Buffer.compare(found, expected)).toBe(0);
      }),
      { numRuns: effort(500, 2000) },
    );
  });

  it("tells where the stream ended", () => {
    const stream = Uint8Array.from([...deflateRawSync(new Uint8Array(1000).fill(7)), 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    inflate(stream, 1000);
    expect(new DataView(memory.buffer).getInt32(WORK, true)).toBe(FROM + stream.length - 9);
  });
});

describe("the checksum of a zlib stream", () => {
  it("is Adler-32", () => {
    fc.assert(
      fc.property(samples, (data) => {
        new Uint8Array(memory.buffer).set(data, TO);
        const stream = deflateSync(data);
        expect(ops.adler32(TO, data.length)).toBe(stream.readInt32BE(stream.length - 4));
      }),
      { numRuns: 100 },
    );
    const white = new Uint8Array(1_000_000).fill(255);
    new Uint8Array(memory.buffer).set(white, TO);
    expect(ops.adler32(TO, white.length)).toBe(deflateSync(white).readInt32BE(deflateSync(white).length - 4));
  });
});
