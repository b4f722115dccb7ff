import { existsSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { needs, sharedData } from "../../fixtures/needs.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { type DirectorySpec, long, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../../fixtures/tiff-pixels.ts";
import { codes, openWith, tiff } from "./support.ts";

const decoder = new ChunkDecoder();
const RGB: DirectorySpec = { width: 70, height: 50, samples: 3, tile: [32, 16], codec: "deflate" };
const ONE: DirectorySpec = { ...RGB, samples: 1 };
const MASK: DirectorySpec = {
  ...{ width: 70, height: 50, codec: "deflate", tile: [48, 64] },
  value: (x, y, sample) => ((x + y * 3 + sample * 5) % 7 === 0 ? 0 : 255),
};
const FLAGS = (flags: number, bands = 3) =>
  `<GDALMetadata>${Array.from({ length: bands }, (_, at) => `<Item name="INTERNAL_MASK_FLAGS_${at + 1}">${flags}</Item>`).join("")}</GDALMetadata>`;

/** What a reader has to see: NaN where a sample of the mask is 0. */
function masked(image: DirectorySpec, channel: number, mask: DirectorySpec, sample = 0): Float32Array {
  return Float32Array.from(expectedPlane(image, channel), (value, at) =>
    pixel(mask, at % image.width, Math.floor(at / image.width), sample) === 0 ? Number.NaN : value,
  );
}

const GDAL_MASK = sharedData("../inputs/geo/external-mask.tif");
const NEEDS_MASK = needs(
  existsSync(GDAL_MASK),
  "a mask of GDAL's: external-mask.tif in the folder inputs/geo beside the real images",
);

describe("a mask beside an image", () => {
  it("of GDAL's own leaves out what GDAL leaves out", NEEDS_MASK, async () => {
    const source = await openLocal(GDAL_MASK);
    const plane = await decoder.plane(source, { channel: 2 });
    await source.close();
    expect([...plane].filter(Number.isNaN)).toHaveLength(1500);
    expect(codes(source)).toEqual([]);
  });

  it.each<[string, DirectorySpec, DirectorySpec]>([
    ["of bytes", RGB, { ...MASK, gdalMetadata: FLAGS(2) }],
    ["of bytes, without metadata", RGB, MASK],
    ["of bits", RGB, { ...MASK, type: "bit", value: (x, y) => ((x + y) % 3 === 0 ? 0 : 1) }],
    ["over planes that lie apart", { ...RGB, planar: true }, MASK],
    ["of several bands of which the first counts", RGB, { ...MASK, samples: 3, planar: true, gdalMetadata: FLAGS(2) }],
  ])("is applied to every channel: %s", async (_, image, mask) => {
    const source = await openWith({ "scan.tif": tiff(image), "scan.tif.msk": tiff(mask) });
    expect(codes(source)).toEqual([]);
    for (const channel of [0, 1, 2]) {
      expect(source.info.channels[channel]).toMatchObject({ masked: true, dataType: "uint8" });
      const plane = await decoder.plane(source, { channel });
      expect(planeDifference(plane, masked(image, channel, mask))).toBeNull();
    }
  });

  it.each([
    ["interleaved", RGB, true],
    ["apart", { ...RGB, planar: true }, true],
    ["apart, in an interleaved mask", { ...RGB, planar: true }, false],
  ] as const)("has a band for each channel: %s", async (_, image, planar) => {
    const mask: DirectorySpec = { ...MASK, samples: 3, planar, gdalMetadata: FLAGS(0) };
    const source = await openWith({ "scan.tif": tiff(image), "scan.tif.msk": tiff(mask) });
    expect(codes(source)).toEqual([]);
    for (const channel of [0, 1, 2]) {
      const plane = await decoder.plane(source, { channel });
      expect(planeDifference(plane, masked(image, channel, mask, channel))).toBeNull();
    }
  });

  it("has levels, in its file or in one of their own", async () => {
    const half: DirectorySpec = { ...ONE, width: 35, height: 25, seed: 2, reduced: true };
    const halfMask: DirectorySpec = { ...MASK, width: 35, height: 25, seed: 3, reduced: true };
    for (const files of [
      { "scan.tif.msk": tiff(MASK, halfMask) },
      { "scan.tif.msk": tiff(MASK), "scan.tif.msk.ovr": tiff(halfMask) },
    ]) {
      const source = await openWith({ "scan.tif": tiff(ONE, half), ...files });
      expect(source.info.levels).toHaveLength(2);
      const plane = await decoder.plane(source, { channel: 0, level: 1 });
      expect(planeDifference(plane, masked(half, 0, halfMask))).toBeNull();
    }
  });

  it("covers the codes and the colors of a palette", async () => {
    const colors = Array.from({ length: 768 }, (_, at) => (at % 256) * 257);
    const image: DirectorySpec = { ...ONE, tags: { [TAG.photometric]: short(3), [TAG.colorMap]: short(...colors) } };
    const inner: DirectorySpec = { ...MASK, tags: { [TAG.newSubfileType]: long(4) } };
    for (const files of [{ "scan.tif": tiff(image), "scan.tif.msk": tiff(MASK) }, { "scan.tif": tiff(image, inner) }]) {
      const source = await openWith(files);
      for (const channel of [0, 1, 3])
        expect(planeDifference(await decoder.plane(source, { channel }), masked(ONE, 0, MASK))).toBeNull();
    }
  });

  it("is applied to a picture", async () => {
    const pixels = Buffer.from(Array.from({ length: 70 * 50 * 3 }, (_, at) => (at * 7) % 256));
    const raw = { width: 70, height: 50, channels: 3 } as const;
    const png = await sharp(pixels, { raw }).png().toBuffer();
    const source = await openWith({ "scan.png": png, "scan.png.msk": tiff(MASK) });
    expect(codes(source)).toEqual([]);
    const expected = Float32Array.from({ length: 70 * 50 }, (_, at) =>
      pixel(MASK, at % 70, Math.floor(at / 70), 0) === 0 ? Number.NaN : (pixels[at * 3 + 1] ?? 0),
    );
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), expected)).toBeNull();
  });

  it.each<[string, Uint8Array | string, RegExp]>([
    ["of another size", tiff({ ...MASK, width: 69 }), /it has another size/],
    ["of 16 bits", tiff({ ...MASK, type: "uint16" }), /not of 1 or 8 bits/],
    ["of two bands", tiff({ ...MASK, samples: 2, planar: true }), /2 bands, where the image has 3 channels/],
    ["that is no TIFF", "Not found", /no TIFF file/],
    ["that is empty", "", /too short/],
    ["that is cut off", tiff(MASK).subarray(0, 60), /past its end/],
  ])("%s is told and not applied", async (_, mask, reason) => {
    const source = await openWith({ "scan.tif": tiff(RGB), "scan.tif.msk": mask });
    expect(source.info.warnings).toEqual([
      { code: "SIDECAR_NOT_READ", message: expect.stringMatching(reason), channel: null },
    ]);
    expect(planeDifference(await decoder.plane(source, { channel: 1 }), expectedPlane(RGB, 1))).toBeNull();
  });

  it("whose directories come back to themselves is not applied", async () => {
    const loop = tiff(MASK);
    const view = new DataView(loop.buffer, loop.byteOffset);
    const first = view.getUint32(4, true);
    view.setUint32(first + 2 + 12 * view.getUint16(first, true), first, true);
    const source = await openWith({ "scan.tif": tiff(RGB), "scan.tif.msk": loop });
    expect(source.info.warnings[0]?.message).toMatch(/form a loop; nothing is transparent by it\./);
  });

  it("is not needed where the file has one of its own", async () => {
    const own: DirectorySpec = { ...MASK, seed: 9, value: (x) => x % 2, tags: { [TAG.newSubfileType]: long(4) } };
    const source = await openWith({ "scan.tif": tiff(ONE, own), "scan.tif.msk": tiff(MASK) });
    expect(source.info.warnings[0]?.message).toMatch(/the file has one of its own/);
    expect(planeDifference(await decoder.plane(source, { channel: 0 }), masked(ONE, 0, own))).toBeNull();
  });

  it("does not belong to an image of several directories, or to the second image of a file", async () => {
    const label: DirectorySpec = { ...ONE, width: 30, height: 41, type: "uint16" };
    const source = await openWith({ "scan.tif": tiff(ONE, ONE), "scan.tif.msk": tiff(MASK) });
    expect(source.info.warnings[0]?.message).toMatch(/it is of one directory, and the image has several/);
    const second = await openWith({ "scan.tif": tiff(ONE, label), "scan.tif.msk": tiff(MASK) }, 1);
    expect([codes(second), second.info.width, second.info.channels[0]?.masked]).toEqual([[], 30, false]);
  });
});
