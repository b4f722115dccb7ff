import { join } from "node:path";
import { fromFile } from "geotiff";
import { describe, expect, it } from "vitest";
import { DATA_TYPES, type DataType, planeTypeOf } from "../../src/core/dtype.ts";
import { openLevel, readDescription, readSamples } from "../fixtures/pyramid-oracle.ts";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { expectedPlane, type PixelSpec } from "../fixtures/tiff-pixels.ts";
import { convertFiles, firstDifference, pyramidOf, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();

/** Odd sides, more than one chunk and three levels. */
const SIZE = { width: 513, height: 257 };

function plainChannels(type: DataType, count: number): readonly (DirectorySpec & PixelSpec)[] {
  return Array.from({ length: count }, (_, seed) => ({ ...SIZE, type, tile: [128, 128], seed, codec: "deflate" }));
}

/** Samples of a level of a COG, as geotiff.js reads them. */
async function cogLevel(path: string, level: number, channel: number): Promise<ArrayLike<number>> {
  const image = await (await fromFile(path)).getImage(level);
  const [samples = []] = (await image.readRasters({ samples: [channel] })) as unknown as ArrayLike<number>[];
  return samples;
}

describe.each(DATA_TYPES)("a %s image", (type) => {
  const channels = plainChannels(type, 2);
  const source = writeTiff(join(folder, `${type}.tif`), { directories: channels });
  const labels = type === "bit" || type === "uint32" || type === "int32";

  it("becomes an OME-TIFF that another reader reads the same at full resolution and at every coarser level", async () => {
    const path = join(folder, `${type}-out.ome.tif`);
    const report = await convertFiles([source], path, { format: "ome-tiff" });
    expect(report).toMatchObject({ ...SIZE, channels: 2, levels: 3, chunks: 2 * (6 + 2 + 1), verified: 18 });
    for (const [channel, spec] of channels.entries()) {
      const method = labels ? "nearest" : "mean";
      const levels = pyramidOf({ samples: expectedPlane(spec, 0), ...SIZE }, { type: planeTypeOf(type), method });
      for (const [level, { samples, width, height }] of levels.entries()) {
        const image = await openLevel(path, channel, level);
        expect([image.getWidth(), image.getHeight()]).toEqual([width, height]);
        expect(firstDifference(await readSamples(image), samples)).toBeNull();
      }
    }
  });

  it("becomes a COG that another reader reads the same, its means made of labels too when asked for", async () => {
    const path = join(folder, `${type}-out.tif`);
    await convertFiles([source], path, { format: "cog", downsample: "mean" });
    for (const [channel, spec] of channels.entries()) {
      const levels = pyramidOf({ samples: expectedPlane(spec, 0), ...SIZE }, { type: planeTypeOf(type) });
      for (const [level, { samples }] of levels.entries()) {
        expect(firstDifference(await cogLevel(path, level, channel), samples)).toBeNull();
      }
    }
  });
});

describe("what lies where in a COG", () => {
  it("is directories and indices first, then pixels from the coarsest level to the finest", async () => {
    const source = writeTiff(join(folder, "order.tif"), { directories: plainChannels("uint16", 3) });
    const path = join(folder, "order-out.tif");
    await convertFiles([source], path, { format: "cog" });
    const tiff = await fromFile(path);
    const offsets: number[][] = [];
    for (let level = 0; level < 3; level++) {
      const { fileDirectory } = await tiff.getImage(level);
      offsets.push(Array.from((await fileDirectory.loadValue("TileOffsets")) as ArrayLike<number>, Number));
      expect(await fileDirectory.loadValue("NewSubfileType")).toBe(level === 0 ? 0 : 1);
      expect(await fileDirectory.loadValue("PlanarConfiguration")).toBe(2);
    }
    const inOrder = [...offsets].reverse().flat();
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    // The head is what a reader fetches once: nothing of it lies behind the first tile.
    expect(inOrder[0]).toBeLessThan(8192);
  });
});

describe("red, green and blue", () => {
  it("are colours to other readers, and what comes behind them is not", async () => {
    const rgb = { 262: { type: 3, values: [2] }, 338: { type: 3, values: [0] } };
    const spec: DirectorySpec = { ...SIZE, samples: 4, rowsPerStrip: 20, tags: rgb };
    const path = join(folder, "rgb-out.tif");
    const source = writeTiff(join(folder, "rgb.tif"), { directories: [spec] });
    await convertFiles([source], path, { format: "cog", names: ["red", "green", "blue", "height"] });
    const image = await (await fromFile(path)).getImage(1);
    expect(await image.fileDirectory.loadValue("PhotometricInterpretation")).toBe(2);
    expect(Array.from((await image.fileDirectory.loadValue("ExtraSamples")) as ArrayLike<number>)).toEqual([0]);
    for (const channel of [0, 1, 2, 3]) {
      const found = await cogLevel(path, 0, channel);
      expect(firstDifference(found, expectedPlane(spec, channel))).toBeNull();
    }
  });
});

describe("no data", () => {
  const nodata = 128;
  const value = (x: number, y: number) => (((x >> 1) + (y >> 1)) % 3 === 0 ? nodata : 127 + 2 * ((x + y) % 2));

  it("drops out of means, and a mean that would read as no data does not arise", async () => {
    const spec: DirectorySpec = { ...SIZE, type: "uint8", value };
    const source = writeTiff(join(folder, "nodata.tif"), { directories: [{ ...spec, nodata: String(nodata) }] });
    const path = join(folder, "nodata-out.tif");
    await convertFiles([source], path, { format: "cog" });
    const levels = pyramidOf({ samples: expectedPlane(spec, 0), ...SIZE }, { type: "uint8", nodata });
    expect(levels[1]?.samples).toContain(129);
    for (const [level, { samples }] of levels.entries()) {
      expect(firstDifference(await cogLevel(path, level, 0), samples)).toBeNull();
      const image = await (await fromFile(path)).getImage(level);
      expect(image.getGDALNoData()).toBe(nodata);
    }
  });

  it("that differs between channels is refused where a file has one for all", async () => {
    const source = writeTiff(join(folder, "two-nodata.tif"), {
      directories: [
        { ...SIZE, nodata: "0" },
        { ...SIZE, nodata: "255" },
      ],
    });
    const outputs = [join(folder, "two.tif"), join(folder, "two.ome.tif")] as const;
    await expect(convertFiles([source], outputs[0], { format: "cog" })).rejects.toThrow(
      "different values for no data (0, 255)",
    );
    await convertFiles([source], outputs[1], { format: "ome-tiff" });
    expect((await openLevel(outputs[1], 0, 0)).getGDALNoData()).toBe(0);
    expect((await openLevel(outputs[1], 1, 0)).getGDALNoData()).toBe(255);
  });
});

describe("z and t planes", () => {
  const planes = plainChannels("uint8", 12);
  const ome = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZTC" Type="uint8" SizeX="513" SizeY="257" SizeC="2" SizeZ="3" SizeT="2" PhysicalSizeX="0.5" PhysicalSizeY="0.25"><Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1" EmissionWavelength="461" Color="65535"/><Channel ID="Channel:0:1" Name="GFP" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>`;
  const [first, ...others] = planes;
  const source = writeTiff(join(folder, "stack.ome.tif"), {
    directories: [{ ...SIZE, ...first, description: ome }, ...others],
  });

  it("are kept, whatever their order was, with what OME-XML tells of channels and pixels", async () => {
    const path = join(folder, "stack-out.ome.tif");
    await convertFiles([source], path, { format: "ome-tiff" });
    for (let t = 0; t < 2; t++) {
      for (let z = 0; z < 3; z++) {
        for (let c = 0; c < 2; c++) {
          const spec = planes[(c * 2 + t) * 3 + z];
          const found = await readSamples(await openLevel(path, (t * 3 + z) * 2 + c, 0));
          expect(spec && firstDifference(found, expectedPlane(spec, 0))).toBeNull();
        }
      }
    }
    const xml = await readDescription(path);
    expect(xml).toContain('SizeC="2" SizeZ="3" SizeT="2"');
    expect(xml).toContain('PhysicalSizeX="0.5" PhysicalSizeXUnit="µm" PhysicalSizeY="0.25"');
    expect(xml).toContain(
      'Name="DAPI" SamplesPerPixel="1" EmissionWavelength="461" EmissionWavelengthUnit="nm" Color="65535"',
    );
  });

  it("have no place in a plain TIFF", async () => {
    const refused = convertFiles([source], join(folder, "stack-out.tif"), { format: "cog" });
    await expect(refused).rejects.toThrow("3 z and 2 t planes");
  });
});
