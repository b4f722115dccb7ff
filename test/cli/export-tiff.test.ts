import { setMaxListeners } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromFile, type GeoTIFFImage } from "geotiff";
import sharp, { type Sharp } from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeTiff } from "../../src/cli/export/tiff.ts";
import type { TiffContent } from "../../src/cli/export/tiff-tiles.ts";
import { levelSize, tileGrid } from "../../src/core/geometry.ts";
import { createImageServices } from "../../src/service/index.ts";
import type { ValidFormula } from "../../src/service/types/formula.ts";
import type { Services } from "../../src/service/types/services.ts";
import { localPath } from "../../src/source/index.ts";
import { buildTiff, type DirectorySpec, double, short, TAG } from "../fixtures/tiff-builder.ts";
import { bandloom, runHere } from "./program.ts";

/** Odd sides, cut tiles, three levels. */
const SIZE = { width: 601, height: 523 };
const IMAGE: DirectorySpec = {
  ...SIZE,
  ...{ tile: [128, 128], samples: 3, planar: true, type: "uint8", nodata: "7" },
  // Smooth, so that JPEG has something to do, with a hole in it.
  value: (x, y, channel) =>
    x > 300 && x < 360 && y > 200 && y < 230 ? 7 : 20 + (((x >> 2) + (y >> 2) * (channel + 1)) % 200),
  tags: {
    [TAG.modelPixelScale]: double(10, 10, 0),
    [TAG.modelTiepoint]: double(0, 0, 0, 500_000, 4_200_000, 0),
    [TAG.geoKeyDirectory]: short(1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32_633),
  },
};
const OPAQUE =
  "rgb(coalesce(window(@1, 0, 255), 0.5), coalesce(window(@2, 0, 255), 0), coalesce(window(@3, 0, 255), 1))";
const WITH_HOLE = "rgb(window(@1, 0, 255), window(@2, 0, 255), window(@3, 0, 255))";
const TILE = 128;

