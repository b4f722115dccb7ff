import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { type DirectorySpec, long, short, TAG } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, pixel } from "../../fixtures/tiff-pixels.ts";
import { codes, openWith, tiff } from "./support.ts";

const decoder = new ChunkDecoder();
const FULL: DirectorySpec = { width: 80, height: 60, samples: 3, type: "uint16", tile: [32, 16], codec: "deflate" };
const HALF: DirectorySpec = { ...FULL, width: 40, height: 30, seed: 2, reduced: true };
const QUARTER: DirectorySpec = { ...FULL, width: 20, height: 15, seed: 3, reduced: true };

describe("overviews beside an image", () => {
  it.each([
    ["interleaved as the image is", {}, {}],
    ["plane by plane, as GDAL writes them", {}, { planar: true }],
    ["interleaved where the planes of the image lie apart", { planar: true }, {}],
    ["plane by plane as the image is", { planar: true }, { planar: true }],
    ["in strips and tiles of other sizes", {}, { tile: undefined, rowsPerStrip: 7, codec: "none" }],
  ] as const)("are levels of its pyramid: %s", async (_, image, levels) => {
    const [full, half, quarter] = [FULL, HALF, QUARTER].map((spec, level) => ({
      ...spec,
      ...(level === 0 ? image : levels),
    })) as [DirectorySpec, DirectorySpec, DirectorySpec];
    const source = await openWith({ "scan.tif": tiff(full), "scan.tif.ovr": tiff(half, quarter) });
    expect(codes(source)).toEqual([]);
    expect(source.info.levels.map(({ width }) => width)).toEqual([80, 40, 20]);
    for (const [level, spec] of [full, half, quarter].entries())
      for (const channel of [0, 1, 2])
        expect(
          planeDifference(await decoder.plane(source, { channel, level }), expectedPlane(spec, channel)),
        ).toBeNull();
  });

  it("are told where they have some of their own, which are not read", async () => {
    const files = { "scan.tif": tiff(FULL), "scan.tif.ovr": tiff(HALF), "scan.tif.ovr.ovr": tiff(QUARTER) };
    const source = await openWith(files);
    expect(source.info.levels.map(({ width }) => width)).toEqual([80, 40]);
    expect(source.info.warnings).toEqual([
      expect.objectContaining({ code: "SIDECAR_NOT_READ", message: expect.stringMatching(/\.ovr\.ovr/) }),
    ]);
  });

  it("of ERDAS Imagine are told, as far as they are of it", async () => {
    const imagine = await openWith({ "scan.tif": tiff(FULL), "scan.rrd": "EHFA_HEADER_TAG" });
    expect(imagine.info.warnings).toEqual([
      expect.objectContaining({ code: "SIDECAR_NOT_READ", message: expect.stringMatching(/ERDAS Imagine/) }),
    ]);
    const paper = await openWith({ "scan.tif": tiff(FULL), "scan.aux": "\\relax", "scan.tif.aux": "" });
    expect(codes(paper)).toEqual([]);
  });

  it("tell what reading one of their chunks costs", async () => {
    const source = await openWith({
      "scan.tif": tiff(FULL),
      "scan.tif.ovr": tiff({ ...HALF, planar: true }),
    });
    expect(source.info.levels[1]).toMatchObject({ chunkReads: 3, chunkBytes: 3 * 32 * 16 * 2 });
  });

  it("have no data where the image has none", async () => {
    const image: DirectorySpec = { ...FULL, samples: 1, sparse: (chunk) => chunk === 0 };
    const half: DirectorySpec = { ...HALF, samples: 1, sparse: (chunk) => chunk === 1 };
    const source = await openWith({ "scan.tif": tiff(image), "scan.tif.ovr": tiff(half) });
    expect(codes(source)).toEqual(["CHUNKS_MISSING", "CHUNKS_MISSING"]);
    const expected = Float32Array.from(expectedPlane(half, 0), (value, at) =>
      at % 40 >= 32 && at < 40 * 16 ? Number.NaN : value,
    );
    expect(planeDifference(await decoder.plane(source, { channel: 0, level: 1 }), expected)).toBeNull();
    expect(source.beneath?.({ level: 1, group: 0, z: 0, t: 0, x: 0, y: 0 })?.source.layout).toBeDefined();
  });

  it("hold masks of their levels", async () => {
    const mask = (spec: DirectorySpec, level: number): DirectorySpec => ({
      ...{ width: spec.width, height: spec.height, value: (x, y) => (x + y) % 2 },
      tags: { [TAG.newSubfileType]: long(4 | level), [TAG.photometric]: short(4) },
    });
    const source = await openWith({
      "scan.tif": tiff(FULL, mask(FULL, 0)),
      "scan.tif.ovr": tiff(HALF, mask(HALF, 1)),
    });
    expect(source.info.levels).toHaveLength(2);
    const expected = Float32Array.from(expectedPlane(HALF, 0), (value, at) =>
      pixel(mask(HALF, 1), at % 40, Math.floor(at / 40), 0) === 0 ? Number.NaN : value,
    );
    expect(planeDifference(await decoder.plane(source, { channel: 0, level: 1 }), expected)).toBeNull();
  });

  it("are levels of a picture", async () => {
    const png = await sharp({ create: { width: 80, height: 60, channels: 4, background: "#12345680" } })
      .png()
      .toBuffer();
    const half: DirectorySpec = { ...HALF, samples: 4, type: "uint8", planar: true, value: (x) => x + 1 };
    const source = await openWith({ "a.png": png, "a.png.ovr": tiff(half) });
    expect(source.info.levels.map(({ width }) => width)).toEqual([80, 40]);
    const plane = await decoder.plane(source, { channel: 1, level: 1 });
    expect(planeDifference(plane, Float32Array.from(expectedPlane(half, 1)))).toBeNull();
  });

  it("that are no halves are told as those in the file are", async () => {
    const third: DirectorySpec = { ...FULL, width: 27, height: 20, reduced: true };
    expect(codes(await openWith({ "scan.tif": tiff(FULL), "scan.tif.ovr": tiff(third) }))).toEqual(["LEVELS_NOT_USED"]);
  });

  it.each<[string, Uint8Array | string, RegExp]>([
    ["of another image", tiff({ ...HALF, height: 40 }), /no smaller versions of the image/],
    ["as large as the image", tiff({ ...FULL, reduced: true }), /no smaller versions of the image/],
    ["of fewer channels", tiff({ ...HALF, samples: 1 }), /other channels, or another type/],
    ["of another type", tiff({ ...HALF, type: "uint8" }), /other channels, or another type/],
    ["that are no TIFF", "Not found", /no TIFF file/],
    ["whose tiles would be gigabytes", tiff({ ...HALF, tags: { [TAG.tileWidth]: long(2 ** 24) } }), /MiB, where/],
  ])("%s are told and not used", async (_, overviews, reason) => {
    const source = await openWith({ "scan.tif": tiff(FULL), "scan.tif.ovr": overviews });
    expect(source.info.warnings).toEqual([
      { code: "SIDECAR_NOT_READ", message: expect.stringMatching(reason), channel: null },
    ]);
    expect(source.info.levels).toHaveLength(1);
    expect(planeDifference(await decoder.plane(source, { channel: 2 }), expectedPlane(FULL, 2))).toBeNull();
  });

  it("do not count where the file has some of its own", async () => {
    const own: DirectorySpec = { ...HALF, seed: 8 };
    const source = await openWith({ "scan.tif": tiff(FULL, own), "scan.tif.ovr": tiff(HALF, QUARTER) });
    expect(codes(source)).toEqual([]);
    expect(source.info.levels).toHaveLength(2);
    const plane = await decoder.plane(source, { channel: 0, level: 1 });
    expect(planeDifference(plane, expectedPlane(own, 0))).toBeNull();
  });
});
