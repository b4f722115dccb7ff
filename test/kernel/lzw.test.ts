import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPixelOps } from "../../src/kernel/pixel-ops.ts";
import { LZW_WORK_BYTES } from "../../src/kernel/pixel-ops.types.ts";
import { Arena } from "./arena.ts";

const arena = new Arena();
const ops = createPixelOps(arena.memory);

/** Codes with their widths as TIFF writes them: most significant bit first, the width one code early. */
class CodeWriter {
  readonly bytes: number[] = [];
  #buffer = 0;
  #count = 0;

  write(code: number, width: number): void {
    this.#buffer = (this.#buffer << width) | code;
    this.#count += width;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.bytes.push((this.#buffer >> this.#count) & 255);
    }
    this.#buffer &= (1 << this.#count) - 1;
  }

  finish(): Uint8Array {
    if (this.#count > 0) this.write(0, 8 - this.#count);
    return Uint8Array.from(this.bytes);
  }
}

/** A plain encoder after TIFF 6.0 section 13. */
function encode(data: Uint8Array, clearAt = 4094): Uint8Array {
  const out = new CodeWriter();
  let table = new Map<string, number>();
  let next = 258;
  let width = 9;
  const reset = () => {
    out.write(256, width);
    table = new Map(Array.from({ length: 256 }, (_, i) => [String.fromCharCode(i), i]));
    next = 258;
    width = 9;
  };
  reset();
  let current = "";
  for (const byte of data) {
    const longer = current + String.fromCharCode(byte);
    if (table.has(longer)) {
      current = longer;
      continue;
    }
    out.write(table.get(current) ?? 0, width);
    table.set(longer, next++);
    if (next + 1 > 1 << width && width < 12) width++;
    if (next >= clearAt) reset();
    current = String.fromCharCode(byte);
  }
  if (current !== "") {
    out.write(table.get(current) ?? 0, width);
    next++;
    if (next + 1 > 1 << width && width < 12) width++;
  }
  out.write(257, width);
  return out.finish();
}

/** The textbook decoder, with strings. */
function decode(stream: Uint8Array, capacity: number): Uint8Array | null {
  const out: number[] = [];
  let position = 0;
  let width = 9;
  let table: number[][] = [];
  let previous: number[] | null = null;
  const reset = () => {
    table = Array.from({ length: 258 }, (_, i) => [i]);
    width = 9;
    previous = null;
  };
  reset();
  while (out.length < capacity && position + width <= stream.length * 8) {
    let code = 0;
    for (let k = 0; k < width; k++, position++)
      code = (code << 1) | (((stream[position >> 3] ?? 0) >> (7 - (position & 7))) & 1);
    if (code === 257) break;
    if (code === 256) {
      reset();
      continue;
    }
    const before: number[] | null = previous;
    if (code > table.length || (code === table.length && (!before || table.length >= 4096)) || (!before && code > 255))
      return null;
    const string: number[] = table[code] ?? [...(before ?? []), before?.[0] ?? 0];
    out.push(...string);
    if (before && table.length < 4096) table.push([...before, string[0] ?? 0]);
    if (table.length + 1 >= 1 << width && width < 12) width++;
    previous = string;
  }
  return Uint8Array.from(out.slice(0, capacity));
}

function run(stream: Uint8Array, capacity: number): Uint8Array | null {
  arena.clear();
  const work = arena.reserve(LZW_WORK_BYTES);
  const from = arena.put(stream, 3);
  const to = arena.reserve(capacity, 5);
  const written = ops.lzw(from, stream.length, to, capacity, work);
  expect(arena.firstTouched(to + capacity, 64)).toBeNull();
  expect(arena.firstTouched(to - 64, 64)).toBeNull();
  if (written < 0) return null;
  expect(written).toBeLessThanOrEqual(capacity);
  return arena.copy(to, written);
}

/** Bytes are compared at once: number by number takes most of a test's time. */
function expectSame(found: Uint8Array | null, due: Uint8Array | null): void {
  if (found === null || due === null) expect(found).toBe(due);
  else expect(Buffer.compare(found, due)).toBe(0);
}

const compressible = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })), { maxLength: 60 })
  .map((runs) =>
    Uint8Array.from(runs.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())),
  );

