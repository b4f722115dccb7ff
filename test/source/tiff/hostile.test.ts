import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { type Outcome, tryImage } from "../../fixtures/hostile.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { memoryRise } from "../../fixtures/peak-memory.ts";
import {
  ascii,
  buildTiff,
  type DirectorySpec,
  firstDirectory,
  long,
  long8,
  short,
  TAG,
  type TiffSpec,
} from "../../fixtures/tiff-builder.ts";
import { deflateBomb, jpeg, lzw, oldLzw, packBits, zstdBomb } from "../../fixtures/tiff-encoders.ts";
import { CODECS, chunkPlaces, encodeChunk } from "../../fixtures/tiff-pixels.ts";

/** The promise is a second; ten times that, of the CPU, is a hang. */
const HANG_MS = 10_000;
const MAX_RISE_BYTES = 256 << 20;
const MAX_CHUNKS = 24;

const decoder = new ChunkDecoder();
let folder: string;
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-hostile-"));
  path = join(folder, "secret-name.tif");
  // Everything is loaded and compiled before memory is measured.
  for (const codec of CODECS) await attempt({ directories: [{ ...IMAGE, codec }] });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const IMAGE: DirectorySpec = { width: 40, height: 30, tile: [16, 16], codec: "deflate" };

/** What becomes of a file, with the promises that hold for every file. */
async function attempt(file: Uint8Array | TiffSpec): Promise<Outcome> {
  writeFileSync(path, file instanceof Uint8Array ? file : buildTiff(file));
  let outcome: Outcome | undefined;
  let spentMs = 0;
  const rise = await memoryRise(async () => {
    const before = process.cpuUsage();
    outcome = await tryImage(() => openLocal(path), decoder, MAX_CHUNKS);
    const { user, system } = process.cpuUsage(before);
    spentMs = (user + system) / 1000;
  }, MAX_RISE_BYTES);
  if (!outcome) throw new Error("nothing came of it");
  expect(spentMs).toBeLessThan(HANG_MS);
  expect(rise).toBeLessThan(MAX_RISE_BYTES);
  for (const { message } of outcome.refusals) {
    expect(message).not.toMatch(/secret-name|bandloom-hostile|\/tmp|\.ts:/);
    expect(message).toMatch(/^[A-Z].*[.!]$/s);
  }
  return outcome;
}

/** The file is refused, at once or at its first damaged chunk; nothing of it is shown. */
async function expectRefused(file: Uint8Array | TiffSpec, reason: RegExp): Promise<void> {
  const { chunks, refusals } = await attempt(file);
  expect(refusals[0]?.code).toBe("SOURCE_UNREADABLE");
  expect(refusals[0]?.message).toMatch(reason);
  expect(chunks.size).toBe(0);
}

function one(directory: Partial<DirectorySpec>, options: Omit<TiffSpec, "directories"> = {}): TiffSpec {
  return { ...options, directories: [{ ...IMAGE, ...directory }] };
}

function withTags(tags: DirectorySpec["tags"]): TiffSpec {
  return one({ ...(tags ? { tags } : {}) });
}

/** A built file with other bytes at some place. */
function patched(spec: TiffSpec, at: number, bytes: readonly number[]): Uint8Array {
  const file = buildTiff(spec);
  file.set(bytes, at);
  return file;
}

describe("a loop of directories ends", () => {
  const child = { ...IMAGE, width: 20, height: 15, reduced: true };
  it.each<[string, TiffSpec]>([
    ["from the first to itself", one({ next: "self" })],
    ["from the second to itself", { directories: [IMAGE, { ...child, next: "self" }] }],
    ["from the last to the first", { directories: [IMAGE, child, { ...child, next: "first" }] }],
    ["from SubIFDs to the first", withTags({ [TAG.subIfds]: long(firstDirectory()) })],
    ["from a SubIFD to the first", one({ children: [{ ...child, tags: { [TAG.subIfds]: long(8) } }] })],
    ["from a SubIFD to itself", one({ children: [{ ...child, next: "self" }] })],
    ["in BigTIFF", { big: true, directories: [IMAGE, { ...child, next: "first" }] }],
    ["by way of 100,000 SubIFDs", withTags({ [TAG.subIfds]: long(...Array.from({ length: 100_000 }, () => 8)) })],
  ])("%s", async (_, spec) => {
    const { source, chunks } = await attempt(spec);
    // What can be seen of such a file is its first image.
    if (source) expect(chunks.size).toBeGreaterThan(0);
  });

  it("after a million empty directories", async () => {
    const count = 1_000_000;
    const file = new Uint8Array(8 + 6 * count);
    const view = new DataView(file.buffer);
    file.set([0x49, 0x49, 42, 0, 8]);
    for (let i = 0; i < count - 1; i++) view.setUint32(8 + 6 * i + 2, 8 + 6 * (i + 1), true);
    await expectRefused(file, /director/i);
  });
});

