import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSource } from "../../src/source/index.ts";
import { effort } from "../fixtures/effort.ts";
import { openLevel, readSamples } from "../fixtures/pyramid-oracle.ts";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { expectedPlane } from "../fixtures/tiff-pixels.ts";
import { convertFiles, firstDifference, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const SIZE = { width: 300, height: 270 };

function file(name: string, spec: Partial<DirectorySpec> = {}): string {
  return writeTiff(join(folder, name), { directories: [{ ...SIZE, rowsPerStrip: 7, ...spec }] });
}

async function channelsOf(path: string) {
  const source = await openSource({ kind: "path", path, root: null, series: 0 }, { remote: null });
  await source.close();
  return source.info.channels;
}

async function namesAfter(sources: readonly string[], names?: readonly string[]): Promise<readonly string[]> {
  const path = join(folder, "names.ome.tif");
  await convertFiles(sources, path, { format: "ome-tiff", force: true, ...(names ? { names } : {}) });
  return (await channelsOf(path)).map(({ name }) => name);
}

describe("several files", () => {
  const [b02, b03] = [file("scene_B02_10m.tif", { seed: 1 }), file("scene_B03_10m.tif", { seed: 2 })];

  it("become channels named after what their file names do not share", async () => {
    expect(await namesAfter([b02, b03])).toEqual(["B02", "B03"]);
  });

  it("keep the names that their channels have", async () => {
    const named = file("named.tif", {
      gdalMetadata: '<GDALMetadata><Item name="D" sample="0" role="description">NIR</Item></GDALMetadata>',
    });
    expect(await namesAfter([named, b02])).toEqual(["NIR", "scene_B02_10m"]);
  });

  it("with channels of the same names are told apart by the files", async () => {
    const rgb = { samples: 3, tags: { 262: { type: 3, values: [2] } } };
    expect(await namesAfter([file("day.tif", rgb), file("night.tif", rgb)])).toEqual([
      ...["day red", "day green", "day blue"],
      ...["night red", "night green", "night blue"],
    ]);
  });

  it("have the names that are given, if there is one for each", async () => {
    expect(await namesAfter([b02, b03], ["Blue", "Green"])).toEqual(["Blue", "Green"]);
    await expect(namesAfter([b02, b03], ["Blue"])).rejects.toThrow("There are 2 channels and 1 names");
  });

  it("of different sizes are refused, the sizes named", async () => {
    const half = file("scene_B05_20m.tif", { width: 150, height: 135 });
    const refused = convertFiles([b02, half], join(folder, "sizes.tif"), { format: "cog" });
    await expect(refused).rejects.toThrow(
      "scene_B02_10m.tif has 300 × 270 pixels, scene_B05_20m.tif has 150 × 135 pixels",
    );
  });

  it.each([
    ["uint8", "int8", "int16"],
    ["uint16", "int16", "int32"],
    ["uint16", "float32", "float32"],
    ["int32", "float32", "float64"],
    ["uint32", "int32", "float64"],
    ["bit", "uint16", "uint16"],
  ] as const)("of types %s and %s are written as %s, every value kept", async (left, right, written) => {
    const specs = [
      { ...SIZE, type: left, seed: 5 },
      { ...SIZE, type: right, seed: 6 },
    ];
    const sources = specs.map((spec, index) => file(`${left}-${right}-${index}.tif`, spec));
    const path = join(folder, `${left}-${right}.ome.tif`);
    const report = await convertFiles(sources, path, { format: "ome-tiff" });
    expect(report.warnings).toEqual([expect.stringContaining(`are all written as ${written}`)]);
    expect((await channelsOf(path)).map(({ dataType }) => dataType)).toEqual([written, written]);
    for (const [channel, spec] of specs.entries()) {
      const found = await readSamples(await openLevel(path, channel, 0));
      expect(firstDifference(found, expectedPlane(spec, 0))).toBeNull();
    }
  });
});

describe("one file, however it lies on disk", () => {
  // Larger than a unit of work one way, so that units meet inside it; the long form either way.
  const wide = { width: 2300, height: effort(270, 2200) };
  const high = { width: effort(270, 2300), height: 2200 };
  const shapes: readonly (readonly [string, Omit<DirectorySpec, "type">])[] = [
    ["one strip", { ...wide, rowsPerStrip: 4000 }],
    ["strips of one row", { ...high, rowsPerStrip: 1 }],
    ["strips that straddle chunks", { ...high, rowsPerStrip: 100, codec: "lzw" }],
    ["tiles that straddle chunks", { ...wide, tile: [240, 48] }],
    ["interleaved samples", { ...wide, samples: effort(3, 5), tile: [64, 64], codec: "deflate", predictor: 2 }],
    ["planar samples", { ...high, samples: effort(3, 5), planar: true, rowsPerStrip: 33 }],
  ];

  it.each(shapes)("is read the same: %s", async (name, shape) => {
    const spec: DirectorySpec = { type: "uint16", ...shape };
    const source = writeTiff(join(folder, `${name}.tif`), { directories: [spec] });
    const path = join(folder, `${name}.ome.tif`);
    await convertFiles([source], path, { format: "ome-tiff", compression: "deflate", effort: 1, threads: 2 });
    for (let sample = 0; sample < (shape.samples ?? 1); sample += 2) {
      const found = await readSamples(await openLevel(path, sample, 0));
      expect(firstDifference(found, expectedPlane(spec, sample))).toBeNull();
    }
  });
});
