import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, long, short, TAG } from "../../fixtures/tiff-builder.ts";
import { deflateBomb, zstd, zstdBomb } from "../../fixtures/tiff-encoders.ts";
import { deflatedLerc, type LercSpec, lercBlob } from "../../fixtures/tiff-lerc.ts";
import { type ChunkPlace, chunkPlaces, expectedPlane, pixel } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const [LERC, WEBP] = [34_887, 50_001];

async function webpTile(spec: DirectorySpec, { left, top, width, height }: ChunkPlace): Promise<Uint8Array> {
  const channels = spec.samples === 4 ? 4 : 3;
  const raw = new Uint8Array(width * height * channels).map((_, at) => {
    const [place, sample] = [Math.floor(at / channels), at % channels];
    return pixel(spec, left + (place % width), top + Math.floor(place / width), sample);
  });
  return await sharp(raw, { raw: { width, height, channels } }).webp({ lossless: true, exact: true }).toBuffer();
}

async function webpDirectory(spec: DirectorySpec): Promise<DirectorySpec> {
  const tiles = await Promise.all(chunkPlaces(spec).map((place) => webpTile(spec, place)));
  return stored(spec, WEBP, (index) => tiles[index] ?? new Uint8Array());
}

function stored(spec: DirectorySpec, compression: number, tile: (index: number) => Uint8Array): DirectorySpec {
  return { ...spec, replaceChunk: tile, tags: { ...spec.tags, [TAG.compression]: short(compression) } };
}

async function expectPixels(directory: DirectorySpec, spec: DirectorySpec, order: "II" | "MM" = "II"): Promise<void> {
  const source = await openTiff(new MemoryStore(buildTiff({ order, directories: [directory] })));
  for (let sample = 0; sample < (spec.samples ?? 1); sample++) {
    const plane = await decoder.plane(source, { channel: sample });
    expect(planeDifference(plane, expectedPlane(spec, sample))).toBeNull();
  }
}

async function refusals(directory: DirectorySpec): Promise<string> {
  const bytes = buildTiff({ directories: [directory] });
  const outcome = await tryImage(() => openTiff(new MemoryStore(bytes)), decoder, 4);
  expect(outcome.chunks.size).toBe(0);
  return outcome.refusals[0]?.message ?? "no refusal";
}

/** The number whose bytes are those of `value` the other way round. */
function swap(type: "uint8" | "uint16" | "float32", value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  if (type === "uint8") return value;
  if (type === "uint16") view.setUint16(0, value);
  else view.setFloat32(0, value);
  return type === "uint16" ? view.getUint16(0, true) : view.getFloat32(0, true);
}