describe("a file that is no TIFF is refused", () => {
  const png = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13];
  it.each<[string, Uint8Array]>([
    ["with no bytes", new Uint8Array()],
    ["with one byte", Uint8Array.of(0x49)],
    ["with three bytes", Uint8Array.of(0x49, 0x49, 42)],
    ["with eight bytes of zeros", new Uint8Array(8)],
    ["with eight bytes of a header", Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0)],
    ["PNG", Uint8Array.from([...png, ...new Uint8Array(200)])],
    ["text", new TextEncoder().encode("I am not a picture.\n".repeat(50))],
    ["text that begins with II", new TextEncoder().encode("II ".repeat(50))],
    ["BigTIFF with offsets of 4 bytes", patched(one({}, { big: true }), 4, [4, 0])],
    ["of version 44", patched(one({}), 2, [44, 0])],
  ])("%s", async (_, file) => {
    await expectRefused(file, /TIFF|PNG|empty|header|short|director|ends/i);
  });
});

describe("a first directory that is not there is refused", () => {
  const max = [255, 255, 255, 255];
  it.each<[string, Uint8Array]>([
    ["at 0", patched(one({}), 4, [0, 0, 0, 0])],
    ["past the end", patched(one({}), 4, max)],
    ["past the end of BigTIFF", patched(one({}, { big: true }), 8, [...max, 255, 255, 31, 0])],
    ["at a negative place of BigTIFF", patched(one({}, { big: true }), 8, [...max, ...max])],
    ["with 65,535 entries", patched(one({}), 8, [255, 255])],
    ["with 2⁶⁴−1 entries", patched(one({}, { big: true }), 16, [...max, ...max])],
    ["with 2³² entries", patched(one({}, { big: true }), 16, [0, 0, 0, 0, 1, 0, 0, 0])],
    ["with no entries", patched(one({}), 8, [0, 0])],
  ])("%s", async (_, file) => {
    await expectRefused(file, /./);
  });
});

