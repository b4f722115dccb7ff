import sharp from "sharp";
import { expect } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { ChunkDecoder } from "../../fixtures/decode-image.ts";
import { PRIMARIES, rgbProfile } from "../../fixtures/icc-profile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { buildTiff, type DirectorySpec, short, TAG, undefinedBytes } from "../../fixtures/tiff-builder.ts";
import { expectedPlane, type PlaneArray } from "../../fixtures/tiff-pixels.ts";

export const decoder = new ChunkDecoder();
export const IMAGE: DirectorySpec = { width: 90, height: 50, tile: [32, 16], samples: 3, codec: "deflate" };
const ICC = 34675;
export const ADOBE = rgbProfile("Adobe-like", PRIMARIES.adobe, 2.2);
export const SRGB = ["srgb red", "srgb green", "srgb blue"];

/** Photometric interpretation, and a profile. */
export function colored(spec: DirectorySpec, photometric: number, profile: Uint8Array | null): DirectorySpec {
  const icc = profile ? { [ICC]: { ...undefinedBytes(), values: profile } } : {};
  return { ...spec, tags: { [TAG.photometric]: short(photometric), ...icc, ...spec.tags } };
}

/** What the image has, if no test says otherwise. */
export const planes = [0, 1, 2].map((sample) => expectedPlane(IMAGE, sample));

export const tiff = (...directories: readonly DirectorySpec[]) => buildTiff({ directories });
export const open = (spec: DirectorySpec) => openTiff(new MemoryStore(tiff(spec)));
export const codes = ({ info }: ImageSource) => info.warnings.map(({ code }) => code);

export async function srgbOf(source: ImageSource): Promise<readonly PlaneArray[]> {
  const channels = SRGB.map((name) => source.info.channels.findIndex((one) => one.name === name));
  expect(channels).not.toContain(-1);
  return await Promise.all(channels.map((channel) => decoder.plane(source, { channel })));
}

/** What sharp shows of a file, which is what libvips makes of it with its profile. */
export async function shownBySharp(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  const { data, info } = await sharp(bytes)
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const pixels = info.width * info.height;
  const plane = (at: number) =>
    Uint8Array.from({ length: pixels }, (_, pixel) => data[pixel * info.channels + at] ?? 0);
  return info.channels < 3 ? [plane(0), plane(0), plane(0)] : [plane(0), plane(1), plane(2)];
}

export function farthest(found: readonly PlaneArray[], expected: readonly ArrayLike<number>[]): number {
  const far = (plane: PlaneArray, at: number) =>
    Array.from(plane, (value, pixel) => Math.abs(value - (expected[at]?.[pixel] ?? Number.NaN)));
  return Math.max(...found.map((plane, at) => Math.max(...far(plane, at))));
}

/** A print of a picture, by the profile that libvips has for CMYK. */
export async function printed(format: "tiff" | "jpeg"): Promise<Buffer> {
  const raw = Uint8Array.from({ length: 64 * 48 * 3 }, (_, at) => (at * 7 + (at >> 6) * 3) & 255);
  const image = sharp(raw, { raw: { width: 64, height: 48, channels: 3 } })
    .toColourspace("cmyk")
    .withIccProfile("cmyk");
  return await (format === "tiff" ? image.tiff({ compression: "none" }) : image.jpeg({ quality: 95 })).toBuffer();
}

export const photo = () => {
  const raw = Uint8Array.from({ length: 60 * 40 * 3 }, (_, at) => (at * 11 + (at >> 5) * 5) & 255);
  return sharp(raw, { raw: { width: 60, height: 40, channels: 3 } });
};
