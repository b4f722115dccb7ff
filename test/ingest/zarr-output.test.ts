import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DATA_TYPES, type DataType, planeTypeOf } from "../../src/core/dtype.ts";
import { crc32c } from "../../src/source/ome-zarr/crc32c.ts";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { expectedPlane, type PixelSpec } from "../fixtures/tiff-pixels.ts";
import { convertFiles, firstDifference, pyramidOf, testFolder, writeTiff } from "./support.ts";
import { readArray, readAttributes } from "./zarr-oracle.ts";

const folder = testFolder();

/** Odd sides, more than one chunk and three levels. */
const SIZE = { width: 513, height: 257 };

function plainChannels(type: DataType, count: number): readonly (DirectorySpec & PixelSpec)[] {
  return Array.from({ length: count }, (_, seed) => ({ ...SIZE, type, rowsPerStrip: 64, seed }));
}

async function expectPyramid(path: string, channels: readonly PixelSpec[], method: "mean" | "nearest"): Promise<void> {
  const type = planeTypeOf(channels[0]?.type ?? "uint8");
  const pyramids = channels.map((spec) => pyramidOf({ samples: expectedPlane(spec, 0), ...SIZE }, { type, method }));
  for (let level = 0; level < 3; level++) {
    const array = await readArray(path, String(level));
    expect(array.type).toBe(type);
    const due = pyramids.map((levels) => levels[level]);
    expect(array.shape).toEqual([channels.length, due[0]?.height, due[0]?.width]);
    for (const [channel, plane] of due.entries()) {
      if (!plane) throw new Error("no such level");
      const { length } = plane.samples;
      const found = Array.prototype.slice.call(array.data, channel * length, (channel + 1) * length);
      expect(firstDifference(found, plane.samples)).toBeNull();
    }
  }
}

describe.each(DATA_TYPES)("a %s image", (type) => {
  const channels = plainChannels(type, 2);
  const source = writeTiff(join(folder, `${type}.tif`), { directories: channels });
  const labels = type === "bit" || type === "uint32" || type === "int32";

  it("becomes OME-Zarr 0.5 that another reader reads the same, every level", async () => {
    const path = join(folder, `${type}.zarr`);
    const report = await convertFiles([source], path, { format: "ome-zarr" });
    expect(report).toMatchObject({ ...SIZE, channels: 2, levels: 3, chunks: 18, verified: 18 });
    await expectPyramid(path, channels, labels ? "nearest" : "mean");
  });
});

describe.each(["int8", "uint16", "uint32", "float32", "float64"] as const)("a %s image", (type) => {
  it("becomes OME-Zarr 0.4 that another reader reads the same, every level", async () => {
    const channels = plainChannels(type, 2);
    const source = writeTiff(join(folder, `${type}-04.tif`), { directories: channels });
    const path = join(folder, `${type}-04.zarr`);
    const form = { zarrVersion: "0.4", compression: "gzip", downsample: "mean" } as const;
    await convertFiles([source], path, { format: "ome-zarr", ...form });
    await expectPyramid(path, channels, "mean");
  });
});

describe("shards", () => {
  it.each(["blosc", "zstd", "gzip"] as const)("hold the same pixels in fewer files: %s", async (compression) => {
    const channels = plainChannels("uint16", 2);
    const source = writeTiff(join(folder, "shards.tif"), { directories: channels });
    const path = join(folder, `shards-${compression}.zarr`);
    await convertFiles([source], path, { format: "ome-zarr", shard: 512, compression });
    await expectPyramid(path, channels, "mean");
    const files = readdirSync(join(path, "0", "c"), { recursive: true, withFileTypes: true });
    // 2 × 1 shards of 2 × 2 chunks for each channel, where there are 3 × 2 chunks.
    expect(files.filter((entry) => entry.isFile())).toHaveLength(4);
    expect((await readArray(path, "0")).chunks).toEqual([1, 256, 256]);
  });

  it("end with a checksum of RFC 3720", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });
});

describe("chunks without data", () => {
  it.each([undefined, 512] as const)("are left out and read as no data (shard %s)", async (shard) => {
    const nodata = 7;
    const value = (x: number, y: number) => (x < 256 && y < 512 ? nodata : x + y);
    const spec: DirectorySpec = { ...SIZE, type: "uint16", value, nodata: String(nodata) };
    const source = writeTiff(join(folder, "sparse.tif"), { directories: [spec] });
    const path = join(folder, `sparse-${shard}.zarr`);
    await convertFiles([source], path, { format: "ome-zarr", ...(shard ? { shard } : {}) });
    expect(firstDifference((await readArray(path, "0")).data, expectedPlane(spec, 0))).toBeNull();
    if (shard === undefined) expect(existsSync(join(path, "0/c/0/0/0"))).toBe(false);
    expect(existsSync(join(path, "0/c/0/0/1"))).toBe(true);
  });
});

