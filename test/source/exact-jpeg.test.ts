import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeSmallJpeg, isSmallJpeg } from "../../src/source/small-jpeg.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { decodeTile, type TileColours } from "../../src/source/tiles/tile.ts";
import { ChunkDecoder } from "../fixtures/decode-image.ts";
import {
  ARITHMETIC_JPEG,
  decodeExactly,
  encodeScene,
  type JpegPicture,
  SCENES,
  SUBSAMPLINGS,
  samplesOf,
} from "../fixtures/exact-jpeg.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../fixtures/tiff-builder.ts";
import { CMYK_JPEG } from "../fixtures/tiff-cmyk-jpeg.ts";
import { splitJpeg } from "../fixtures/tiff-encoders.ts";

const decoder = new ChunkDecoder();
const PHOTOMETRIC = { gray: 1, rgb: 2, cmyk: 5, ycbcr: 6 } as const;
const QUALITIES = [30, 50, 75, 90, 95, 100] as const;
const SMALL = { width: 64, height: 48 };
/** Left to sharp in every colour. */
const LARGE = { width: 736, height: 560 };
const SIZES = [SMALL, { width: 61, height: 47 }, { width: 17, height: 1 }, LARGE];

const colours = (samples: 1 | 3): TileColours => ({
  names: samples === 1 ? ["gray"] : ["red", "green", "blue"],
  ...{ dataType: "uint8", profile: null },
});

interface TiffTile {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly photometric: number;
  /** In the directory, in place of the stream. */
  readonly tables?: Uint8Array;
}

/** A TIFF of one tile that is this stream. */
async function tiffPlanes(stream: Uint8Array, { width, height, samples, photometric, tables }: TiffTile) {
  const tags = tables ? { [TAG.jpegTables]: { type: 7, values: [...tables] } } : {};
  const directory: DirectorySpec = {
    ...{ width, height, tile: [width, height] as const, samples, replaceChunk: () => stream },
    tags: { [TAG.compression]: short(7), [TAG.photometric]: short(photometric), ...tags },
  };
  const source = await openTiff(new MemoryStore(buildTiff({ directories: [directory] })));
  return await decoder.decode(source, { level: 0, group: 0, z: 0, t: 0, x: 0, y: 0 });
}

/** Interleaved samples, by plane. */
function planes(samples: Uint8Array, count: number): Uint8Array {
  const pixels = samples.length / count;
  return samples.map((_, at) => samples[(at % pixels) * count + Math.floor(at / pixels)] ?? 0);
}

function differing(found: Uint8Array, due: Uint8Array): number {
  if (found.length !== due.length) return Number.NaN;
  return due.reduce((count, value, at) => count + (value === found[at] ? 0 : 1), 0);
}

function* pictures(): Generator<readonly [name: string, stream: Buffer, picture: JpegPicture]> {
  for (const size of SIZES)
    for (const [kind, scene] of size === LARGE ? [["photo", SCENES.photo] as const] : Object.entries(SCENES))
      for (const quality of size === LARGE ? [95] : QUALITIES)
        for (const subsampling of SUBSAMPLINGS) {
          const picture = { ...size, quality, subsampling };
          yield [JSON.stringify({ kind, ...picture }), encodeScene(scene, picture), picture];
        }
}