describe("entries that cannot be are refused", () => {
  const huge = { type: 4, values: [1], count: 0xffffffff, offset: 8 };
  const past = { type: 4, values: [1], count: 6, offset: 0xfffffff0 };
  it.each<[string, TiffSpec]>([
    ["sizes of 4,294,967,295", withTags({ [TAG.imageWidth]: long(0xffffffff), [TAG.imageLength]: long(0xffffffff) })],
    ["a width of 0", withTags({ [TAG.imageWidth]: long(0) })],
    ["a height of 0", withTags({ [TAG.imageLength]: long(0) })],
    ["a negative width", withTags({ [TAG.imageWidth]: { type: 9, values: [-5] } })],
    ["a width in BigTIFF of 2⁶⁰", one({ tags: { [TAG.imageWidth]: long8(2n ** 60n) } }, { big: true })],
    ["no width", withTags({ [TAG.imageWidth]: null })],
    ["no height", withTags({ [TAG.imageLength]: null })],
    ["tiles 0 wide", withTags({ [TAG.tileWidth]: long(0) })],
    ["tiles 0 high", withTags({ [TAG.tileLength]: long(0) })],
    ["tiles of 2³¹", withTags({ [TAG.tileWidth]: long(2 ** 31), [TAG.tileLength]: long(2 ** 31) })],
    ["strips of 0 rows", { directories: [{ width: 9, height: 9, tags: { [TAG.rowsPerStrip]: long(0) } }] }],
    ["no offsets", withTags({ [TAG.tileOffsets]: null })],
    ["no byte counts", withTags({ [TAG.tileByteCounts]: null })],
    ["offsets for one tile of six", withTags({ [TAG.tileOffsets]: long(8) })],
    ["byte counts for one tile of six", withTags({ [TAG.tileByteCounts]: long(10) })],
    ["4,294,967,295 offsets", withTags({ [TAG.tileOffsets]: huge })],
    ["4,294,967,295 byte counts", withTags({ [TAG.tileByteCounts]: huge })],
    ["offsets past the end", withTags({ [TAG.tileOffsets]: past })],
    ["byte counts past the end", withTags({ [TAG.tileByteCounts]: past })],
    ["65,535 samples", withTags({ [TAG.samplesPerPixel]: short(65535) })],
    ["no samples", withTags({ [TAG.samplesPerPixel]: short(0) })],
    ["a sample format of 9", withTags({ [TAG.sampleFormat]: short(9) })],
    ["a planar configuration of 3", one({ samples: 2, tags: { [TAG.planarConfiguration]: short(3) } })],
    ["sizes as text", withTags({ [TAG.imageWidth]: ascii("forty") })],
    ["a size of an unknown field type", withTags({ [TAG.imageWidth]: { type: 77, values: [40] } })],
  ])("%s", async (_, spec) => {
    await expectRefused(spec, /./);
  });

  it.each([0, 3, 12, 24, 128])("%i bits a sample, by their number", async (bits) => {
    await expectRefused(withTags({ [TAG.bitsPerSample]: short(bits) }), new RegExp(`\\b${bits}\\b`));
  });

  it.each([
    [1, 0, "-ot Byte -co NBITS=8"],
    [1, 4, "-ot Byte -co NBITS=8"],
    [1, 12, "-ot UInt16 -co NBITS=16"],
    [1, 64, "-ot Float64"],
    [2, 12, "-ot Int16 -co NBITS=16"],
    [3, 24, "-ot Float32 -co NBITS=32"],
  ])("format %i of %i bits, with what makes it readable", async (format, bits, remedy) => {
    const tags = { [TAG.bitsPerSample]: short(bits), [TAG.sampleFormat]: short(format) };
    await expectRefused(withTags(tags), new RegExp(remedy));
  });

  it("float samples of 8 bits, integers of 64", async () => {
    await expectRefused(withTags({ [TAG.sampleFormat]: short(3) }), /float|8/i);
    await expectRefused(one({ type: "float64", tags: { [TAG.sampleFormat]: short(1) } }), /64/);
  });

  it("samples of different types", async () => {
    await expectRefused(one({ samples: 2, tags: { [TAG.bitsPerSample]: short(8, 16) } }), /bits|type|sample/i);
    await expectRefused(one({ samples: 2, tags: { [TAG.sampleFormat]: short(1, 2) } }), /format|type|sample/i);
  });

  it("the floating point predictor on integers, and predictors that nobody knows", async () => {
    await expectRefused(one({ type: "uint16", tags: { [TAG.predictor]: short(3) } }), /predictor/i);
    await expectRefused(withTags({ [TAG.predictor]: short(7) }), /predictor.*7|7.*predictor/i);
  });

  it.each([
    [2, /2|CCITT/],
    [6, /JPEG|6/],
    [34712, /34712|JPEG ?2000/i],
    [34925, /34925|LZMA/],
    [50002, /50002|JPEG XL/],
    [65000, /65000/],
  ])("compression %i, by its name or number", async (compression, name) => {
    await expectRefused(withTags({ [TAG.compression]: short(compression) }), name);
    await expectRefused(withTags({ [TAG.compression]: short(compression) }), /compress|codec/i);
  });
});

describe("chunks that are not where the file says are refused", () => {
  const tiles = 6;
  const all = (value: number) => long(...Array.from({ length: tiles }, () => value));
  it.each<[string, TiffSpec]>([
    ["at the end of the address space", withTags({ [TAG.tileOffsets]: all(0xffffffff) })],
    ["4 GiB long", withTags({ [TAG.tileByteCounts]: all(0xffffffff) })],
    ["1 GiB long", withTags({ [TAG.tileByteCounts]: all(1 << 30) })],
    ["in the directory", withTags({ [TAG.tileOffsets]: all(8) })],
    [
      "at negative places of BigTIFF",
      one({ tags: { [TAG.tileOffsets]: long8(...Array.from({ length: tiles }, () => -5n)) } }, { big: true }),
    ],
    [
      "2⁶³ long",
      one({ tags: { [TAG.tileByteCounts]: long8(...Array.from({ length: tiles }, () => 2n ** 63n)) } }, { big: true }),
    ],
  ])("%s", async (_, spec) => {
    const { chunks, refusals } = await attempt(spec);
    expect(refusals[0]?.code ?? "no refusal").toBe("SOURCE_UNREADABLE");
    expect(chunks.size).toBe(0);
  });

  it.each<[string, TiffSpec]>([
    ["no offset", withTags({ [TAG.tileOffsets]: all(0) })],
    ["no length", withTags({ [TAG.tileByteCounts]: all(0) })],
  ])("or taken for left out: with %s", async (_, spec) => {
    const { chunks } = await attempt(spec);
    for (const chunk of chunks.values()) {
      const floats = chunk.length % 4 === 0 ? new Float32Array(chunk.slice().buffer) : new Float32Array(1);
      expect(chunk.every((byte) => byte === 0) || floats.every(Number.isNaN)).toBe(true);
    }
  });
});

