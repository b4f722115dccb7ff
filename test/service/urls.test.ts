import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTileUrl } from "../../src/http/tile-address.ts";
import type { PictureFormat } from "../../src/render/index.ts";
import { LIMITS } from "../../src/service/limits.ts";
import { OPEN_LINKS } from "../../src/service/links.ts";
import { TileNames } from "../../src/service/tile-names.ts";
import type { TileRequest } from "../../src/service/types/tile.ts";
import { imageInfo } from "../plan/image-info.ts";
import { boundTo, codeOf, JPEG, PNG, servedImage } from "./support.ts";

const INFO = imageInfo(100_000, 70_000, [{}], 3);
const names = new TileNames(undefined, OPEN_LINKS);

function request(text: string, changes: Partial<TileRequest> = {}, key = "plate"): TileRequest {
  const formula = boundTo(servedImage(INFO, key), text);
  return { formula, level: 2, x: 157, y: 195, tileSize: 256, pad: false, encoding: JPEG, ...changes };
}

/** A formula of `terms` different terms: it neither folds nor deflates to nothing. */
const long = (terms: number) =>
  `window(${Array.from({ length: terms }, (_, index) => `(b1 + ${Math.sin(index + 1)})`).join(" * ")}, 0, 1)`;

const keys = fc
  .array(
    fc.string({ unit: "binary", minLength: 1 }).map((part) => part.replaceAll("/", "_")),
    { minLength: 1 },
  )
  .map((parts) => parts.join("/"));

