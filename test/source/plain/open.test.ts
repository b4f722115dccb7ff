import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { plainKind } from "../../../src/source/plain/open.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { openLocal } from "../../fixtures/open-local.ts";
import { picture } from "../../fixtures/tile-folders.ts";

const decoder = new ChunkDecoder();
const folder = mkdtempSync(join(tmpdir(), "bandloom-plain-"));
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(bytes: Uint8Array | string): string {
  const path = join(folder, `${++count}.image`);
  writeFileSync(path, bytes);
  return path;
}

async function refusal(bytes: Uint8Array | string): Promise<string> {
  const source = await openLocal(file(bytes)).catch((error: unknown) => error);
  if (source instanceof BandloomError) return source.message;
  if (source instanceof Error) throw source;
  return "opened";
}

const { width, height, data } = picture(700, 530);
const rgb = () => sharp(data, { raw: { width, height, channels: 3 } });

async function planes(bytes: Uint8Array) {
  const source = await openLocal(file(bytes));
  const all = [];
  for (const { index } of source.info.channels) all.push(await decoder.plane(source, { channel: index }));
  await source.close();
  return { info: source.info, all };
}

describe("a plain image", () => {
  for (const format of ["png", "webp", "jpeg", "avif", "gif"] as const)
    it(`is read from ${format}: what sharp decodes, cut into chunks`, async () => {
      const bytes = await rgb()
        .toFormat(format, format === "webp" || format === "avif" ? { lossless: true, effort: 0 } : {})
        .toBuffer();
      const { data: expected, info: decoded } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      const { info, all } = await planes(bytes);
      expect([info.width, info.height, all.length]).toEqual([width, height, decoded.channels]);
      expect(info.channels.map(({ name }) => name)).toEqual(
        ["red", "green", "blue", "alpha"].slice(0, decoded.channels),
      );
      for (const [channel, plane] of all.entries())
        expect(plane.every((value, pixel) => value === expected[pixel * decoded.channels + channel])).toBe(true);
    });

  it("keeps sixteen bits of a PNG", async () => {
    const values = Uint16Array.from({ length: 60 * 40 * 3 }, (_, index) => (index * 7919) & 65535);
    const bytes = await sharp(values, { raw: { width: 60, height: 40, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    const oracle = PNG.sync.read(bytes, { skipRescale: true }).data as unknown as Uint16Array;
    const { info, all } = await planes(bytes);
    expect(info.channels.map(({ dataType }) => dataType)).toEqual(["uint16", "uint16", "uint16"]);
    for (const [channel, plane] of all.entries())
      expect(plane.every((value, pixel) => value === oracle[pixel * 4 + channel])).toBe(true);
  });

  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8])
    it(`is turned as EXIF says: orientation ${orientation}`, async () => {
      const bytes = await rgb().jpeg().withMetadata({ orientation }).toBuffer();
      const { data: expected, info: turned } = await sharp(bytes)
        .autoOrient()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const { info, all } = await planes(bytes);
      expect([info.width, info.height]).toEqual([turned.width, turned.height]);
      expect(
        [...(all[1] ?? [])].filter((value, pixel) => Math.abs(value - (expected[pixel * 3 + 1] ?? 0)) > 1),
      ).toEqual([]);
    });

  it("may be one pixel, or grey, or with a palette", async () => {
    const one = await planes(
      await sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
        .png()
        .toBuffer(),
    );
    expect(one.all.map((plane) => plane[0])).toEqual([1, 2, 3]);
    const gray = await planes(await rgb().toColourspace("b-w").png().toBuffer());
    expect(gray.info.channels.map(({ name }) => name)).toEqual(["gray"]);
    const palette = await planes(await rgb().png({ palette: true, colours: 16 }).toBuffer());
    expect(palette.info.channels.map(({ name }) => name)).toEqual(["red", "green", "blue"]);
  });

  it("is refused as SVG, and where it is larger than may be decoded, before it is", async () => {
    expect(await refusal('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')).toContain(
      "it is SVG, which is refused",
    );
    expect(await refusal('<?xml version="1.0"?><svg/>')).toContain("SVG");
    const header = await sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    header.writeUInt32BE(65_000, 16);
    header.writeUInt32BE(65_000, 20);
    expect(await refusal(header)).toMatch(/cannot be read/);
  });

  it("is refused where it is damaged: when it is opened, or when its pixels are wanted", async () => {
    const whole = await rgb().png().toBuffer();
    for (const length of [9, 40, whole.length >> 2, whole.length >> 1, whole.length - 20]) {
      const outcome = await openLocal(file(whole.subarray(0, length)))
        .then(
          (source) => decoder.plane(source, { channel: 0 }),
          (error: unknown) => Promise.reject(error),
        )
        .then(
          () => "decoded",
          (error: Error) => error.message,
        );
      expect(outcome, String(length)).toMatch(/cannot be read/);
    }
  });

  it("is told by its first bytes", () => {
    const kind = (text: string) => plainKind(Buffer.from(text, "latin1"));
    expect(kind("\xff\xd8\xff\xe0")).toBe("JPEG");
    expect(kind("\x00\x00\x00\x0cjP  \r\n\x87\n")).toBe("JPEG 2000");
    expect(kind("\x00\x00\x00\x1cftypheic")).toBe("HEIF");
    expect(kind("\x00\x00\x00\x1cftypavif")).toBe("AVIF");
    expect(kind("II*\0")).toBeNull();
    expect(kind("")).toBeNull();
  });
});
