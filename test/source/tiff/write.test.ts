import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromFile } from "geotiff";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { levelSize, tileGrid } from "../../../src/core/geometry.ts";
import { type PyramidLayout, PyramidTiffWriter } from "../../../src/source/tiff/write.ts";
import type { Samples } from "../../../src/source/tiff/write-downsample.ts";
import { omeXml } from "../../../src/source/tiff/write-ome-xml.ts";
import { encodeTile } from "../../../src/source/tiff/write-tile.ts";
import { openLevel, readDescription, readSamples } from "../../fixtures/pyramid-oracle.ts";

const LAYOUT: PyramidLayout = {
  width: 150,
  height: 90,
  tileSize: 32,
  type: "uint8",
  compression: "deflate",
  planes: 3,
  levels: 3,
  description: "a pyramid",
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-write-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A value that no other pixel nearby, level or channel has. */
function sample(channel: number, level: number, x: number, y: number): number {
  return x * 7 + y * 13 + channel * 57 + level * 101;
}

async function writePyramid(path: string, layout: PyramidLayout): Promise<void> {
  const writer = await PyramidTiffWriter.create(path, layout);
  for (const [channel, level, x, y] of tilesOf(layout)) {
    const tile: Samples = new (layout.type === "uint8" ? Uint8Array : Uint16Array)(layout.tileSize ** 2);
    for (let i = 0; i < tile.length; i++) {
      const [column, row] = [i % layout.tileSize, Math.floor(i / layout.tileSize)];
      tile[i] = sample(channel, level, x * layout.tileSize + column, y * layout.tileSize + row);
    }
    writer.place(channel, level, x, y, await writer.store(encodeTile(tile, layout.tileSize, 6)));
  }
  await writer.seal();
  await writer.publish();
}

function* tilesOf(layout: PyramidLayout): Generator<[channel: number, level: number, x: number, y: number]> {
  for (let channel = 0; channel < layout.planes; channel++) {
    for (let level = 0; level < layout.levels; level++) {
      const { columns, rows } = tileGrid(levelSize(layout, level), layout.tileSize);
      for (let i = 0; i < columns * rows; i++) yield [channel, level, i % columns, Math.floor(i / columns)];
    }
  }
}

describe("a pyramid written as BigTIFF", () => {
  it.each([8, 16] as const)("is read by another reader at %i bits: every channel, level and pixel", async (bits) => {
    const path = join(folder, "p.ome.tif");
    const layout: PyramidLayout = { ...LAYOUT, type: bits === 8 ? "uint8" : "uint16" };
    await writePyramid(path, layout);
    expect(await (await fromFile(path)).getImageCount()).toBe(3);
    for (let channel = 0; channel < 3; channel++) {
      for (let level = 0; level < 3; level++) {
        const image = await openLevel(path, channel, level);
        const { width, height } = levelSize(layout, level);
        expect([image.getWidth(), image.getHeight()]).toEqual([width, height]);
        const values = await readSamples(image);
        const expected = values.map((_, i) => sample(channel, level, i % width, Math.floor(i / width)));
        expect(values).toEqual(expected);
      }
    }
  });

  it("describes itself in the first directory alone, and marks reduced levels", async () => {
    const path = join(folder, "p.ome.tif");
    await writePyramid(path, LAYOUT);
    const second = await openLevel(path, 1, 0);
    const reduced = await openLevel(path, 1, 2);
    expect(await readDescription(path)).toBe("a pyramid");
    expect(await second.fileDirectory.loadValue("ImageDescription")).toBeUndefined();
    expect(await second.fileDirectory.loadValue("NewSubfileType")).toBe(0);
    expect(await reduced.fileDirectory.loadValue("NewSubfileType")).toBe(1);
  });

  it("lets many tiles be the same bytes", async () => {
    const path = join(folder, "shared.ome.tif");
    const layout = { ...LAYOUT, width: 4096, height: 4096, levels: 1, planes: 1 };
    const writer = await PyramidTiffWriter.create(path, layout);
    const pool = [10, 20].map((value) => encodeTile(new Uint8Array(32 * 32).fill(value), 32, 6));
    const stored = [await writer.store(pool[0] ?? new Uint8Array()), await writer.store(pool[1] ?? new Uint8Array())];
    for (let y = 0; y < 128; y++) {
      for (let x = 0; x < 128; x++) {
        const tile = stored[(x + y) % 2];
        if (tile) writer.place(0, 0, x, y, tile);
      }
    }
    await writer.seal();
    await writer.publish();
    const image = await openLevel(path, 0, 0);
    const values = await readSamples(image, [4032, 4064, 4096, 4096]);
    expect([values[0], values[32]]).toEqual([20, 10]);
  });

  it("has its name only when it is whole", async () => {
    const path = join(folder, "late.ome.tif");
    const writer = await PyramidTiffWriter.create(path, { ...LAYOUT, planes: 1, levels: 1 });
    await writer.store(encodeTile(new Uint8Array(32 * 32), 32, 6));
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(folder)[0]).toMatch(/^\./);
    await expect(writer.seal()).rejects.toThrow("never written");
    await writer.abort();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a tile outside its grid", async () => {
    const writer = await PyramidTiffWriter.create(join(folder, "grid.ome.tif"), LAYOUT);
    const tile = await writer.store(new Uint8Array(1));
    expect(() => writer.place(0, 0, 5, 0, tile)).toThrow(RangeError);
    expect(() => writer.place(0, 0, 0, 3, tile)).toThrow(RangeError);
    expect(() => writer.place(3, 0, 0, 0, tile)).toThrow(RangeError);
    await writer.abort();
  });
});

describe("OME-XML", () => {
  const xml = omeXml({
    name: 'Ring & "Veil" <1>',
    width: 5,
    height: 4,
    type: "uint8",
    depth: 1,
    times: 1,
    channels: [
      { name: "Hα", wavelengthNm: 656.3, color: "#ff0000" },
      { name: "plain", wavelengthNm: null, color: null },
    ],
    pixelSize: { x: 0.5, y: 0.25, unit: "µm" },
  });

  it("escapes what would end an attribute", () => {
    expect(xml).toContain('Name="Ring &amp; &quot;Veil&quot; &lt;1&gt;"');
  });

  it("writes a colour as OME does: RGBA in a signed 32-bit integer", () => {
    expect(xml).toContain('Color="-16776961"');
  });

  it("tells wavelength and pixel size with their units, and leaves out what is not known", () => {
    expect(xml).toContain('EmissionWavelength="656.3" EmissionWavelengthUnit="nm"');
    expect(xml).toContain('PhysicalSizeX="0.5" PhysicalSizeXUnit="µm" PhysicalSizeY="0.25"');
    expect(xml).toContain('<Channel ID="Channel:0:1" Name="plain" SamplesPerPixel="1"/>');
  });
});
