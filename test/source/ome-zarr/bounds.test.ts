import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { readMultiscale } from "../../../src/source/ome-zarr/multiscales.ts";
import { openOmeZarr } from "../../../src/source/ome-zarr/open.ts";
import { readStretch } from "../../../src/source/ome-zarr/transformations.ts";
import { MemoryFolder } from "../../fixtures/memory-folder.ts";
import { type ArraySpec, buildImage, json } from "../../fixtures/zarr-builder.ts";
import { failureOf, openFiles } from "./support.ts";

const LEVEL: ArraySpec = { shape: [2, 20, 30], chunk: [1, 16, 16] };

describe("what a chunk of an OME-Zarr image costs", () => {
  const costOf = async (spec: Partial<ArraySpec>) =>
    (await openFiles(await buildImage({ axes: "cyx", levels: [{ ...LEVEL, ...spec }] }))).info.levels[0]?.chunkBytes;

  it("is told where it holds more than a plane, all of which are decoded", async () => {
    expect(await costOf({})).toBeUndefined();
    expect(await costOf({ chunk: [2, 16, 16] })).toBe(2 * 16 * 16 * 2);
    expect(await costOf({ chunk: [2, 16, 16], type: "float32" })).toBe(2 * 16 * 16 * 4);
  });

  it("has a share of the index of its shard in it", async () => {
    // Two by two chunks and a checksum; a row of two chunks may need it.
    expect(await costOf({ shard: [1, 2, 2] })).toBe(16 * 16 * 2 + Math.ceil((4 * 16 + 4) / 2));
    expect(await costOf({ shard: [2, 1, 1], unchecked: true })).toBe(16 * 16 * 2 + 2 * 16);
  });
});

describe("the indices of shards", () => {
  it("are kept up to a number of bytes", async () => {
    const [side, across] = [1024, 6];
    const metadata = (document: Record<string, unknown>) => ({
      ...document,
      shape: [1, side, across * side],
      chunk_grid: { name: "regular", configuration: { chunk_shape: [1, side, side] } },
    });
    const one = { shape: [1, 1, 1], chunk: [1, 1, 1], shard: [1, 1, 1], unchecked: true };
    const files = new Map(await buildImage({ axes: "cyx", levels: [{ ...one, type: "uint8", metadata }] }));
    // A million chunks, none of which is stored.
    const index = new Uint8Array(side * side * 16).fill(0xff);
    for (let x = 0; x < across; x++) files.set(`0/c/0/0/${x}`, index);
    const folder = new MemoryFolder(files);
    const source = await openOmeZarr(folder);
    for (let x = 0; x < across; x++)
      expect(await source.fetch({ level: 0, group: 0, z: 0, t: 0, x: x * side, y: 5 })).toBeNull();
    expect(folder.openNow).toBeLessThanOrEqual(2);
    await source.close();
  });
});

describe("lists in metadata", () => {
  const many = 400_000;
  /** An item that says when it is looked at. */
  const watched = () => {
    let looks = 0;
    const item = new Proxy({}, { get: () => looks++, has: () => looks++ >= 0 });
    return { item, looks: () => looks };
  };

  it("that are too long are left out before their items are looked at: transformations", () => {
    const { item, looks } = watched();
    const { scale, warnings } = readStretch(new Array(many).fill(item), 2, "image");
    expect([scale, warnings.length, looks()]).toEqual([null, 1, 0]);
  });

  it.each<[string, (list: readonly object[]) => (document: Record<string, unknown>) => Record<string, unknown>]>([
    ["axes", (axes) => (document) => ({ ...document, axes })],
    ["datasets", (datasets) => (document) => ({ ...document, datasets })],
  ])("that are too long are refused before their items are looked at: %s", (_, change) => {
    const { item, looks } = watched();
    const group = { version: 3, said: "0.5" } as const;
    const sound = {
      axes: ["y", "x"].map((name) => ({ name, type: "space" })),
      datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1] }] }],
    };
    expect(() => readMultiscale(sound, group)).not.toThrow();
    expect(() => readMultiscale(change(new Array(many).fill(item))(sound) as never, group)).toThrow(
      expect.objectContaining({ code: "SOURCE_UNREADABLE", message: expect.stringMatching(/at most \d+ items/) }),
    );
    expect(looks()).toBe(0);
  });

  it("of images are refused where they name too many", async () => {
    const files = new Map([
      ["zarr.json", json({ zarr_format: 3, node_type: "group", attributes: { ome: { "bioformats2raw.layout": 3 } } })],
      [
        "OME/zarr.json",
        json({ zarr_format: 3, node_type: "group", attributes: { ome: { series: new Array(100_001).fill("0") } } }),
      ],
    ]);
    expect((await failureOf(openFiles(files))).message).toMatch(/lists 100001 images, where 100000 are the most/);
  });

  it("of documents in consolidated metadata give those that are asked for, however many others there are", async () => {
    const files = await buildImage({ axes: "cyx", levels: [LEVEL], consolidated: true });
    const group = JSON.parse(new TextDecoder().decode(files.get("zarr.json")));
    const { metadata } = group.consolidated_metadata;
    for (let index = 1; index < 50_000; index++) metadata[`n${index}`] = 0;
    files.set("zarr.json", json(group));
    files.delete("0/zarr.json");
    const source = await openFiles(files);
    expect(source.info.width).toBe(30);
    delete metadata["0"];
    files.set("zarr.json", json(group));
    await expect(openFiles(files)).rejects.toBeInstanceOf(BandloomError);
  });
});
