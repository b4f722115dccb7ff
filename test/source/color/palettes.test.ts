import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openPlain } from "../../../src/source/plain/open.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { grayProfile } from "../../fixtures/icc-profile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { type DirectorySpec, TAG } from "../../fixtures/tiff-builder.ts";
import { picture, writeTileFolder } from "../../fixtures/tile-folders.ts";
import { folderOf, openWith } from "../sidecars/support.ts";
import { ADOBE, codes, colored, decoder, farthest, IMAGE, photo, SRGB, shownBySharp, srgbOf, tiff } from "./support.ts";

const component = (code: number, which: number) => (code * (31 + 60 * which) + 17 * which) & 255;

/** Codes, and a palette whose components are of bytes, or are all 16 bits that bytes are cut of. */
function coded(profile: Uint8Array | null, more: Partial<DirectorySpec> = {}, rest = 0): Uint8Array {
  const values = [0, 1, 2].flatMap((which) =>
    Array.from({ length: 256 }, (_, code) => component(code, which) * 257 - (component(code, which) > 0 ? rest : 0)),
  );
  const tags = { [TAG.colorMap]: { type: 3, values }, ...more.tags };
  return tiff(colored({ ...IMAGE, samples: 1, ...more, tags }, 3, profile));
}

/** The colors of the codes as a file of RGB. */
function painted(): Uint8Array {
  const value: DirectorySpec["value"] = (x, y, sample) => component((x * 7 + y * 3) & 255, sample);
  return tiff(colored({ ...IMAGE, value }, 2, ADOBE));
}
const CODES: Partial<DirectorySpec> = { value: (x, y) => (x * 7 + y * 3) & 255 };

describe("colors of a palette with a profile", () => {
  it.each([
    ["of bytes", 0],
    ["of 16 bits", 1],
  ])("are shown in sRGB, and codes and palette stay as they are: %s", async (_, rest) => {
    const source = await openTiff(new MemoryStore(coded(ADOBE, CODES, rest)));
    expect(source.info.channels.map(({ name }) => name)).toEqual(["b1", "red", "green", "blue", ...SRGB]);
    expect(codes(source)).toEqual(["COLORS_CONVERTED"]);
    expect(farthest(await srgbOf(source), await shownBySharp(painted()))).toBeLessThanOrEqual(1);
    const plain = await openTiff(new MemoryStore(coded(null, CODES, rest)));
    for (const channel of [0, 1, 2, 3])
      expect(await decoder.plane(source, { channel })).toEqual(await decoder.plane(plain, { channel }));
    expect(source.info.channels[0]).toEqual(plain.info.channels[0]);
  });

  it("are none where the code is no data", async () => {
    const source = await openTiff(new MemoryStore(coded(ADOBE, { ...CODES, nodata: "7" })));
    const [red] = await srgbOf(source);
    expect([red?.[0], red?.[1]]).toEqual([expect.any(Number), Number.NaN]);
  });

  it("that is told beside the file are converted by the profile of the file, if it is one of colors", async () => {
    const entries = Array.from({ length: 256 }, (_, code) => {
      const [red, green, blue] = [0, 1, 2].map((which) => component(code, which));
      return `<Entry c1="${red}" c2="${green}" c3="${blue}" c4="255"/>`;
    });
    const pam = `<PAMDataset><PAMRasterBand band="1"><ColorTable>${entries.join("")}</ColorTable></PAMRasterBand></PAMDataset>`;
    const plain = { ...IMAGE, samples: 1, ...CODES };
    const told = await openWith({ "a.tif": tiff(colored(plain, 1, ADOBE)), "a.tif.aux.xml": pam });
    expect(farthest(await srgbOf(told), await shownBySharp(painted()))).toBeLessThanOrEqual(1);
    const gray = await openWith({ "a.tif": tiff(colored(plain, 1, grayProfile("G", 1.8))), "a.tif.aux.xml": pam });
    expect(codes(gray)).toContain("PROFILE_NOT_APPLIED");
    expect(gray.info.channels.map(({ name }) => name)).toEqual(["b1", "red", "green", "blue"]);
  });

  it("of a PNG are what libvips makes of them", async () => {
    const bytes = await photo().png({ palette: true, colours: 64 }).withIccProfile("p3").toBuffer();
    expect((await sharp(bytes).metadata()).isPalette).toBe(true);
    const source = await openPlain(new MemoryStore(new Uint8Array(bytes)));
    expect(farthest(await srgbOf(source), await shownBySharp(bytes))).toBeLessThanOrEqual(1);
  });
});

describe("tiles that were cut before", () => {
  async function cut(channels: 3 | 4, format: "png" | "jpg" | "webp") {
    const folder = folderOf({});
    const { levels, path } = await writeTileFolder(folder, "deep-zoom", picture(100, 80, channels), { format });
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(format)) continue;
      const tile = sharp(readFileSync(join(folder, name))).withIccProfile("p3");
      const options = format === "webp" ? { lossless: true } : {};
      writeFileSync(join(folder, name), await tile.toFormat(format === "jpg" ? "jpeg" : format, options).toBuffer());
    }
    // The level below the finest is one tile, of 50 × 40 pixels.
    const coarse = readFileSync(join(folder, "tiles_files", String(levels.length - 2), `0_0.${format}`));
    return { source: await openLocal(path), coarse };
  }

  it.each<[string, 3 | 4, "png" | "jpg" | "webp"]>([
    ["PNG", 3, "png"],
    ["PNG with alpha", 4, "png"],
    ["JPEG", 3, "jpg"],
    ["WebP", 3, "webp"],
  ])("are shown in sRGB by their profile: %s", async (_, channels, format) => {
    const { source, coarse } = await cut(channels, format);
    expect(codes(source)).toEqual(["COLORS_CONVERTED"]);
    const found = await Promise.all(
      SRGB.map((name) =>
        decoder.plane(source, { channel: source.info.channels.findIndex((one) => one.name === name), level: 1 }),
      ),
    );
    expect(farthest(found, await shownBySharp(coarse))).toBeLessThanOrEqual(1);
    expect((await source.colors?.())?.profile?.length).toBeGreaterThan(100);
    await source.close();
  });
});
