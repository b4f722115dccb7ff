import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type DataType, planeTypeOf } from "../../src/core/dtype.ts";
import { needsPython } from "../fixtures/needs.ts";
import type { DirectorySpec } from "../fixtures/tiff-builder.ts";
import { expectedPlane } from "../fixtures/tiff-pixels.ts";
import { convertFiles, firstDifference, pyramidOf, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const SIZE = { width: 513, height: 257 };

/** A Python with any of tifffile, rasterio (GDAL) and zarr. */
const PYTHON = process.env.BANDLOOM_TEST_PYTHON ?? "python3";

/** What a script prints; its argument is a path. */
function python(script: string, path: string): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-W", "ignore", "-c", script, path], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** Each level of all channels, as `sha(array)` below prints it. */
const SHA = "import sys, hashlib; path = sys.argv[1]; sha = lambda a: print(hashlib.sha256(a.tobytes()).hexdigest())\n";

function source(type: DataType) {
  const specs = [0, 1, 2].map((seed): DirectorySpec => ({ ...SIZE, type, seed, tile: [128, 128] }));
  const path = writeTiff(join(folder, `${type}.tif`), { directories: specs });
  const pyramids = specs.map((spec) => {
    return pyramidOf({ samples: expectedPlane(spec, 0), ...SIZE }, { type: planeTypeOf(type), method: "mean" });
  });
  const hashes = [0, 1, 2].map((level) => {
    const hash = createHash("sha256");
    for (const levels of pyramids) {
      const samples = levels[level]?.samples;
      if (samples) hash.update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    }
    return hash.digest("hex");
  });
  return { path, pyramids, expected: hashes.join("\n") };
}

const TYPES = ["uint8", "int16", "uint16", "uint32", "float32", "float64"] as const;
const MEAN = { downsample: "mean" } as const;

describe("libvips, by sharp", () => {
  it("reads an OME-TIFF's pages and their SubIFDs", async () => {
    const { path, pyramids } = source("uint8");
    const output = join(folder, "vips.ome.tif");
    await convertFiles([path], output, { format: "ome-tiff" });
    for (const [page, levels] of pyramids.entries()) {
      for (const [level, { samples }] of levels.entries()) {
        const input = level === 0 ? { page } : { page, subifd: level - 1 };
        const bytes = await sharp(output, input).extractChannel(0).raw().toBuffer();
        expect(firstDifference(bytes, samples)).toBeNull();
      }
    }
  });
});

describe("tifffile", needsPython("tifffile", [PYTHON]).options, () => {
  it.each(TYPES)("reads an OME-TIFF's series and its levels: %s", async (type) => {
    const { path, expected } = source(type);
    const output = join(folder, `tifffile-${type}.ome.tif`);
    await convertFiles([path], output, { format: "ome-tiff", ...MEAN });
    const script = `${SHA}import tifffile\nt = tifffile.TiffFile(path)\nassert t.is_ome and t.series[0].axes == "CYX"\nfor l in t.series[0].levels: sha(l.asarray())`;
    expect(python(script, output)).toBe(expected);
  });
});

describe("GDAL, by rasterio", needsPython("rasterio", [PYTHON]).options, () => {
  it.each(TYPES)("reads a COG and its overviews: %s", async (type) => {
    const { path, expected } = source(type);
    for (const compression of ["deflate", "zstd"] as const) {
      const output = join(folder, `gdal-${type}-${compression}.tif`);
      await convertFiles([path], output, { format: "cog", compression, ...MEAN });
      const script = `${SHA}import rasterio\nsha(rasterio.open(path).read())\nfor level in range(2): sha(rasterio.open(path, overview_level=level).read())`;
      expect(python(script, output)).toBe(expected);
    }
  });
});

describe("zarr-python", needsPython("zarr", [PYTHON]).options, () => {
  it.each(TYPES)("reads OME-Zarr of both versions, sharded or not: %s", async (type) => {
    const { path, expected } = source(type);
    const forms = [{ zarrVersion: "0.4" }, { zarrVersion: "0.5" }, { zarrVersion: "0.5", shard: 512 }] as const;
    for (const [index, form] of forms.entries()) {
      const output = join(folder, `python-${type}-${index}.zarr`);
      await convertFiles([path], output, { format: "ome-zarr", ...form, ...MEAN });
      const script = `${SHA}import zarr\ng = zarr.open_group(path, mode="r")\nfor level in "012": sha(g[level][:])`;
      expect(python(script, output)).toBe(expected);
    }
  });
});