describe("a JPEG that is a part of an image has the samples that sharp decodes", () => {
  it("inside TIFF, with its tables in the stream or in the directory", async () => {
    const wrong: string[] = [];
    for (const [name, stream, { width, height, subsampling }] of pictures()) {
      const samples = samplesOf(subsampling);
      const due = planes(await decodeExactly(stream, samples), samples);
      const tile = { width, height, samples, photometric: samples === 1 ? PHOTOMETRIC.gray : PHOTOMETRIC.ycbcr };
      const { tables, image } = splitJpeg(stream);
      const whole = differing(await tiffPlanes(stream, tile), due);
      const apart = differing(await tiffPlanes(image, { ...tile, tables }), due);
      if (whole !== 0 || apart !== 0) wrong.push(`${name}: ${whole}, ${apart}`);
    }
    expect(wrong).toEqual([]);
  });

  it("as a tile of a folder", async () => {
    const wrong: string[] = [];
    for (const [name, stream, { width, height, subsampling }] of pictures()) {
      const samples = samplesOf(subsampling);
      const { data } = await decodeTile(stream, colours(samples), width * height);
      const count = differing(data, await decodeExactly(stream, samples));
      if (count !== 0) wrong.push(`${name}: ${count}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [200, 150],
    [700, 600],
  ])("progressive, of %i × %i", async (width, height) => {
    const baseline = encodeScene(SCENES.photo, { width, height, subsampling: "4:2:0", quality: 90 });
    const stream = await sharp(baseline).jpeg({ progressive: true, quality: 85 }).toBuffer();
    const due = await decodeExactly(stream, 3);
    const tile = { width, height, samples: 3, photometric: PHOTOMETRIC.ycbcr };
    expect(differing(await tiffPlanes(stream, tile), planes(due, 3))).toBe(0);
    expect(differing((await decodeTile(stream, colours(3), width * height)).data, due)).toBe(0);
  });

  it("coded arithmetically", async () => {
    const due = await decodeExactly(ARITHMETIC_JPEG, 3);
    const tile = { width: 16, height: 16, samples: 3, photometric: PHOTOMETRIC.ycbcr };
    expect(differing(await tiffPlanes(ARITHMETIC_JPEG, tile), planes(due, 3))).toBe(0);
    expect(differing((await decodeTile(ARITHMETIC_JPEG, colours(3), 256)).data, due)).toBe(0);
  });

  it("while others are decoded", async () => {
    const [first, second] = [SCENES.photo, SCENES.noise].map((scene) =>
      encodeScene(scene, { ...SMALL, subsampling: "4:4:4", quality: 90 }),
    );
    if (!first || !second) throw new Error("no pictures");
    const kept = await decodeTile(first, colours(3), SMALL.width * SMALL.height);
    await decodeTile(second, colours(3), SMALL.width * SMALL.height);
    expect(differing(kept.data, await decodeExactly(first, 3))).toBe(0);
  });

  it("after others that were damaged", async () => {
    const stream = encodeScene(SCENES.photo, { width: 64, height: 48, subsampling: "4:2:0", quality: 90 });
    const due = await decodeExactly(stream, 3);
    const noEnd = stream.subarray(0, stream.length >> 1);
    const noTables = splitJpeg(stream).image;
    const badCode = Buffer.concat([stream.subarray(0, 300), Buffer.alloc(200, 0x55)]);
    for (const damaged of [noEnd, noTables, badCode]) {
      await expect(decodeTile(damaged, colours(3), 64 * 48)).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
      expect(differing((await decodeTile(stream, colours(3), 64 * 48)).data, due)).toBe(0);
    }
  });
});

describe("a JPEG tile of TIFF", () => {
  const OPENING = 2;

  it.each([
    ["a small", SMALL],
    ["a large", LARGE],
  ])("holds RGB where the directory says so, though %s stream has a JFIF marker", async (_, size) => {
    const stream = encodeScene(SCENES.photo, { ...size, subsampling: "4:4:4", quality: 95 });
    const rgbMarker = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);
    const jfifBytes = 18;
    const marked = [stream.subarray(0, OPENING), rgbMarker, stream.subarray(OPENING + jfifBytes)];
    const due = planes(await decodeExactly(Buffer.concat(marked), 3), 3);
    expect(differing(await tiffPlanes(stream, { ...size, samples: 3, photometric: PHOTOMETRIC.rgb }), due)).toBe(0);
  });

  it.each([
    ["a small", SMALL],
    ["a large", LARGE],
  ])("keeps its numbers, whatever profile %s stream has", async (_, size) => {
    const plain = encodeScene(SCENES.photo, { ...size, subsampling: "4:4:4", quality: 95 });
    const stream = await sharp(plain).withIccProfile("p3").jpeg({ quality: 90 }).toBuffer();
    expect((await sharp(stream).metadata()).icc).toBeDefined();
    const due = planes(await decodeExactly(stream, 3), 3);
    expect(differing(await tiffPlanes(stream, { ...size, samples: 3, photometric: PHOTOMETRIC.ycbcr }), due)).toBe(0);
  });

  it("of CMYK has the same samples whoever decodes it", async () => {
    const flat = async (side: number) => {
      const stream = await sharp({ create: { width: side, height: side, channels: 3, background: "#3a7bd5" } })
        .toColourspace("cmyk")
        .jpeg({ quality: 100 })
        .toBuffer();
      return await tiffPlanes(stream, { width: side, height: side, samples: 4, photometric: PHOTOMETRIC.cmyk });
    };
    const [small, large] = [await flat(16), await flat(352)];
    const inks = (all: Uint8Array) => [0, 1, 2, 3].map((sample) => all[(sample * all.length) / 4]);
    expect(inks(large)).toEqual(inks(small));
    expect(new Set(inks(small)).size).toBeGreaterThan(2);
  });

  it("is refused without tables, whatever was decoded before", async () => {
    const stream = encodeScene(SCENES.photo, { ...SMALL, subsampling: "4:2:0", quality: 90 });
    const tile = { ...SMALL, samples: 3, photometric: PHOTOMETRIC.ycbcr };
    await tiffPlanes(stream, tile);
    await expect(tiffPlanes(splitJpeg(stream).image, tile)).rejects.toThrow("the JPEG stream of a tile is damaged");
  });

  it("may have fill bytes and lone markers before what its stream says of itself", async () => {
    const stream = encodeScene(SCENES.photo, { ...SMALL, subsampling: "4:4:4", quality: 95 });
    const fill = Uint8Array.of(0xff, 0x01, 0xff, 0xff);
    const filled = Buffer.concat([stream.subarray(0, OPENING), fill, stream.subarray(OPENING)]);
    const tile = { ...SMALL, samples: 3, photometric: PHOTOMETRIC.rgb };
    expect(differing(await tiffPlanes(filled, tile), await tiffPlanes(stream, tile))).toBe(0);
  });
});

describe("the decoder of small JPEGs", () => {
  const frame = { width: 8, height: 8, components: 1, arithmetic: false };

  it("leaves to sharp what sharp decodes at less cost, or alone", () => {
    expect(isSmallJpeg({ ...frame, width: 256, height: 256, components: 3 })).toBe(true);
    expect(isSmallJpeg({ ...frame, width: 512, height: 512 })).toBe(true);
    expect(isSmallJpeg({ ...frame, width: 512, height: 512, components: 3 })).toBe(false);
    expect(isSmallJpeg({ ...frame, components: 2 })).toBe(false);
    expect(isSmallJpeg({ ...frame, arithmetic: true })).toBe(false);
  });

  it("decodes CMYK as it is stored", () => {
    const samples = decodeSmallJpeg(CMYK_JPEG, { ...frame, width: 16, height: 16, components: 4 });
    expect([...samples.subarray(0, 4)]).toEqual([10, 70, 130, 190]);
  });

  it("is as good, and as large, after many damaged streams", () => {
    const size = { ...SMALL, components: 1, arithmetic: false };
    const stream = encodeScene(SCENES.noise, { ...SMALL, subsampling: "gray", quality: 90 });
    const first = decodeSmallJpeg(stream, size);
    const [due, bytes] = [first.slice(), first.buffer.byteLength];
    const { image } = splitJpeg(stream);
    for (let round = 0; round < 300; round++) expect(() => decodeSmallJpeg(image, size)).toThrow(/damaged/);
    const after = decodeSmallJpeg(stream, size);
    expect(differing(after, due)).toBe(0);
    expect(after.buffer.byteLength).toBeLessThanOrEqual(bytes);
  });

  it("refuses a stream whose size is not the one that room was made for", () => {
    const stream = encodeScene(SCENES.noise, { width: 64, height: 48, subsampling: "gray", quality: 90 });
    for (const [width, height] of [
      [48, 64],
      [64, 47],
      [8, 8],
    ] as const)
      expect(() => decodeSmallJpeg(stream, { ...frame, width, height })).toThrow(/damaged/);
  });
});

describe("a tile of very many scans", () => {
  it("is refused before it is decoded", async () => {
    const side = 64;
    const stream = await sharp({ create: { width: side, height: side, channels: 3, background: "gray" } })
      .toColourspace("b-w")
      .jpeg({ progressive: true })
      .toBuffer();
    const scan = stream.subarray(stream.lastIndexOf(Buffer.of(0xff, 0xda)), -2);
    const scans = Array.from({ length: 80 }, () => scan);
    const many = Buffer.concat([stream.subarray(0, -2), ...scans, stream.subarray(-2)]);
    await expect(decodeTile(many, colours(1), side * side)).rejects.toThrow("a tile has more than 64 scans");
  });
});