describe("the URL of a tile", () => {
  it("counts its zoom from the coarsest level and leaves out what is the default", () => {
    const { formula, ...rest } = request("window(b1, 0, 9)");
    expect(names.tileUrl({ formula, ...rest })).toBe(
      `/tiles/plate/7/157/195.jpg?f=window%28b1%2C%200%2C%209%29&v=${formula.version}`,
    );
  });

  it("has its parameters in one order", () => {
    const encoding = { format: "webp", quality: 70, lossless: true } as const;
    const url = names.tileUrl(request("window(b1, 0, 9)", { tileSize: 512, pad: true, encoding }));
    expect(url).toMatch(/\.webp\?f=[^&]+&v=[0-9a-f]{16}&s=512&q=70&lossless=1&pad=1$/);
  });

  it("tells the very request, whatever the key and the options", () => {
    const requests = fc.record({
      key: keys,
      level: fc.integer({ min: 0, max: 9 }),
      x: fc.nat(),
      y: fc.nat(),
      tileSize: fc.constantFrom(...LIMITS.tileSizes),
      pad: fc.boolean(),
      format: fc.constantFrom<PictureFormat>("jpeg", "png", "webp", "avif", "npy"),
      quality: fc.integer({ min: 1, max: 100 }),
      lossless: fc.boolean(),
      text: fc.constantFrom("window(b1, 0, 9)", 'colormap(window(b1 + b2 * 2 % 3, 0, 9), "jet")', long(100)),
    });
    fc.assert(
      fc.property(requests, ({ key, text, format, quality, lossless, ...place }) => {
        const encoding = { format, quality, lossless: lossless && format !== "jpeg" };
        const tile = request(text, { ...place, encoding }, key);
        const url = names.tileUrl(tile);
        expect(url).toMatch(/^\/tiles\/[A-Za-z0-9\-._~%/]+\?[A-Za-z0-9\-._~%=&]+$/);
        const { formulas, v, z, image, ...read } = parseTileUrl(url, LIMITS);
        expect({ image, v, formulas }).toEqual({
          image: key,
          v: tile.formula.version,
          formulas: [tile.formula.formula.canonical],
        });
        expect(z).toBe(tile.formula.image.levels - 1 - tile.level);
        const again = { formula: tile.formula, level: tile.level, ...read };
        expect(names.tileKey(again)).toBe(names.tileKey(tile));
        expect(names.tileUrl(again)).toBe(url);
      }),
    );
  });

  it("carries a long formula deflated, and refuses one that is too long even so", async () => {
    const tile = request(long(100));
    const url = names.tileUrl(tile);
    expect(url).toMatch(/\?fz=[A-Za-z0-9_-]+&v=/);
    expect(url.length).toBeLessThan(6200);
    // Names of channels count in full: those of a hostile file need not deflate.
    const noise = (text: string) => createHash("sha512").update(text).digest("base64");
    const channels = Array.from({ length: 64 }, (_, index) => noise(`${index}`) + noise(`-${index}`));
    const named = imageInfo(1000, 1000, [{}], channels.length);
    const info = { ...named, channels: named.channels.map((one, index) => ({ ...one, name: channels[index] ?? "" })) };
    const sum = channels.map((_, index) => `@${index + 1}`).join(" + ");
    const endless = { ...tile, formula: boundTo(servedImage(info), `window(${sum}, 0, 9)`) };
    expect(await codeOf(() => names.tileUrl(endless))).toBe("LIMIT_EXCEEDED");
    expect(names.tileKey(endless)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is absolute only with a public URL, whose last slash does not count", () => {
    const tile = request("window(b1, 0, 9)");
    for (const base of ["https://maps.example.org/sky", "https://maps.example.org/sky/"])
      expect(new TileNames(base, OPEN_LINKS).tileUrl(tile)).toBe(`https://maps.example.org/sky${names.tileUrl(tile)}`);
  });

  it("has a template that becomes the URL of each padded tile", () => {
    const tile = request("window(b1, 0, 9)", { pad: true, tileSize: 512, encoding: PNG });
    const filled = names.urlTemplate(tile).replace("{z}", "7").replace("{x}", "157").replace("{y}", "195");
    expect(filled).toBe(names.tileUrl(tile));
  });

  it("has another v and another key for another revision of its image", () => {
    const [one, other] = ["a", "b"].map((digit) => {
      const formula = boundTo(servedImage(INFO, "plate", digit.repeat(32)), "window(b1, 0, 9)");
      return { ...request("window(b1, 0, 9)"), formula };
    });
    if (!one || !other) throw new Error("Two requests were made.");
    expect(names.tileUrl(one)).not.toBe(names.tileUrl(other));
    expect(names.tileKey(one)).not.toBe(names.tileKey(other));
  });
});

describe("the cache key of a tile", () => {
  it("is the same for formulas that are written otherwise", () => {
    const [one, other] = ["window(b1+2*(b2-b3),0,9)", "window( 2*(b2 - b3) + b1 , 0, 9.0)"].map((text) =>
      request(text),
    );
    if (!one || !other) throw new Error("Two requests were made.");
    expect(names.tileKey(one)).toBe(names.tileKey(other));
    expect(names.tileUrl(one)).toBe(names.tileUrl(other));
  });

  it("never is the same for another image, formula, place or encoding", () => {
    const webp = { format: "webp", quality: 80, lossless: false } as const;
    const tiles = [
      ...["plate", "plate|", "plate|x", "plat", "x|plate"].map((key) => request("window(b1, 0, 9)", {}, key)),
      ...["window(b2, 0, 9)", "window(b1, 0, 8)", "gray(window(b1, 0, 9))"].map((text) => request(text)),
      ...[{ level: 1 }, { x: 158 }, { y: 196 }, { x: 195, y: 157 }, { x: 15, y: 7195 }, { tileSize: 512 }].map(
        (place) => request("window(b1, 0, 9)", place),
      ),
      ...[{ pad: true }, { encoding: PNG }, { encoding: webp }, { encoding: { ...webp, lossless: true } }].map((how) =>
        request("window(b1, 0, 9)", how),
      ),
      request("window(b1, 0, 9)", { encoding: { ...JPEG, quality: 81 } }),
    ];
    expect(new Set(tiles.map((tile) => names.tileKey(tile))).size).toBe(tiles.length);
  });

  it("leaves out what changes no byte: the quality of PNG", () => {
    const png = (quality: number, lossless: boolean) =>
      request("window(b1, 0, 9)", { encoding: { ...PNG, quality, lossless } });
    expect(names.tileKey(png(1, false))).toBe(names.tileKey(png(100, true)));
    expect(names.tileUrl(png(1, false))).toBe(names.tileUrl(png(100, true)));
  });

  it("is never shared by a tile and a region", () => {
    const tile = request("window(b1, 0, 9)");
    const { formula, encoding } = tile;
    const region = { formula, encoding, region: { x: 2, y: 157, width: 195, height: 256 }, maxSize: 256 };
    expect(names.regionKey(region)).not.toBe(names.tileKey(tile));
    expect(names.regionUrl(region)).toMatch(/^\/regions\/plate\/2,157,195,256\/256\.jpg\?f=[^&]+&v=[0-9a-f]{16}$/);
  });
});