describe("a chunk of the wrong length", () => {
  const large: DirectorySpec = { width: 256, height: 256, tile: [256, 256] };
  const zeros = new Uint8Array(4 << 20);

  it.each<[string, DirectorySpec, () => Uint8Array]>([
    ["deflate of 944 MiB", { ...large, codec: "deflate" }, () => deflateBomb(944)],
    ["deflate of 100 MiB", { ...large, codec: "deflate" }, () => deflateBomb(100)],
    ["deflate with predictor", { ...large, codec: "deflate", predictor: 2 }, () => deflateBomb(100)],
    ["zstd of 512 MiB", { ...large, codec: "zstd" }, () => zstdBomb(512 << 20)],
    ["zstd that says it fits", { ...large, codec: "zstd" }, () => zstdBomb(512 << 20, 65536)],
    ["zstd that says it is 4 GiB", { ...large, codec: "zstd" }, () => zstdBomb(65536, 0xffffffff)],
    ["lzw of 4 MiB", { ...large, codec: "lzw" }, () => lzw(zeros)],
    ["packBits of 4 MiB", { ...large, codec: "packBits" }, () => packBits(zeros)],
  ])("is refused or cut, never inflated: %s", async (_, directory, stored) => {
    const bytes = stored();
    const { chunks, refusals } = await attempt({ directories: [{ ...directory, replaceChunk: () => bytes }] });
    expect(chunks.size + refusals.length).toBe(1);
    for (const chunk of chunks.values()) expect(chunk.every((sample) => sample === 0)).toBe(true);
  });

  it.each(CODECS)("is refused where it is too short: %s", async (codec) => {
    for (const layout of [{ tile: [64, 64] }, {}] as const) {
      const directory: DirectorySpec = { width: 64, height: 64, codec, ...layout };
      const halved = (_: number, stored: Uint8Array) => stored.subarray(0, stored.length >> 1);
      await expectRefused({ directories: [{ ...directory, replaceChunk: halved }] }, /./);
      await expectRefused({ directories: [{ ...directory, replaceChunk: () => Uint8Array.of(0) }] }, /./);
    }
  });

  it.each(["lzw", "deflate", "zstd", "packBits"] as const)(
    "is refused where a whole stream is too short: %s",
    async (codec) => {
      const [small] = chunkPlaces({ width: 64, height: 63 });
      if (!small) throw new Error("no chunk");
      const stored = encodeChunk({ width: 64, height: 63, codec }, small, true);
      await expectRefused({ directories: [{ width: 64, height: 64, codec, replaceChunk: () => stored }] }, /./);
    },
  );

  it.each([
    [65, 64],
    [64, 63],
    [512, 512],
    [1, 1],
  ])("is refused where a JPEG of %i × %i fills a tile of 64 × 64", async (width, height) => {
    const stored = jpeg(new Uint8Array(width * height), { width, height, samples: 1, subsampled: false });
    const directory: DirectorySpec = { width: 64, height: 64, tile: [64, 64], codec: "jpeg" };
    await expectRefused({ directories: [{ ...directory, replaceChunk: () => stored }] }, /./);
  });

  it("is refused where a JPEG says that it is 65,500 × 65,500", async () => {
    const lying = (_: number, stored: Uint8Array) => {
      const out = stored.slice();
      const frame = out.findIndex((byte, at) => byte === 0xff && out[at + 1] === 0xc0);
      out.set([0xff, 0xdc, 0xff, 0xdc], frame + 5);
      return out;
    };
    const directory: DirectorySpec = { width: 64, height: 64, tile: [64, 64], codec: "jpeg" };
    await expectRefused({ directories: [{ ...directory, replaceChunk: lying }] }, /./);
  });

  it("is refused where a gray JPEG stands for three samples, and a colour one for one", async () => {
    const picture = (samples: 1 | 3) => () =>
      jpeg(new Uint8Array(64 * 64 * samples), { width: 64, height: 64, samples, subsampled: false });
    const directory: DirectorySpec = { width: 64, height: 64, tile: [64, 64], codec: "jpeg" };
    await expectRefused({ directories: [{ ...directory, samples: 3, replaceChunk: picture(1) }] }, /./);
    await expectRefused({ directories: [{ ...directory, samples: 1, replaceChunk: picture(3) }] }, /./);
  });
});