describe("metadata", () => {
  const ome = `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="Cells"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="513" SizeY="257" SizeC="2" SizeZ="3" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.25"><Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1" EmissionWavelength="461" Color="65535"/><Channel ID="Channel:0:1" Name="GFP" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>`;
  const planes = plainChannels("uint16", 6);
  const [first, ...others] = planes;
  const source = writeTiff(join(folder, "cells.ome.tif"), {
    directories: [{ ...SIZE, ...first, description: ome }, ...others],
  });

  it("tell axes, scales and channels", async () => {
    const path = join(folder, "cells.zarr");
    await convertFiles([source], path, { format: "ome-zarr" });
    const attributes = await readAttributes(path);
    expect(attributes).toMatchObject({
      ome: {
        version: "0.5",
        multiscales: [
          {
            axes: [
              { name: "c", type: "channel" },
              { name: "z", type: "space" },
              { name: "y", type: "space", unit: "micrometer" },
              { name: "x", type: "space", unit: "micrometer" },
            ],
            datasets: [
              { path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1, 0.25, 0.5] }] },
              {
                path: "1",
                coordinateTransformations: [
                  { type: "scale", scale: [1, 1, 0.5, 1] },
                  { type: "translation", translation: [0, 0, 0.125, 0.25] },
                ],
              },
              { path: "2" },
            ],
          },
        ],
        omero: {
          channels: [
            { label: "DAPI", color: "0000FF" },
            { label: "GFP", color: "FFFFFF" },
          ],
        },
      },
      bandloom: { channels: [{ wavelengthNm: 461 }, {}] },
    });
    const array = await readArray(path, "0");
    expect(array.shape).toEqual([2, 3, 257, 513]);
    expect(
      firstDifference(
        array.data,
        planes.flatMap((spec) => Array.from(expectedPlane(spec, 0))),
      ),
    ).toBeNull();
  });

  it("show each channel between the half percents of its samples", async () => {
    const path = join(folder, "ramp.zarr");
    const value = (x: number) => x;
    const ramp = writeTiff(join(folder, "ramp.tif"), {
      directories: [{ width: 201, height: 5, type: "uint16", value }],
    });
    await convertFiles([ramp], path, { format: "ome-zarr", zarrVersion: "0.4" });
    const window = { start: 1, end: 199, min: 1, max: 199 };
    expect(await readAttributes(path)).toMatchObject({ omero: { version: "0.4", channels: [{ window }] } });
  });
});

describe("the settings of a stack", () => {
  it("show each channel by all of its planes, and the middle plane first", async () => {
    const path = join(folder, "stack.zarr");
    const plane = (z: number): DirectorySpec => ({
      ...{ width: 201, height: 5, type: "uint16", value: (x) => 1000 * z + x },
      ...(z === 1 ? { description: "ImageJ=1.54f\nimages=4\nslices=4\n" } : {}),
    });
    const stack = writeTiff(join(folder, "stack.tif"), { directories: [1, 2, 3, 4].map(plane) });
    await convertFiles([stack], path, { format: "ome-zarr", zarrVersion: "0.4" });
    const window = { start: 1001, end: 4199 };
    const settings = { channels: [{ window }], rdefs: { defaultZ: 1, defaultT: 0 } };
    expect(await readAttributes(path)).toMatchObject({ omero: settings });
  });
});

describe("what has the name of the output", () => {
  const source = writeTiff(join(folder, "plain.tif"), { directories: [{ width: 20, height: 10 }] });

  it("is replaced when told so, if it is a Zarr folder", async () => {
    const path = join(folder, "old.zarr");
    await convertFiles([source], path, { format: "ome-zarr", zarrVersion: "0.4" });
    await expect(convertFiles([source], path, { format: "ome-zarr" })).rejects.toThrow("--force");
    await convertFiles([source], path, { format: "ome-zarr", force: true });
    expect(readdirSync(path).sort()).toEqual(["0", "zarr.json"]);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("is kept in any case if it is another folder", async () => {
    const path = join(folder, "precious.zarr");
    mkdirSync(path);
    writeFileSync(join(path, "thesis.txt"), "years of work");
    await expect(convertFiles([source], path, { format: "ome-zarr", force: true })).rejects.toThrow("no Zarr folder");
    expect(readdirSync(path)).toEqual(["thesis.txt"]);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });
});
