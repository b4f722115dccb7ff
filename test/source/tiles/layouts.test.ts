import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { readXyz } from "../../../src/source/tiles/xyz.ts";
import type { Folder } from "../../../src/source/types.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import {
  LAYOUTS,
  type Layout,
  type Picture,
  picture,
  type TileOptions,
  writeTileFolder,
} from "../../fixtures/tile-folders.ts";

const decoder = new ChunkDecoder();
const folder = mkdtempSync(join(tmpdir(), "bandloom-tiles-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function write(layout: Layout, image: Picture, options: TileOptions = {}) {
  const place = join(folder, `t${++count}`);
  mkdirSync(place);
  return { place, ...(await writeTileFolder(place, layout, image, options)) };
}

/** A folder of tiles whose names are so many. */
function vastFolder(columns: number, rows: number): Folder & { listed: number } {
  const numbers = Array.from({ length: columns }, (_, at) => String(at));
  const lists: Readonly<Record<number, readonly string[]>> = {
    0: ["18"],
    1: numbers,
    2: new Array<string>(rows).fill("a"),
  };
  return {
    ...{ remote: false, listed: 0, get: () => null, open: () => null, close: () => {} },
    list(path) {
      this.listed++;
      return lists[path === "" ? 0 : path.split("/").length] ?? [];
    },
  };
}

/** The greatest difference of a decoded channel from what was cut into tiles, within the level as it was. */
async function difference(path: string, levels: readonly Picture[]): Promise<number> {
  const source = await openLocal(path, folder);
  let most = 0;
  for (const [level, expected] of levels.entries()) {
    const stored = source.info.levels[level];
    if (!stored) throw new Error(`no level ${level}`);
    for (let channel = 0; channel < expected.channels; channel++) {
      const plane = await decoder.plane(source, { channel, level });
      for (let y = 0; y < expected.height; y++)
        for (let x = 0; x < expected.width; x++) {
          const due = expected.data[(y * expected.width + x) * expected.channels + channel] ?? 0;
          most = Math.max(most, Math.abs((plane[y * stored.width + x] ?? -999) - due));
        }
    }
  }
  await source.close();
  return most;
}

async function refusal(path: string): Promise<string> {
  const source = await openLocal(path, folder).catch((error: unknown) => error);
  if (source instanceof BandloomError) return source.message;
  if (source instanceof Error) throw source;
  return "opened";
}

describe("tiles that were cut before", () => {
  // Where a tile is one pixel wide, version 2 of IIIF has one address for it on several levels.
  const isAmbiguous = (layout: Layout, width: number) => layout === "iiif2" && (width === 129 || width === 1);
  for (const layout of LAYOUTS)
    for (const [width, height] of [
      [200, 150],
      [257, 255],
      [64, 64],
      [1, 1],
      [1, 300],
      [129, 64],
    ] as const)
      if (!isAmbiguous(layout, width) || height === 1)
        it(`are read from ${layout}, ${width} × ${height}, pixel by pixel on every level`, async () => {
          const { path, levels } = await write(layout, picture(width, height));
          expect(await difference(path, levels)).toBe(0);
        });

  for (const overlap of [1, 2, 8])
    it(`lose an overlap of ${overlap} pixels`, async () => {
      const { path, levels } = await write("deep-zoom", picture(200, 131), { overlap });
      expect(await difference(path, levels)).toBe(0);
    });

  it("are red, green and blue; with alpha, or grey, where the tiles are", async () => {
    const names = async (layout: Layout, channels: Picture["channels"]) => {
      const { path, levels } = await write(layout, picture(100, 90, channels));
      expect(await difference(path, levels)).toBe(0);
      const { info } = await openLocal(path, folder);
      return info.channels.map(({ name }) => name).join(" ");
    };
    expect(await names("deep-zoom", 3)).toBe("red green blue");
    expect(await names("deep-zoom", 4)).toBe("red green blue alpha");
    expect(await names("iiif3", 4)).toBe("red green blue alpha");
    expect(await names("xyz", 3)).toBe("red green blue alpha");
  });

  it("may be JPEG, within what JPEG loses, and lossless WebP", async () => {
    const image = picture(150, 100);
    const smooth = { ...image, data: image.data.map((_, index) => Math.floor(index / 3 / 150) + (index % 3) * 20) };
    const jpeg = await write("zoomify", smooth, { format: "jpg" });
    expect(await difference(jpeg.path, jpeg.levels)).toBeLessThanOrEqual(4);
    const webp = await write("iiif2", image, { format: "webp" });
    expect(await difference(webp.path, webp.levels)).toBe(0);
  });

  for (const layout of ["xyz", "tms"] as const)
    it(`are found where ${layout} has only a part of the world, aligned to the coarsest zoom`, async () => {
      const image = picture(200, 150);
      const { path } = await write(layout, image, { zoom: 12, left: 8, top: 12 });
      const source = await openLocal(path, folder);
      expect(source.info).toMatchObject({ width: 256, height: 192 });
      const red = await decoder.plane(source, { channel: 0 });
      expect(red[70 * 256 + 130]).toBe(image.data[(70 * 200 + 130) * 3]);
    });

  it("are transparent where a map has none, and unreadable where a picture must have one", async () => {
    const missing = (level: number, x: number, y: number) => level === 0 && x === 1 && y === 1;
    const map = await openLocal((await write("xyz", picture(200, 150), { missing })).path, folder);
    const alpha = await decoder.plane(map, { channel: 3 });
    expect([alpha[10], alpha[80 * map.info.width + 80]]).toEqual([255, 0]);
    const zoom = await openLocal((await write("deep-zoom", picture(200, 150), { missing })).path, folder);
    await expect(decoder.plane(zoom, { channel: 0 })).rejects.toThrow("one of its tiles is missing");
  });

  it("are refused where a tile is damaged, cut short, or of another size", async () => {
    const { place, path } = await write("deep-zoom", picture(200, 150));
    const tiles = readdirSync(join(place, "tiles_files", "8")).sort();
    const tile = (index: number) => join(place, "tiles_files", "8", tiles[index] ?? "");
    truncateSync(tile(0), statSync(tile(0)).size >> 1);
    writeFileSync(tile(1), "no picture");
    const other = await write("deep-zoom", picture(30, 30));
    writeFileSync(tile(2), readdirSync(other.place).length > 0 ? await smallTile(other.place) : "");
    const source = await openLocal(path, folder);
    const messages: string[] = [];
    for (const name of tiles.slice(0, 3)) {
      const [x = 0, y = 0] = name.split(/[_.]/).map(Number);
      const ref = { level: 0, group: 0, z: 0, t: 0, x, y };
      messages.push(
        await decoder.decode(source, ref).then(
          () => "decoded",
          (error: Error) => error.message,
        ),
      );
    }
    expect(messages[0]).toMatch(/damaged/);
    expect(messages[1]).toMatch(/damaged/);
    expect(messages[2]).toMatch(/pixels, where .* are due/);
  });
});

async function smallTile(place: string): Promise<Uint8Array> {
  const { readFileSync } = await import("node:fs");
  return readFileSync(join(place, "tiles_files", "5", "0_0.png"));
}

describe("descriptors that lie", () => {
  const dzi = (attributes: string, size = 'Width="100" Height="100"') => `<Image ${attributes}><Size ${size}/></Image>`;
  const good = 'TileSize="64" Overlap="0" Format="png"';
  for (const [name, text, reason] of [
    ["x.dzi", "", /XML is not well-formed/],
    ["x.dzi", `<!DOCTYPE a [<!ENTITY b "c">]>${dzi(good)}`, /DTD/],
    ["x.dzi", dzi(good, 'Width="0" Height="5"'), /no sides from 1/],
    ["x.dzi", dzi(good, 'Width="4294967295" Height="5"'), /no sides from 1/],
    ["x.dzi", dzi(good, 'Width="1e3" Height="2.5"'), /no sides from 1/],
    ["x.dzi", dzi('TileSize="1" Overlap="0" Format="png"'), /no tile size/],
    ["x.dzi", dzi('TileSize="1000000" Overlap="0" Format="png"'), /no tile size/],
    ["x.dzi", dzi('TileSize="64" Overlap="63" Format="png"'), /overlap/],
    ["x.dzi", dzi('TileSize="64" Overlap="-1" Format="png"'), /overlap/],
    ["x.dzi", dzi('TileSize="64" Overlap="0" Format="../../x"'), /none of JPEG, PNG and WebP/],
    ["ImageProperties.xml", "<IMAGE_PROPERTIES />", /Zoomify properties tell no sides/],
    ["ImageProperties.xml", '<IMAGE_PROPERTIES WIDTH="9" HEIGHT="9" TILESIZE="0"/>', /no tile size/],
    ["info.json", "{", /not what the IIIF Image API says/],
    ["info.json", "[]", /not what the IIIF Image API says/],
    ["info.json", '{"width":9,"height":9}', /names no tiles/],
    ["info.json", '{"width":9,"height":9,"tiles":[{"width":64,"scaleFactors":[2]}]}', /no tiles of full resolution/],
    ["info.json", '{"width":1e9,"height":9,"tiles":[{"width":64,"scaleFactors":[1]}]}', /no sides from 1/],
    ["tilemapresource.xml", "<TileMap/>", /no tile size/],
  ] as const)
    it(`are refused: ${name} ${text.slice(0, 60)}`, async () => {
      const place = join(folder, `d${++count}`);
      mkdirSync(place);
      writeFileSync(join(place, name), text);
      const message = await refusal(name.endsWith(".dzi") ? join(place, name) : place);
      expect(message).toMatch(reason);
      expect(message).not.toContain(folder);
    });
});

describe("a folder of map tiles with names without end", () => {
  it("is refused by the tiles of all its columns together, long before all are listed", async () => {
    const folder = vastFolder(65_536, 65_536);
    await expect(readXyz(folder, null)).rejects.toThrow(/more than 4194304 tiles/);
    expect(folder.listed).toBeLessThan(70);
  });
});