const folder = mkdtempSync(join(tmpdir(), "bandloom-export-tiff-"));
const source = join(folder, "source.tif");
let services: Services;
beforeAll(async () => {
  writeFileSync(source, buildTiff({ directories: [IMAGE] }));
  services = await createImageServices([["source", localPath(source)]], { allowed: [] });
});
afterAll(async () => {
  await services.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

async function bound(text: string, of = services, key = "source"): Promise<ValidFormula> {
  const formula = await of.formulas.bind(await of.images.get(key), text);
  if (!formula.valid) throw new Error(formula.diagnostics[0]?.message);
  return formula;
}

/** As the command's: every tile of a batch listens. */
function listenedTo(control = new AbortController()): AbortSignal {
  setMaxListeners(0, control.signal);
  return control.signal;
}

async function written(text: string, content: TiffContent, name: string): Promise<string> {
  const path = join(folder, name);
  const rest = { services, quality: 80, tileSize: TILE, force: false, signal: listenedTo() };
  const report = await writeTiff({ ...rest, formula: await bound(text), path, content, onProgress: () => {} });
  expect(report.tiles).toBe(25 + 9 + 4);
  return path;
}

/** Samples as they are: without being told sharp gives gray as colour. */
async function decoded(picture: Sharp) {
  const { channels } = await picture.metadata();
  return picture
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
}

/** The tiles of the server, laid beside each other. */
async function served(text: string, level: number, from = services, key = "source", format: "png" | "jpeg" = "png") {
  const formula = await bound(text, from, key);
  const size = levelSize(SIZE, level);
  const { columns, rows } = tileGrid(size, TILE);
  const places = Array.from({ length: columns * rows }, (_, at) => ({ x: at % columns, y: Math.floor(at / columns) }));
  const encoding = { format, quality: 80, lossless: false } as const;
  const tiles = await Promise.all(
    places.map(async ({ x, y }) => {
      const request = { formula, level, x, y, tileSize: TILE, pad: format === "jpeg", encoding };
      const { bytes } = await from.tiles.tile(request);
      const { data, info } = await decoded(sharp(bytes));
      return { left: x * TILE, top: y * TILE, data, ...info };
    }),
  );
  const channels = tiles[0]?.channels ?? 0;
  const whole = Buffer.alloc(size.width * size.height * channels);
  for (const { left, top, width, height, data } of tiles)
    for (let row = 0; row < Math.min(height, size.height - top); row++) {
      const length = Math.min(width, size.width - left) * channels;
      data.copy(
        whole,
        ((top + row) * size.width + left) * channels,
        row * width * channels,
        row * width * channels + length,
      );
    }
  return { ...size, channels, data: whole };
}

/** All samples of a level, interleaved, as geotiff.js reads them. */
async function oracle(path: string, level: number) {
  const image = await (await fromFile(path)).getImage(level);
  const samples = (await image.readRasters({ interleave: true })) as unknown as ArrayLike<number>;
  return { image, width: image.getWidth(), height: image.getHeight(), channels: image.getSamplesPerPixel(), samples };
}

async function tag(
  image: GeoTIFFImage,
  name: Parameters<GeoTIFFImage["fileDirectory"]["loadValue"]>[0],
): Promise<unknown> {
  const value = await image.fileDirectory.loadValue(name);
  return ArrayBuffer.isView(value) || Array.isArray(value) ? Array.from(value as ArrayLike<number>, Number) : value;
}

describe("a picture as one TIFF", () => {
  it.each([
    ["opaque", OPAQUE, 3],
    ["with no data", WITH_HOLE, 4],
    ["gray", "coalesce(window(@1, 0, 255), 0)", 1],
  ])(
    "(%s) has the pixels of the server's tiles at each level, to other readers and to ours",
    async (name, text, channels) => {
      const path = await written(text, "deflate", `${name}.tif`);
      const again = await createImageServices([["out", localPath(path)]], { allowed: [] });
      try {
        for (const level of [0, 1, 2]) {
          const expected = await served(text, level);
          expect(expected.channels).toBe(channels);
          const found = await oracle(path, level);
          expect([found.width, found.height, found.channels]).toEqual([expected.width, expected.height, channels]);
          expect(Buffer.from(found.samples as Uint8Array).equals(expected.data), `level ${level}`).toBe(true);
          const vips = (await decoded(sharp(path, { page: level }))).data;
          expect(vips.equals(expected.data), `libtiff, level ${level}`).toBe(true);
          const colour = (n: number) => `window(@${n}, 0, 255)`;
          const ours = await served(channels === 1 ? colour(1) : `rgb(${[1, 2, 3].map(colour)})`, level, again, "out");
          const [first, opaque] = [ours, expected].map(({ data, channels: of }) =>
            Buffer.from(data.filter((_, at) => at % of === 0)),
          );
          expect(opaque && first?.equals(opaque), `ours, level ${level}`).toBe(true);
        }
      } finally {
        await again.close();
      }
      const { image } = await oracle(path, 1);
      expect(await tag(image, "PhotometricInterpretation")).toBe(channels === 1 ? 1 : 2);
      // 2: unassociated alpha.
      expect(await tag(image, "ExtraSamples")).toEqual(channels === 4 ? [2] : undefined);
      expect(await tag(image, "PlanarConfiguration")).toBe(1);
    },
  );

  it("is a COG that lies where the image lies: the head first, then the levels from the coarsest to the finest", async () => {
    const path = await written(WITH_HOLE, "deflate", "cog.tif");
    const tiff = await fromFile(path);
    const offsets: number[][] = [];
    for (let level = 0; level < 3; level++) {
      const image = await tiff.getImage(level);
      offsets.push((await tag(image, "TileOffsets")) as number[]);
      expect(await tag(image, "NewSubfileType")).toBe(level === 0 ? 0 : 1);
    }
    const inOrder = [...offsets].reverse().flat();
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    const finest = await tiff.getImage(0);
    expect([finest.getOrigin().slice(0, 2), finest.getResolution().slice(0, 2)]).toEqual([
      [500_000, 4_200_000],
      [10, -10],
    ]);
    expect(finest.getGeoKeys()?.ProjectedCSTypeGeoKey).toBe(32_633);
  });

  it("as JPEG holds the server's tiles as they are", async () => {
    const path = await written(OPAQUE, "jpeg", "photo.tif");
    for (const level of [0, 1, 2]) {
      const expected = await served(OPAQUE, level, services, "source", "jpeg");
      const { width, height } = await sharp(path, { page: level }).metadata();
      expect([width, height]).toEqual([expected.width, expected.height]);
      const vips = (await decoded(sharp(path, { page: level }))).data;
      // Two decoders of one library differ by rounding where chroma is spread.
      let [worst, sum] = [0, 0];
      for (const [at, byte] of vips.entries()) {
        const difference = Math.abs(byte - (expected.data[at] ?? 0));
        worst = Math.max(worst, difference);
        sum += difference;
      }
      expect(worst).toBeLessThan(16);
      expect(sum / vips.length).toBeLessThan(0.5);
    }
    const { image } = await oracle(path, 0);
    expect(await tag(image, "PhotometricInterpretation")).toBe(6);
    expect(await tag(image, "YCbCrSubSampling")).toEqual([2, 2]);
    const formula = await bound(OPAQUE);
    const encoding = { format: "jpeg", quality: 80, lossless: false } as const;
    const tile = await services.tiles.tile({ formula, level: 0, x: 4, y: 4, tileSize: TILE, pad: true, encoding });
    const [offset = 0] = ((await tag(image, "TileOffsets")) as number[]).slice(-1);
    const [length = 0] = ((await tag(image, "TileByteCounts")) as number[]).slice(-1);
    expect(
      readFileSync(path)
        .subarray(offset, offset + length)
        .equals(Buffer.from(tile.bytes)),
    ).toBe(true);
  });

  it("holds the numbers before they are shown, where those are asked for", async () => {
    const path = await written("(@1 - @2) / (@1 + @2); @3; @3 * 2", "values", "values.tif");
    const { image, samples, channels } = await oracle(path, 0);
    expect([channels, image.getGDALNoData(), await tag(image, "SampleFormat")]).toEqual([3, Number.NaN, [3, 3, 3]]);
    const value = (x: number, y: number, channel: number) => IMAGE.value?.(x, y, channel) ?? 0;
    for (const [x, y] of [
      [0, 0],
      [600, 522],
      [130, 300],
    ] as const) {
      const [a, b, c] = [0, 1, 2].map((channel) => Number(value(x, y, channel)));
      const at = (y * SIZE.width + x) * 3;
      const found = [samples[at], samples[at + 1], samples[at + 2]];
      expect(found).toEqual([Math.fround(((a ?? 0) - (b ?? 0)) / ((a ?? 0) + (b ?? 0))), c, 2 * (c ?? 0)]);
    }
    expect(samples[(210 * SIZE.width + 330) * 3]).toBeNaN();
  });

  it("leaves nothing behind when it is interrupted, and is not written over what is there", async () => {
    const path = join(folder, "interrupted.tif");
    const control = new AbortController();
    const job = {
      services,
      formula: await bound(OPAQUE),
      path,
      tileSize: 64,
      content: "deflate",
      quality: 80,
    } as const;
    const onProgress = () => control.abort();
    const left = writeTiff({ ...job, force: false, signal: listenedTo(control), onProgress });
    await expect(left).rejects.toThrow(/abort/i);
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, "mine");
    const again = { ...job, signal: listenedTo(), onProgress: () => {} };
    await expect(writeTiff({ ...again, force: false })).rejects.toThrow(/--force/);
    await writeTiff({ ...again, force: true });
    expect((await oracle(path, 0)).channels).toBe(3);
  });

  it("is written by the command, which tells what does not go together", async () => {
    const path = join(folder, "command.tif");
    const args = ["export", source, "--formula", WITH_HOLE, "-o"];
    const { code, stdout } = await bandloom([...args, path]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/command\.tif: 14 tiles, .* written in/)]);
    expect((await oracle(path, 0)).channels).toBe(4);
    for (const [more, message] of [
      [["x.ome.tif"], "OME-TIFF"],
      [["x.tif", "--tile-size", "100"], "multiple of 16"],
      [["x.tif", "--format", "webp"], "png"],
      [["x.tif", "--raw", "--format", "png"], "exclude"],
      [["x", "--raw"], "-o NAME.tif"],
    ] as const) {
      const refused = await runHere([...args, ...more]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
