import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChannelSet } from "../../../src/source/channel-set/open.ts";
import { parseChannelSet } from "../../../src/source/channel-set/parse.ts";
import type { ImageInfo, ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder, planeDifference } from "../../fixtures/decode-image.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { buildTiff, type DirectorySpec, double, short, TAG, type TiffSpec } from "../../fixtures/tiff-builder.ts";
import { TiffOracle } from "../../fixtures/tiff-oracle.ts";
import { expectedPlane } from "../../fixtures/tiff-pixels.ts";

/** Files built like the real images of read-real.test.ts, which lie beside few checkouts: whole files, and a second reader. */

const decoder = new ChunkDecoder();
const folder = mkdtempSync(join(tmpdir(), "bandloom-oracle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, spec: TiffSpec): string {
  const path = join(folder, name);
  writeFileSync(path, buildTiff(spec));
  return path;
}

const halved = (side: number, level: number) => Math.ceil(side / 2 ** level);
const ome = (attributes: string, channels: string) =>
  `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" ${attributes}>${channels}<TiffData/></Pixels></Image></OME>`;

const BANDS = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12".split(" ");
const GDAL = `<GDALMetadata>${BANDS.map((name, sample) => `<Item name="DESCRIPTION" sample="${sample}" role="description">${name}</Item>`).join("")}</GDALMetadata>`;
const PLACE = {
  [TAG.modelPixelScale]: double(160, 160, 0),
  [TAG.modelTiepoint]: double(0, 0, 0, 399_960, 4_800_000, 0),
  [TAG.geoKeyDirectory]: short(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32_619),
};

/** Planar bands of a satellite, with two overviews of rounded sizes. */
const SWATH = [0, 1, 2].map((level): DirectorySpec => {
  const common = { samples: 13, planar: true, type: "uint16", tile: [64, 64], codec: "deflate", predictor: 2 } as const;
  const first = level === 0 ? { gdalMetadata: GDAL, tags: PLACE } : { reduced: true };
  return { width: halved(171, level), height: halved(169, level), ...common, nodata: "0", seed: level, ...first };
});

/** Interleaved strips, with overviews down to a few pixels. */
const STRIPS = [0, 1, 2, 3, 4].map((level): DirectorySpec => {
  const size = { width: halved(175, level), height: halved(176, level) };
  return { ...size, samples: 6, rowsPerStrip: 7, codec: "lzw", seed: level, reduced: level > 0 };
});

/** A pyramid of SubIFDs for each channel. */
const CELLS = ["DNA", "FITC", "Rhodamine"].map((_, seed): DirectorySpec => {
  const level = (at: number): DirectorySpec => {
    const size = { width: halved(300, at), height: halved(301, at) };
    return { ...size, tile: [64, 64], codec: "deflate", seed: seed + 10 * at, reduced: at > 0 };
  };
  const channels = ["DNA", "FITC", "Rhodamine"].map((name) => `<Channel Name="${name}"/>`).join("");
  const sizes = 'DimensionOrder="XYCZT" Type="uint8" SizeX="300" SizeY="301" SizeC="3" SizeZ="1" SizeT="1"';
  return { ...level(0), children: [level(1), level(2)], ...(seed === 0 ? { description: ome(sizes, channels) } : {}) };
});

const STACK_SIZES = 'DimensionOrder="XYZCT" Type="int8" SizeX="61" SizeY="37" SizeC="3" SizeZ="5" SizeT="1"';
/** Planes of a stack of signed bytes, five of each channel. */
const STACK = Array.from({ length: 15 }, (_, seed): DirectorySpec => {
  const description = seed === 0 ? { description: ome(STACK_SIZES, "") } : {};
  return { width: 61, height: 37, type: "int8", rowsPerStrip: 5, seed, ...description };
});

interface PlaneAt {
  readonly channel: number;
  readonly level: number;
  readonly z: number;
}

function* planes(info: ImageInfo): Generator<PlaneAt> {
  for (const { index: channel } of info.channels)
    for (const level of info.levels.keys()) for (let z = 0; z < info.depth; z++) yield { channel, level, z };
}

/** The description of the directory in which a plane lies, the place of that directory, and the plane's sample in it. */
interface Stored {
  readonly spec: DirectorySpec | undefined;
  readonly directory: number;
  readonly child?: number;
  readonly sample?: number;
}

interface Built {
  readonly name: string;
  readonly file: TiffSpec;
  readonly channels: readonly string[];
  readonly widths: readonly number[];
  readonly stored: (at: PlaneAt) => Stored;
  /** False: geotiff.js fails on long index arrays of big-endian files. */
  readonly hasOracle: boolean;
}

const BUILT: readonly Built[] = [
  {
    name: "planar bands with overviews",
    file: { directories: SWATH },
    channels: BANDS,
    widths: [171, 86, 43],
    stored: ({ channel, level }) => ({ spec: SWATH[level], directory: level, sample: channel }),
    hasOracle: true,
  },
  {
    name: "interleaved strips with overviews",
    file: { directories: STRIPS },
    channels: ["b1", "b2", "b3", "b4", "b5", "b6"],
    widths: [175, 88, 44, 22, 11],
    stored: ({ channel, level }) => ({ spec: STRIPS[level], directory: level, sample: channel }),
    hasOracle: true,
  },
  {
    name: "an OME-TIFF with a pyramid for each channel",
    file: { big: true, directories: CELLS },
    channels: ["DNA", "FITC", "Rhodamine"],
    widths: [300, 150, 75],
    stored: ({ channel, level }) => {
      const full = CELLS[channel];
      if (level === 0) return { spec: full, directory: channel };
      return { spec: full?.children?.[level - 1], directory: channel, child: level - 1 };
    },
    hasOracle: true,
  },
  {
    name: "a big-endian OME stack of signed bytes",
    file: { order: "MM", directories: STACK },
    channels: ["b1", "b2", "b3"],
    widths: [61],
    stored: ({ channel, z }) => ({ spec: STACK[channel * 5 + z], directory: channel * 5 + z }),
    hasOracle: false,
  },
];

describe.each(BUILT)("$name", ({ name, file, channels, widths, stored }) => {
  let source: ImageSource;
  beforeAll(async () => {
    source = await openLocal(write(`${name}.tif`, file));
  });
  afterAll(() => source.close());

  it("has the channels, type and levels that its description says", () => {
    const { info } = source;
    expect(info.channels.map((channel) => channel.name)).toEqual(channels);
    const type = file.directories[0]?.type ?? "uint8";
    expect(info.channels.map(({ dataType }) => dataType)).toEqual(channels.map(() => type));
    expect(info.levels.map(({ width }) => width)).toEqual(widths);
  });

  it("has in every plane the pixels that were written", async () => {
    for (const at of planes(source.info)) {
      const { spec, sample = 0 } = stored(at);
      if (!spec) throw new Error("no such plane");
      const difference = planeDifference(await decoder.plane(source, at), expectedPlane(spec, sample));
      expect({ ...at, difference }).toEqual({ ...at, difference: null });
    }
  });
});

describe("another reader", () => {
  it.each(BUILT.filter(({ hasOracle }) => hasOracle))("sees the same pixels in every plane of $name", async (built) => {
    const path = write(`${built.name}, again.tif`, built.file);
    const [source, oracle] = await Promise.all([openLocal(path), TiffOracle.open(path)]);
    for (const at of planes(source.info)) {
      const { sample, ...place } = built.stored(at);
      const difference = planeDifference(await decoder.plane(source, at), await oracle.plane(place, sample));
      expect({ ...at, difference }).toEqual({ ...at, difference: null });
    }
    await Promise.all([source.close(), oracle.close()]);
  });
});

describe("a pyramid for each channel", () => {
  it("is what libvips sees, page by page and level by level", async () => {
    const path = write("vips.ome.tif", { big: true, directories: CELLS });
    const source = await openLocal(path);
    for (const [page] of CELLS.entries())
      for (const level of [0, 1, 2]) {
        const input = level === 0 ? { page } : { page, subifd: level - 1 };
        const theirs = new Uint8Array(await sharp(path, input).extractChannel(0).raw().toBuffer());
        expect(planeDifference(await decoder.plane(source, { channel: page, level }), theirs)).toBeNull();
      }
    await source.close();
  });
});

describe("what is known in closed form", () => {
  it("are the least and the greatest number and the mean of a slope, as a third program would find them", async () => {
    const [width, height] = [200, 150];
    const slope: DirectorySpec = {
      width,
      height,
      type: "uint16",
      tile: [64, 64],
      codec: "zstd",
      value: (x, y) => x + y,
    };
    const source = await openLocal(write("slope.tif", { directories: [slope] }));
    const plane = Array.from(await decoder.plane(source, { channel: 0 }));
    const sum = plane.reduce((all, value) => all + value, 0);
    expect([Math.min(...plane), Math.max(...plane)]).toEqual([0, width + height - 2]);
    expect(sum / plane.length).toBe((width + height) / 2 - 1);
    await source.close();
  });

  it("are the no data of every band of a swath, and the five planes of a stack", async () => {
    const [swath, stack] = await Promise.all([
      openLocal(write("swath.tif", { directories: SWATH })),
      openLocal(write("stack.ome.tif", { order: "MM", directories: STACK })),
    ]);
    expect(swath.info.channels.map(({ nodata }) => nodata)).toEqual(BANDS.map(() => 0));
    expect(stack.info).toMatchObject({ width: 61, height: 37, depth: 5, times: 1 });
    await Promise.all([swath.close(), stack.close()]);
  });
});

describe("files on disk as channel sets", () => {
  it("are the stains of one plate, each in a file of its own with strips of its own", async () => {
    const stains: readonly DirectorySpec[] = [
      { width: 130, height: 120, rowsPerStrip: 7, codec: "packBits", seed: 1 },
      { width: 130, height: 120, rowsPerStrip: 16, codec: "lzw", seed: 2 },
      { width: 130, height: 120, seed: 3 },
    ];
    for (const [index, spec] of stains.entries()) write(`plate_f00d${index}.tif`, { directories: [spec] });
    const manifest = "pattern: plate_f00{channel}.tif\nchannels: [d0, { channel: d1, name: actin }, d2]";
    const set = await openChannelSet(parseChannelSet(manifest), (file) => openLocal(join(folder, file)));
    expect(set.info).toMatchObject({ width: 130, height: 120 });
    expect(set.info.channels.map(({ name, masked }) => [name, masked])).toEqual([
      ["d0", false],
      ["actin", false],
      ["d2", false],
    ]);
    for (const [channel, spec] of stains.entries())
      expect(planeDifference(await decoder.plane(set, { channel }), expectedPlane(spec, 0))).toBeNull();
    await set.close();
  });

  it("keep the georeference of the finest, and lie on its levels", async () => {
    const path = write("pyramid.tif", { directories: SWATH });
    const manifest = "files:\n- { file: a.tif, channels: [B04, B03, B02] }\n- { file: b.tif, channel: B08, name: nir }";
    const set = await openChannelSet(parseChannelSet(manifest), () => openLocal(path));
    const alone = await openLocal(path);
    expect(set.info.georeference).toMatchObject({ crs: "EPSG:32619", affine: [160, 0, 399_960, 0, -160, 4_800_000] });
    expect(set.info.georeference).toEqual(alone.info.georeference);
    expect(set.info.levels).toEqual(alone.info.levels);
    for (const [level, spec] of SWATH.entries())
      expect(planeDifference(await decoder.plane(set, { channel: 3, level }), expectedPlane(spec, 7))).toBeNull();
    await Promise.all([set.close(), alone.close()]);
  });
});
