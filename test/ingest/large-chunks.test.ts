import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { localPath, openSource } from "../../src/source/index.ts";
import { ChunkDecoder } from "../fixtures/decode-image.ts";
import { NEEDS_REPORTED_FILES, reportedFiles } from "../fixtures/needs.ts";
import { long, TAG } from "../fixtures/tiff-builder.ts";
import { convertFiles, testFolder, writeTiff } from "./support.ts";

const folder = testFolder();
const decoder = new ChunkDecoder();
/** A little more than serving decodes at once. */
const [WIDTH, HEIGHT] = [8192, 4100];
const MARKED = { x: 5000, y: 4000 };

const samples = new Uint8Array(WIDTH * HEIGHT);
samples[MARKED.y * WIDTH + MARKED.x] = 200;
const packed = deflateSync(samples, { level: 1 });

async function expectMarked(path: string): Promise<void> {
  const source = await openSource(localPath(path), { remote: null });
  const { chunkWidth = 1, chunkHeight = 1 } = source.info.levels[0] ?? {};
  const ref = {
    level: 0,
    group: 0,
    z: 0,
    t: 0,
    x: Math.floor(MARKED.x / chunkWidth),
    y: Math.floor(MARKED.y / chunkHeight),
  };
  const planes = await decoder.decode(source, ref);
  const at = (MARKED.y % chunkHeight) * source.layout(ref).width + (MARKED.x % chunkWidth);
  expect([planes[at], planes.filter((value) => value !== 0).length]).toEqual([200, 1]);
}

describe("a chunk that is too large to be served", () => {
  it("is converted where it is the only strip of a TIFF", async () => {
    const tags = { [TAG.imageWidth]: long(WIDTH), [TAG.imageLength]: long(HEIGHT), [TAG.rowsPerStrip]: long(HEIGHT) };
    const source = writeTiff(join(folder, "strip.tif"), {
      directories: [{ width: 32, height: 32, codec: "deflate", tags, replaceChunk: () => packed }],
    });
    await expect(openSource(localPath(source), { remote: null })).rejects.toThrow("bandloom ingest");
    const path = join(folder, "strip-out.tif");
    await convertFiles([source], path, { format: "cog", chunk: 1024 });
    await expectMarked(path);
  });

  it("is converted where it is one of OME-Zarr", async () => {
    const source = join(folder, "chunk.zarr");
    mkdirSync(join(source, "0"), { recursive: true });
    const shape = [HEIGHT, WIDTH];
    const axes = ["y", "x"].map((name) => ({ name, type: "space" }));
    const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1] }] }];
    const array = { zarr_format: 2, shape, chunks: shape, dtype: "|u1", compressor: { id: "zlib" }, fill_value: 0 };
    const documents = {
      ".zgroup": { zarr_format: 2 },
      ".zattrs": { multiscales: [{ version: "0.4", axes, datasets }] },
      "0/.zarray": { ...array, filters: null, order: "C" },
    };
    for (const [name, document] of Object.entries(documents))
      writeFileSync(join(source, name), JSON.stringify(document));
    writeFileSync(join(source, "0/0.0"), packed);
    const path = join(folder, "chunk-out.zarr");
    await convertFiles([source], path, { format: "ome-zarr", chunk: 1024 });
    await expectMarked(path);
  });

  it("is converted in files that were once refused", NEEDS_REPORTED_FILES, async () => {
    const paths = { jpeg: join(folder, "one-strip.tif"), zarr: join(folder, "default-chunks.zarr") };
    await convertFiles([join(reportedFiles("bio"), "one-strip.tif")], paths.jpeg, { format: "cog" });
    await convertFiles([join(reportedFiles("bio"), "default-chunks.zarr")], paths.zarr, { format: "ome-zarr" });
    const jpeg = await openSource(localPath(paths.jpeg), { remote: null });
    const colors = await Promise.all([0, 1, 2].map((channel) => decoder.plane(jpeg, { channel, level: 4 })));
    for (const [channel, due] of [225, 160, 195].entries())
      expect(Math.abs((colors[channel]?.[100] ?? 0) - due)).toBeLessThan(4);
    const zarr = await openSource(localPath(paths.zarr), { remote: null });
    const planes = await Promise.all([0, 1].map((channel) => decoder.plane(zarr, { channel, z: 2 })));
    expect(planes.map((plane) => [plane[400 * 1100 + 400], plane[10 * 1100 + 10]])).toEqual([
      [1000, 0],
      [1007, 7],
    ]);
  });
});