describe("lzw", () => {
  it("decodes what an encoder wrote, short and past several full tables", () => {
    fc.assert(
      fc.property(compressible, (data) => {
        expectSame(run(encode(data), data.length), data);
      }),
      { numRuns: 200 },
    );
    const noise = Uint8Array.from({ length: 60000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 63);
    expectSame(run(encode(noise), noise.length), noise);
  });

  it("decodes strings that contain the code they complete", () => {
    const data = new Uint8Array(5000).fill(7);
    expectSame(run(encode(data), data.length), data);
    for (let period = 2; period < 40; period++) {
      const pattern = Uint8Array.from({ length: 3000 }, (_, i) => i % period);
      expectSame(run(encode(pattern), pattern.length), pattern);
    }
  });

  it("stops at the capacity however much more the stream holds", () => {
    fc.assert(
      fc.property(compressible, fc.nat({ max: 2000 }), (data, capacity) => {
        expectSame(run(encode(data), capacity), data.slice(0, capacity));
      }),
    );
  });

  it("goes on with 12-bit codes when an encoder never clears a full table", () => {
    const data = Uint8Array.from({ length: 30000 }, (_, i) => (Math.imul(i, 40503) >>> 9) & 255);
    const stream = encode(data, Number.POSITIVE_INFINITY);
    // Such a stream names codes past the table sooner or later: the result equals the textbook's, error or bytes.
    expectSame(run(stream, data.length), decode(stream, data.length));
  });

  it("ends quietly where a stream without end-of-information ends", () => {
    const data = Uint8Array.from({ length: 900 }, (_, i) => (i * 7) & 31);
    const stream = encode(data);
    for (let cut = 0; cut < stream.length; cut++) {
      const part = stream.slice(0, cut);
      expectSame(run(part, data.length), decode(part, data.length));
    }
  });

  it("answers as the textbook decoder does on arbitrary bytes, and refuses a code that is not yet defined", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 5000 }), (stream, capacity) => {
        expectSame(run(stream, capacity), decode(stream, capacity));
      }),
      { numRuns: 500 },
    );
    const writer = new CodeWriter();
    writer.write(256, 9);
    writer.write(258, 9);
    expect(run(writer.finish(), 100)).toBeNull();
  });

  it("answers as the textbook decoder does on damaged streams", () => {
    fc.assert(
      fc.property(compressible, fc.nat(), fc.integer({ min: 0, max: 7 }), (data, where, bit) => {
        const stream = encode(data);
        const at = where % stream.length;
        stream[at] = (stream[at] ?? 0) ^ (1 << bit);
        expectSame(run(stream, data.length), decode(stream, data.length));
      }),
      { numRuns: 300 },
    );
  });
});

describe("packBits", () => {
  function packBits(stream: Uint8Array, capacity: number): Uint8Array | null {
    arena.clear();
    const from = arena.put(stream);
    const to = arena.reserve(capacity);
    const written = ops.packBits(from, stream.length, to, capacity);
    expect(arena.firstTouched(to + capacity, 64)).toBeNull();
    return written < 0 ? null : arena.copy(to, written);
  }

  function reference(stream: Uint8Array, capacity: number): Uint8Array | null {
    const out: number[] = [];
    let at = 0;
    while (at < stream.length && out.length < capacity) {
      const n = stream[at++] ?? 0;
      if (n === 128) continue;
      if (n < 128) {
        if (at + n + 1 > stream.length) return null;
        for (let k = 0; k <= n; k++) out.push(stream[at++] ?? 0);
      } else {
        if (at >= stream.length) return null;
        for (let k = 0; k < 257 - n; k++) out.push(stream[at] ?? 0);
        at++;
      }
    }
    return Uint8Array.from(out.slice(0, capacity));
  }

  it("decodes Apple's example", () => {
    const packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
    const unpacked = [
      0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
      0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
    ];
    expectSame(packBits(Uint8Array.from(packed), 24), Uint8Array.from(unpacked));
  });

  it("answers as a plain decoder does on arbitrary bytes, within its capacity", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 3000 }), (stream, capacity) => {
        expectSame(packBits(stream, capacity), reference(stream, capacity));
      }),
      { numRuns: 500 },
    );
  });
});
