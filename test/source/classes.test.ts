import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readImageLabel } from "../../src/source/ome-zarr/image-label.ts";
import { openTiff } from "../../src/source/tiff/open.ts";
import { ChunkDecoder } from "../fixtures/decode-image.ts";
import { MemoryStore } from "../fixtures/memory-store.ts";
import { openLocal } from "../fixtures/open-local.ts";
import { buildTiff, type DirectorySpec, double, TAG } from "../fixtures/tiff-builder.ts";

const decoder = new ChunkDecoder();
const folder = mkdtempSync(join(tmpdir(), "bandloom-classes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CODES = [11, 21, 41, 42, 82, 90];
const IMAGE: DirectorySpec = {
  ...{ width: 20, height: 20, tile: [16, 16] },
  value: (x, y) => CODES[(x + y * 5) % CODES.length] ?? 0,
};

describe("a channel of classes", () => {
  it("is what GDAL calls thematic", async () => {
    const gdalMetadata = '<GDALMetadata><Item name="LAYER_TYPE" sample="0">thematic</Item></GDALMetadata>';
    const { info } = await openTiff(new MemoryStore(buildTiff({ directories: [{ ...IMAGE, gdalMetadata }] })));
    expect(info.channels[0]).toMatchObject({ kind: "categorical", classes: null });
  });

  it("is none where nothing says so", async () => {
    const { info } = await openTiff(new MemoryStore(buildTiff({ directories: [IMAGE] })));
    expect(info.channels[0]).toMatchObject({ kind: "continuous", classes: null });
  });

  it.each([
    [undefined, null],
    [{ version: "0.4" }, { kind: "categorical", classes: null }],
    [{ colors: "red" }, { kind: "categorical", classes: null }],
    [
      { colors: [{ "label-value": 70_000, rgba: [0, 255, 0, 255] }, { "label-value": 3, rgba: [255, 0, 0] }, 7] },
      {
        kind: "categorical",
        classes: [
          { value: 3, name: null, color: "#ff0000" },
          { value: 70_000, name: null, color: "#00ff00" },
        ],
      },
    ],
    [
      {
        colors: [
          { "label-value": 1, rgba: [9, 9, 9, 0] },
          { "label-value": 2, rgba: [999, 0, 0, 0] },
        ],
      },
      { kind: "categorical", classes: [{ value: 1, name: null, color: null }] },
    ],
  ])("is an image of labels: %j", (attributes, expected) => {
    expect(readImageLabel(attributes).channel).toEqual(expected);
  });

  it.each([
    [undefined, []],
    [{ version: "0.4" }, []],
    [{ colors: "red" }, [/not what OME-NGFF says/]],
    [{ colors: [{ "label-value": 3, rgba: [255, 0, 0, 0] }] }, []],
    [{ colors: [{ "label-value": 3, rgba: [255, 0, 0, 255] }] }, [/shown as numbers in gray/]],
    [{ colors: [{ "label-value": 3, rgba: [1, 2, 3] }, 7] }, [/not what OME-NGFF says/, /shown as numbers in gray/]],
  ])("says which of its colors are not shown: %j", (attributes, messages) => {
    const told = readImageLabel(attributes).warnings.map(({ message }) => message);
    expect(told).toEqual(messages.map((one) => expect.stringMatching(one)));
  });

  it("of a coarser grid is never read between two codes", async () => {
    const place = (size: number) => ({
      [TAG.modelPixelScale]: double(size, size, 0),
      [TAG.modelTiepoint]: double(0, 0, 0, 500_000, 5_000_000, 0),
    });
    const fine: DirectorySpec = { width: 40, height: 40, tile: [16, 16], tags: place(10) };
    writeFileSync(join(folder, "fine.tif"), buildTiff({ directories: [fine] }));
    writeFileSync(join(folder, "coarse.tif"), buildTiff({ directories: [{ ...IMAGE, tags: place(20) }] }));
    const found = async (kind: string) => {
      const manifest = `files:\n  - fine.tif\n  - file: coarse.tif\n    kind: ${kind}\n`;
      writeFileSync(join(folder, `${kind}.channels.yaml`), manifest);
      const source = await openLocal(join(folder, `${kind}.channels.yaml`));
      const plane = await decoder.plane(source, { channel: 1 });
      await source.close();
      return [source.info.channels[1]?.kind, [...plane].every((value) => CODES.includes(value))];
    };
    expect(await found("categorical")).toEqual(["categorical", true]);
    expect(await found("continuous")).toEqual(["continuous", false]);
  });
});
