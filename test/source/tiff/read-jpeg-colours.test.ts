import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { tryImage } from "../../fixtures/hostile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";
import { CMYK_JPEG, CMYK_SIDE, cmykPixel } from "../../fixtures/tiff-cmyk-jpeg.ts";
import { splitJpeg } from "../../fixtures/tiff-encoders.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

const decoder = new ChunkDecoder();
const SIDE = 32;
/** Smooth colours: quality 100 keeps them within so many steps, also with chroma at half resolution. */
const NEAR = 6;

const RAMP = new Uint8Array(SIDE * SIDE * 3).map((_, at) => {
  const [pixel, sample] = [Math.floor(at / 3), at % 3];
  return 40 + sample * 50 + (pixel % SIDE) + Math.floor(pixel / SIDE);
});

async function open(stream: Uint8Array, samples: number, photometric: number) {
  const directory: DirectorySpec = {
    ...{ width: SIDE, height: SIDE, tile: [SIDE, SIDE] as const, samples, replaceChunk: () => stream },
    tags: { [TAG.compression]: short(7), [TAG.photometric]: short(photometric) },
  };
  return await openTiff(new MemoryStore(buildTiff({ directories: [directory] })));
}

describe("JPEG tiles", () => {
  it.each(["4:4:4", "4:2:0"])("of YCbCr are RGB, with chroma %s", async (chromaSubsampling) => {
    const stream = await sharp(RAMP, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .jpeg({ quality: 100, chromaSubsampling })
      .toBuffer();
    const source = await open(stream, 3, 6);
    expect(source.info.channels.map(({ name }) => name)).toEqual(["red", "green", "blue"]);
    for (const channel of [0, 1, 2]) {
      const plane = await decoder.plane(source, { channel });
      const worst = Math.max(
        ...plane.map((value: number, at: number) => Math.abs(value - (RAMP[at * 3 + channel] ?? 0))),
      );
      expect(worst).toBeLessThanOrEqual(NEAR);
    }
  });

  it("follow the directory, not a marker in the stream, in what their components mean", async () => {
    const stream = await sharp(RAMP, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer();
    const rgbMarker = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);
    const lying = Buffer.concat([stream.subarray(0, 2), rgbMarker, stream.subarray(2)]);
    const [plain, marked] = [await open(stream, 3, 6), await open(lying, 3, 6)];
    for (const channel of [0, 1, 2])
      expect(await decoder.plane(marked, { channel })).toEqual(await decoder.plane(plain, { channel }));
  });

  it.each([
    ["with its tables in the stream", false],
    ["with its tables in the directory", true],
  ])("of CMYK are cyan, magenta, yellow and black as stored, %s", async (_, apart) => {
    const { tables, image } = splitJpeg(CMYK_JPEG);
    const tags = apart ? { [TAG.jpegTables]: { type: 7, values: [...tables] } } : {};
    const directory: DirectorySpec = {
      ...{ width: CMYK_SIDE, height: CMYK_SIDE, tile: [CMYK_SIDE, CMYK_SIDE] as const, samples: 4 },
      replaceChunk: () => (apart ? image : CMYK_JPEG),
      tags: { [TAG.compression]: short(7), [TAG.photometric]: short(5), ...tags },
    };
    const source = await openTiff(new MemoryStore(buildTiff({ directories: [directory] })));
    expect(source.info.channels.map(({ name }) => name)).toEqual(["cyan", "magenta", "yellow", "black"]);
    for (const channel of [0, 1, 2, 3]) {
      const expected = expectedPlane({ width: CMYK_SIDE, height: CMYK_SIDE, value: cmykPixel }, channel);
      expect(planeDifference(await decoder.plane(source, { channel }), expected)).toBeNull();
    }
  });

  it.each([
    ["YCbCr without JPEG", { tags: { [TAG.photometric]: short(6) }, samples: 3 }, /YCbCr/],
    ["old-style JPEG", { tags: { [TAG.compression]: short(6) }, samples: 3 }, /old-style JPEG/],
    ["planar YCbCr", { tags: { [TAG.photometric]: short(6) }, samples: 3, planar: true, codec: "jpeg" }, /YCbCr/],
    ["two interleaved channels", { samples: 2, tags: { [TAG.compression]: short(7) } }, /2 channels/],
  ] as const)("are refused by name: %s", async (_, more, reason) => {
    const bytes = buildTiff({ directories: [{ width: SIDE, height: SIDE, tile: [SIDE, SIDE], ...more }] });
    const { refusals } = await tryImage(() => openTiff(new MemoryStore(bytes)), decoder, 4);
    expect(refusals[0]?.message).toMatch(reason);
  });
});

describe("CMYK that is not compressed as JPEG", () => {
  it("is named by its inks", async () => {
    const directory: DirectorySpec = { width: 9, height: 9, samples: 4, tags: { [TAG.photometric]: short(5) } };
    const { info } = await openTiff(new MemoryStore(buildTiff({ directories: [directory] })));
    expect(info.channels.map(({ name }) => name)).toEqual(["cyan", "magenta", "yellow", "black"]);
  });
});
