import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ImageInfo } from "../../../src/source/types.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG } from "../../fixtures/tiff-builder.ts";

const IMAGE: DirectorySpec = { width: 32, height: 16, type: "uint16", samples: 2, planar: true, tile: [16, 16] };

async function info(directory: DirectorySpec): Promise<ImageInfo> {
  return (await openTiff(new MemoryStore(buildTiff({ directories: [directory] })))).info;
}

describe("a file without metadata", () => {
  it("has numbered channels with neutral values", async () => {
    const { channels, depth, times, pixelSize } = await info(IMAGE);
    expect(channels.map(({ name }) => name)).toEqual(["b1", "b2"]);
    expect([depth, times, pixelSize]).toEqual([1, 1, null]);
    expect(channels[1]).toMatchObject({
      index: 1,
      dataType: "uint16",
      wavelengthNm: null,
      color: null,
      nodata: null,
      unit: null,
      scale: 1,
      offset: 0,
      window: null,
    });
  });

  it("has red, green and blue where it says that it is RGB", async () => {
    const rgb = { ...IMAGE, samples: 3, tags: { [TAG.photometric]: short(2), [TAG.extraSamples]: null } };
    expect((await info(rgb)).channels.map(({ name }) => name)).toEqual(["red", "green", "blue"]);
  });

  it.each([
    ["deflate", "deflate"],
    ["oldDeflate", "deflate"],
    ["lzw", "lzw"],
    ["zstd", "zstd"],
    ["jpeg", "jpeg"],
    ["none", "none"],
    ["packBits", "packbits"],
  ] as const)("names its codec: %s", async (codec, name) => {
    const { levels } = await info({ width: 32, height: 16, tile: [16, 16], codec });
    expect(levels[0]).toEqual({ width: 32, height: 16, chunkWidth: 16, chunkHeight: 16, codec: name });
  });

  it("tells what a chunk costs: strips that are joined, channels that are interleaved", async () => {
    const costOf = async (spec: Partial<DirectorySpec>) => {
      const { chunkReads, chunkBytes } = (await info({ width: 32, height: 40, ...spec })).levels[0] ?? {};
      return [chunkReads, chunkBytes];
    };
    expect(await costOf({ tile: [16, 16] })).toEqual([undefined, undefined]);
    expect(await costOf({ rowsPerStrip: 1 })).toEqual([40, undefined]);
    expect(await costOf({ tile: [16, 16], samples: 5, type: "uint16" })).toEqual([undefined, 5 * 16 * 16 * 2]);
    expect(await costOf({ tile: [16, 16], samples: 5, planar: true })).toEqual([undefined, undefined]);
    expect(await costOf({ rowsPerStrip: 1, samples: 3, codec: "jpeg", tile: [16, 16] })).toEqual([undefined, 768]);
  });
});

describe("GDAL's tags", () => {
  const item = (name: string, sample: number, text: string, role = "") =>
    `<Item name="${name}" sample="${sample}"${role && ` role="${role}"`}>${text}</Item>`;
  const metadata = `<GDALMetadata>
    ${item("DESCRIPTION", 0, "Red &amp; near", "description")}
    ${item("DESCRIPTION", 1, "NIR", "description")}
    ${item("SCALE", 1, "0.0001", "scale")}${item("OFFSET", 1, "-0.1", "offset")}${item("UNITTYPE", 1, "K", "unittype")}
    ${item("STATISTICS_MINIMUM", 0, "12")}${item("STATISTICS_MAXIMUM", 0, "3400.5")}
  </GDALMetadata>`;

  it("name channels and give scale, offset, unit and the window", async () => {
    const { channels } = await info({ ...IMAGE, gdalMetadata: metadata });
    expect(channels[0]).toMatchObject({ name: "Red & near", scale: 1, offset: 0, window: [12, 3400.5] });
    expect(channels[1]).toMatchObject({ name: "NIR", scale: 0.0001, offset: -0.1, unit: "K", window: null });
  });

  it.each([
    ["0", 0],
    ["-9999", -9999],
    [" 255 ", 255],
    ["1e3", 1000],
    ["nan", Number.NaN],
    ["-3.4028234663852886e+38", -3.4028234663852886e38],
  ])("state nodata: %j", async (text, nodata) => {
    const { channels } = await info({ ...IMAGE, type: "float32", nodata: text });
    expect(channels.map((channel) => channel.nodata)).toEqual([nodata, nodata]);
  });

  it("that are no number or no XML leave the image readable", async () => {
    expect((await info({ ...IMAGE, nodata: "none" })).channels[0]?.nodata).toBeNull();
    expect((await info({ ...IMAGE, gdalMetadata: "<GDALMetadata><Item" })).channels).toHaveLength(2);
  });
});

describe("OME-XML", () => {
  const xml = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="32" SizeY="16" SizeC="2" SizeZ="1" SizeT="1"
 PhysicalSizeX="0.65" PhysicalSizeXUnit="µm" PhysicalSizeY="0.7" PhysicalSizeYUnit="µm">
<Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1" Color="65535" EmissionWavelength="461" EmissionWavelengthUnit="nm"/>
<Channel ID="Channel:0:1" Name="__proto__" SamplesPerPixel="1" Color="-16776961"/><TiffData/></Pixels></Image></OME>`;

  it("gives names, wavelengths, colours and the size of a pixel", async () => {
    const plane = { ...IMAGE, samples: 1, planar: false };
    const bytes = buildTiff({ directories: [{ ...plane, description: xml }, plane] });
    const { channels, pixelSize } = (await openTiff(new MemoryStore(bytes))).info;
    expect(channels.map(({ name, wavelengthNm, color }) => [name, wavelengthNm, color])).toEqual([
      ["DAPI", 461, "#0000ff"],
      ["__proto__", null, "#ff0000"],
    ]);
    expect(pixelSize).toEqual({ x: 0.65, y: 0.7, unit: "µm" });
  });
});