describe("work that grows faster than the file is bounded", () => {
  const longs = (count: number, value: number) => ({ type: 4, values: Array.from({ length: count }, () => value) });

  it("many short strips that all claim the same long bytes", async () => {
    const height = 8192;
    const tags = {
      [TAG.rowsPerStrip]: long(1),
      [TAG.stripOffsets]: longs(height, 8),
      [TAG.stripByteCounts]: longs(height, 65_000),
    };
    await attempt(padded({ directories: [{ width: 1, height, tags }] }, new Uint8Array(65_000)));
  });

  it("hundreds of thousands of strips of one byte", async () => {
    const height = 300_000;
    const tags = {
      [TAG.rowsPerStrip]: long(1),
      [TAG.stripOffsets]: longs(height, 8),
      [TAG.stripByteCounts]: longs(height, 1),
    };
    await attempt({ directories: [{ width: 1, height, tags }] });
  });

  it("19,000 reduced directories", async () => {
    const reduced: DirectorySpec = { width: 20, height: 15, reduced: true, value: () => 0 };
    await attempt({ directories: [IMAGE, ...Array.from({ length: 19_000 }, () => reduced)] });
  });

  it("a thousand directories that share a megabyte of metadata", async () => {
    const xml = new TextEncoder().encode(
      `<GDALMetadata>${`<Item name="a" sample="0">b</Item>`.repeat(30_000)}</GDALMetadata>\0`,
    );
    const spec = (offset: number): TiffSpec => {
      const tags = { [TAG.gdalMetadata]: { type: 2, values: [], count: xml.length, offset } };
      return { directories: Array.from({ length: 1000 }, () => ({ width: 1, height: 1, tags })) };
    };
    await attempt(padded(spec(buildTiff(spec(0)).length), xml));
  });

  it("a progressive JPEG of very many scans", async () => {
    const side = 1024;
    const gray = sharp(Buffer.alloc(side * side * 3, 100), { raw: { width: side, height: side, channels: 3 } });
    const stream = await gray.toColourspace("b-w").jpeg({ progressive: true }).toBuffer();
    const end = stream.length - 2;
    const scan = stream.subarray(stream.lastIndexOf(Buffer.of(0xff, 0xda)), end);
    const scans = Array.from({ length: 50_000 }, () => scan);
    const stored = Buffer.concat([stream.subarray(0, end), ...scans, stream.subarray(end)]).subarray(0, 300_000);
    const tile: DirectorySpec = { width: side, height: side, tile: [side, side], codec: "jpeg" };
    await expectRefused({ directories: [{ ...tile, replaceChunk: () => stored }] }, /./);
  });
});

/** A file with more behind its end. */
function padded(spec: TiffSpec, rest: Uint8Array): Uint8Array {
  return Buffer.concat([buildTiff(spec), rest]);
}

describe("LZW from before TIFF 6.0", () => {
  it("is read right or refused", async () => {
    const image: DirectorySpec = { width: 64, height: 64, codec: "lzw" };
    const [place] = chunkPlaces(image);
    if (!place) throw new Error("no chunk");
    const raw = encodeChunk({ ...image, codec: "none" }, place, true);
    const { chunks, refusals } = await attempt({ directories: [{ ...image, replaceChunk: () => oldLzw(raw) }] });
    expect(chunks.size + refusals.length).toBe(1);
    for (const chunk of chunks.values()) expect(Buffer.from(chunk).equals(raw)).toBe(true);
  });
});
