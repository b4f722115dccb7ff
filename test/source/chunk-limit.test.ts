import { describe, expect, it } from "vitest";
import { CONVERTED_CHUNK_MIB } from "../../src/source/chunk-limit.ts";
import { openOmeZarr } from "../../src/source/ome-zarr/open.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { MemoryFolder } from "../fixtures/memory-folder.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, long, TAG } from "../fixtures/tiff-builder.ts";

/** A file that claims to be larger than it is: what is too large is refused before it is read. */
function claimed(width: number, height: number, more: Partial<DirectorySpec> = {}): MemoryStore {
  const tags = { [TAG.imageWidth]: long(width), [TAG.imageLength]: long(height), [TAG.rowsPerStrip]: long(height) };
  const spec: DirectorySpec = { width: 32, height: 32, codec: "deflate", ...more, tags: { ...tags, ...more.tags } };
  return new MemoryStore(buildTiff({ directories: [spec] }));
}

function zarr(side: number): MemoryFolder {
  const array = {
    ...{ zarr_format: 2, shape: [side, side], chunks: [side, side], dtype: "|u1", compressor: null, fill_value: 0 },
    ...{ filters: null, order: "C" },
  };
  const axes = ["y", "x"].map((name) => ({ name, type: "space" }));
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1] }] }];
  const documents = { ".zattrs": { multiscales: [{ version: "0.4", axes, datasets }] }, "0/.zarray": array };
  return new MemoryFolder(
    new Map(Object.entries(documents).map(([path, one]) => [path, Buffer.from(JSON.stringify(one))])),
  );
}

const TILE = { [TAG.tileWidth]: long(8000), [TAG.tileLength]: long(8000) };

describe("what is too large to decode at once", () => {
  it("is called by the word of its format, with the conversion that works", async () => {
    const remedy = "where 32 are the most; convert it: bandloom ingest";
    await expect(openTiff(claimed(6000, 6000))).rejects.toThrow(`one of its strips has 35 MiB, ${remedy}`);
    await expect(openTiff(claimed(8000, 8000, { tile: [32, 32], tags: TILE }))).rejects.toThrow(
      `one of its tiles has 62 MiB, ${remedy}`,
    );
    await expect(openOmeZarr(zarr(6000))).rejects.toThrow(`one of its chunks has 35 MiB, ${remedy}`);
  });

  it("is opened for conversion", async () => {
    const most = CONVERTED_CHUNK_MIB;
    expect((await openTiff(claimed(6000, 6000), { mostChunkMiB: most })).info.width).toBe(6000);
    expect((await openOmeZarr(zarr(6000), 0, most)).info.width).toBe(6000);
  });

  it("has another next step where conversion cannot read it either", async () => {
    const most = CONVERTED_CHUNK_MIB;
    for (const mostChunkMiB of [undefined, most]) {
      const limits = mostChunkMiB === undefined ? {} : { mostChunkMiB };
      const bound = mostChunkMiB ?? 32;
      await expect(openTiff(claimed(40_000, 40_000), limits)).rejects.toThrow(
        `one of its strips has 1526 MiB, where ${bound} are the most; write it anew in tiles: gdal_translate -co TILED=YES`,
      );
      await expect(openOmeZarr(zarr(40_000), 0, mostChunkMiB)).rejects.toThrow(
        "write it anew with chunks of one plane",
      );
    }
  });
});