describe("WebP tiles", () => {
  it.each([3, 4])("of %i channels are read as written", async (samples) => {
    // Transparent pixels keep their colours only where the encoder is told so: alpha is 255 here.
    const value = (x: number, y: number, sample: number) => (sample === 3 ? 255 : (x * 3 + y * 5 + sample * 70) & 255);
    const spec: DirectorySpec = { width: 50, height: 41, samples, tile: [32, 32], value };
    await expectPixels(await webpDirectory(spec), spec);
  });

  it("are read in strips that are joined", async () => {
    const spec: DirectorySpec = { width: 50, height: 41, samples: 3, rowsPerStrip: 7 };
    await expectPixels(await webpDirectory(spec), spec);
  });

  it("of another size, of one channel, or of something else are refused", async () => {
    const spec: DirectorySpec = { width: 32, height: 32, samples: 3, tile: [32, 32] };
    const sized = async (width: number, height: number) =>
      await webpTile(spec, { left: 0, top: 0, width, height, samples: [0, 1, 2] });
    for (const [width, height] of [
      [64, 64],
      [31, 32],
      [16, 64],
    ] as const) {
      const tile = await sized(width, height);
      expect(await refusals(stored(spec, WEBP, () => tile))).toMatch(/WebP/);
    }
    const png = await sharp({ create: { width: 32, height: 32, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const svg = new TextEncoder().encode(`<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"/>`);
    for (const other of [png, svg, new Uint8Array(20)])
      expect(await refusals(stored(spec, WEBP, () => other))).toMatch(/WebP/);
    const whole = await sized(32, 32);
    expect(await refusals(stored(spec, WEBP, () => whole.subarray(0, whole.length >> 1)))).toMatch(/WebP/);
    expect(await refusals(stored({ ...spec, samples: 1 }, WEBP, () => whole))).toMatch(/3 or 4/);
    expect(await refusals(stored({ ...spec, type: "uint16" }, WEBP, () => whole))).toMatch(/8 bits/);
  });
});

describe("LERC tiles", () => {
  const tile = (spec: DirectorySpec, place: ChunkPlace, more: Partial<LercSpec> = {}): LercSpec => ({
    ...{ width: place.width, height: place.height, depth: place.samples.length },
    type: (spec.type ?? "uint8") as LercSpec["type"],
    value: (x, y, sample) => pixel(spec, place.left + x, place.top + y, place.samples[sample] ?? 0),
    ...more,
  });
  const directory = (spec: DirectorySpec, encode = lercBlob, inner = 0): DirectorySpec => {
    const places = chunkPlaces(spec);
    const blobs = places.map((place) => encode(tile(spec, place)));
    const tags = { ...spec.tags, [TAG.lercParameters]: long(4, inner) };
    return stored({ ...spec, tags }, LERC, (index) => blobs[index] ?? new Uint8Array());
  };
  const finite = (x: number, y: number, sample: number) => Math.fround(x * 1.7 - y / 3 + sample * 1000);

  it.each(["uint8", "uint16", "float32"] as const)("of %s are read as written", async (type) => {
    const spec: DirectorySpec = { width: 50, height: 41, type, tile: [32, 32] };
    const own = type === "float32" ? { ...spec, value: finite } : spec;
    await expectPixels(directory(own), own);
  });

  it.each(["uint8", "uint16", "float32"] as const)("of %s were swapped as all of a big-endian file", async (type) => {
    // Small whole numbers: what they are when their bytes are swapped is no NaN.
    const value = (x: number, y: number) => (x * 7 + y * 11) % 100;
    const spec: DirectorySpec = { width: 50, height: 41, type, tile: [32, 32], value };
    const swapped = (x: number, y: number) => swap(type, value(x, y));
    await expectPixels(directory({ ...spec, value: swapped }), spec, "MM");
  });

  it("lose no sample that is left out in a big-endian file", async () => {
    const valid = (x: number, y: number) => (x + y) % 3 !== 0;
    const due = (missing: number, data: number) => (x: number, y: number) => (valid(x, y) ? data : missing);
    const size = { width: 20, height: 10, nodata: "7" };
    for (const [type, missing] of [
      ["uint16", 7],
      ["float32", Number.NaN],
    ] as const) {
      const stored: DirectorySpec = { ...size, type, value: () => swap(type, 5) };
      const masked = directory(stored, (one) => lercBlob({ ...one, valid }));
      await expectPixels(masked, { ...stored, value: due(missing, 5) }, "MM");
    }
  });

  it("of several channels are taken apart", async () => {
    const spec: DirectorySpec = { width: 50, height: 41, type: "uint16", samples: 3, tile: [32, 32] };
    await expectPixels(directory(spec), spec);
    await expectPixels(directory({ ...spec, planar: true }), spec);
  });

  it("within deflate and Zstd are unwrapped", async () => {
    const spec: DirectorySpec = { width: 50, height: 41, type: "uint16", rowsPerStrip: 9 };
    await expectPixels(directory(spec, deflatedLerc, 1), spec);
    await expectPixels(
      directory(spec, (one) => zstd(lercBlob(one)), 2),
      spec,
    );
  });

  it("have no data where their own mask says so: NaN, or the nodata value of whole numbers", async () => {
    const valid = (x: number, y: number) => (x + y) % 3 !== 0;
    const masked = (spec: DirectorySpec) => directory(spec, (one) => lercBlob({ ...one, valid }));
    const base: DirectorySpec = { width: 32, height: 20, tile: [32, 32], value: (x, y) => x + y + 1 };
    const [floats, whole] = [
      { ...base, type: "float32" },
      { ...base, type: "uint16", nodata: "9999" },
    ] as const;
    await expectPixels(masked(floats), { ...floats, value: (x, y) => (valid(x, y) ? x + y + 1 : Number.NaN) });
    await expectPixels(masked(whole), { ...whole, value: (x, y) => (valid(x, y) ? x + y + 1 : 9999) });
  });

  it("of colors may have their alpha as a mask, where that is none or all", async () => {
    const valid = (x: number, y: number) => (x + y) % 3 !== 0;
    const value = (x: number, y: number, sample: number) => {
      if (sample === 3) return x >= 32 ? 128 : x >= 16 || valid(x, y) ? 255 : 0;
      return x >= 16 || valid(x, y) ? x + y + sample + 1 : 0;
    };
    const tags = { [TAG.photometric]: short(2), [TAG.extraSamples]: short(2) };
    const spec: DirectorySpec = { width: 48, height: 16, samples: 4, tile: [16, 16], value, tags };
    // Of the tiles the first has a mask, the second is opaque, and the third has an alpha of its own.
    const masked = directory(spec, (one) => {
      const alpha = one.value(0, 1, 3);
      if (alpha === 128) return lercBlob(one);
      return lercBlob({ ...one, depth: 3, ...(one.value(0, 0, 3) === 0 ? { valid } : {}) });
    });
    const source = await openTiff(new MemoryStore(buildTiff({ directories: [masked] })));
    for (const sample of [0, 1, 2, 3]) {
      const seen = (x: number, y: number) => sample === 3 || value(x, y, 3) > 0;
      const due = Float32Array.from({ length: 48 * 16 }, (_, at) =>
        seen(at % 48, Math.floor(at / 48)) ? value(at % 48, Math.floor(at / 48), sample) : Number.NaN,
      );
      expect(planeDifference(await decoder.plane(source, { channel: sample }), due)).toBeNull();
    }
    const unknown = { ...masked, tags: { ...masked.tags, [TAG.extraSamples]: short(0) } };
    expect(await refusals({ ...unknown, width: 16, tile: [16, 16] })).toMatch(/3 channels, where 16 × 16 of 4/);
  });

  it("that tell another size, type or number of channels are refused before they are decoded", async () => {
    const spec: DirectorySpec = { width: 32, height: 32, type: "uint16", tile: [32, 32] };
    const [place] = chunkPlaces(spec);
    if (!place) throw new Error("no tile");
    const bad: readonly Partial<LercSpec>[] = [
      { width: 64, height: 64 },
      { width: 31 },
      { lyingWidth: 60_000 },
      { depth: 2 },
      { type: "float32" },
    ];
    for (const one of bad) {
      const blob = lercBlob(tile(spec, place, { value: (x, y) => x + y, ...one }));
      expect(await refusals(stored(spec, LERC, () => blob))).toMatch(/LERC/);
    }
  });

  it("that are damaged, cut off or bombs are refused", async () => {
    const spec: DirectorySpec = { width: 32, height: 32, type: "uint16", tile: [32, 32] };
    const [place] = chunkPlaces(spec);
    if (!place) throw new Error("no tile");
    const blob = lercBlob(tile(spec, place));
    const flipped = blob.map((byte, at) => (at === 300 ? byte ^ 64 : byte));
    for (const bytes of [blob.subarray(0, 200), blob.subarray(0, 20), flipped, new Uint8Array(100)])
      expect(await refusals(stored(spec, LERC, () => bytes))).toMatch(/LERC/);
    const inner = (method: number, bytes: Uint8Array) => {
      const tags = { [TAG.lercParameters]: long(4, method) };
      return refusals(stored({ ...spec, tags }, LERC, () => bytes));
    };
    expect(await inner(1, deflateBomb(2))).toMatch(/LERC/);
    expect(await inner(2, zstdBomb(1 << 28))).toMatch(/Zstd/);
    expect(await inner(7, blob)).toMatch(/method 7/);
  });
});
