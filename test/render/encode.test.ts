import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Region } from "../../src/core/geometry.ts";
import { type KernelOutput, OUTPUT_BYTES } from "../../src/kernel/kernel.ts";
import { encode } from "../../src/render/encode/encode.ts";
import { encoderIdentity } from "../../src/render/encode/identity.ts";
import type { Pixels } from "../../src/render/encode/pixels.ts";
import { encodeWithSharp } from "../../src/render/encode/sharp.ts";
import type { Encoding, PictureFormat } from "../../src/render/types.ts";

const WIDTH = 37;
const HEIGHT = 21;
const PLAIN = { resize: null, pad: null };

function smooth(output: KernelOutput): Pixels {
  const channels = OUTPUT_BYTES[output];
  const bytes = Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, index) => {
    const channel = index % channels;
    const x = Math.floor(index / channels) % WIDTH;
    if (channel === 3) return x < 10 ? 0 : 255;
    return Math.round(127 + 100 * Math.sin(x / 12 + channel));
  });
  return { output, planes: 1, width: WIDTH, height: HEIGHT, bytes, view: false };
}

/** Bright pixels, transparent and black where there is a hole. */
function beside(isHole: (x: number, y: number) => boolean): Pixels {
  const bytes = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, index) => {
    const [x, y] = [Math.floor(index / 4) % WIDTH, Math.floor(index / 4 / WIDTH)];
    if (isHole(x, y)) return 0;
    return index % 4 === 3 ? 255 : Math.round(200 + 40 * Math.sin(x / 12 + y / 9 + (index % 4)));
  });
  return { output: "rgba8", planes: 1, width: WIDTH, height: HEIGHT, bytes, view: false };
}

/** The greatest error of what is not transparent; files without alpha are opaque. */
function worstSeen(found: Uint8Array, wanted: Uint8Array): number {
  const channels = found.length / (WIDTH * HEIGHT);
  let most = 0;
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++)
    for (let part = 0; wanted[pixel * 4 + 3] !== 0 && part < 3; part++)
      most = Math.max(most, Math.abs((found[pixel * channels + part] ?? 0) - (wanted[pixel * 4 + part] ?? 0)));
  return most;
}

function floats(width: number, height: number, planes = 1): Pixels {
  const values = Float32Array.from({ length: planes * width * height }, (_, index) => index / 4);
  return { output: "float32", planes, width, height, bytes: new Uint8Array(values.buffer), view: false };
}

function encoding(format: PictureFormat, options: Partial<Encoding> = {}): Encoding {
  return { format, quality: 90, lossless: false, ...options };
}

/** Pixels with the channels of the file, cut to a rectangle where one is given. */
async function decode(bytes: Uint8Array, cut?: Region): Promise<Buffer> {
  const { channels } = await sharp(bytes).metadata();
  const image = channels === 1 ? sharp(bytes).toColourspace("b-w") : sharp(bytes);
  return (cut ? image.extract({ left: cut.x, top: cut.y, width: cut.width, height: cut.height }) : image)
    .raw()
    .toBuffer();
}

function worst(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? 0))), 0);
}

describe("encoding byte pixels", () => {
  for (const output of ["gray8", "rgb8", "rgba8"] as const)
    it(`keeps ${output} exactly in PNG`, async () => {
      const pixels = smooth(output);
      const { bytes } = await encode(pixels, { ...PLAIN, encoding: encoding("png") });
      expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", channels: OUTPUT_BYTES[output] });
      expect(Buffer.compare(await decode(bytes), Buffer.from(pixels.bytes))).toBe(0);
    });

  it("writes gray JPEG for gray pixels and colour for colour, synchronously", async () => {
    for (const [output, channels, space] of [
      ["gray8", 1, "b-w"],
      ["rgb8", 3, "srgb"],
    ] as const) {
      const picture = encode(smooth(output), { ...PLAIN, encoding: encoding("jpeg") });
      if (picture instanceof Promise) throw new Error("A JPEG should not wait.");
      expect(await sharp(picture.bytes).metadata()).toMatchObject({ format: "jpeg", channels, space });
      expect(worst(await decode(picture.bytes), smooth(output).bytes)).toBeLessThan(12);
    }
  });

  it("halves colour resolution below quality 90 and keeps it from there on, with either JPEG encoder", async () => {
    for (const [quality, chromaSubsampling] of [
      [80, "4:2:0"],
      [90, "4:4:4"],
    ] as const) {
      const settings = encoding("jpeg", { quality });
      const pictures = [
        (await encode(smooth("rgb8"), { ...PLAIN, encoding: settings })).bytes,
        await encodeWithSharp(smooth("rgb8"), settings),
      ];
      for (const bytes of pictures) expect(await sharp(bytes).metadata()).toMatchObject({ chromaSubsampling });
    }
  });

  it("falls back on sharp with gray for gray, and about the same pixels", async () => {
    for (const output of ["gray8", "rgb8"] as const) {
      const bytes = await encodeWithSharp(smooth(output), encoding("jpeg"));
      expect(await sharp(bytes).metadata()).toMatchObject({ format: "jpeg", channels: OUTPUT_BYTES[output] });
      expect(worst(await decode(bytes), smooth(output).bytes)).toBeLessThan(12);
    }
  });

  it("knows lossless WebP and AVIF", async () => {
    for (const format of ["webp", "avif"] as const) {
      const { bytes } = await encode(smooth("rgb8"), { ...PLAIN, encoding: encoding(format, { lossless: true }) });
      expect(worst(await decode(bytes), smooth("rgb8").bytes)).toBe(0);
    }
  });

  it("codes no black from beneath transparency beside what is seen, and keeps it where nothing is lost", async () => {
    for (const format of ["webp", "avif"] as const) {
      const pixels = beside((x, y) => x + 2 * y < 70 || (x * 7 + y * 13) % 10 === 0);
      const lossy = await encode(pixels, { ...PLAIN, encoding: encoding(format, { quality: 80 }) });
      const opaque = await encode(
        beside(() => false),
        { ...PLAIN, encoding: encoding(format, { quality: 80 }) },
      );
      const ordinary = worstSeen(await decode(opaque.bytes), pixels.bytes);
      expect(worstSeen(await decode(lossy.bytes), pixels.bytes)).toBeLessThan(ordinary + 12);
      const lossless = await encode(pixels, { ...PLAIN, encoding: encoding(format, { lossless: true }) });
      expect(worstSeen(await decode(lossless.bytes), pixels.bytes)).toBe(0);
    }
  });

  it("changes no pixel that it is given, where all are transparent too", async () => {
    for (const isHole of [(x: number) => x < 9, () => true]) {
      const pixels = beside(isHole);
      const before = pixels.bytes.slice();
      const { bytes } = await encode(pixels, { ...PLAIN, encoding: encoding("webp") });
      expect(Buffer.compare(pixels.bytes, before)).toBe(0);
      const found = await sharp(bytes).ensureAlpha().raw().toBuffer();
      expect(found.filter((_, index) => index % 4 === 3)).toEqual(Buffer.from(before.filter((_, at) => at % 4 === 3)));
    }
  });

  it("makes smaller files at lower quality", async () => {
    for (const format of ["jpeg", "webp", "avif"] as const) {
      const sizes = await Promise.all(
        [95, 30].map(async (quality) => {
          const picture = await encode(smooth("rgb8"), { ...PLAIN, encoding: encoding(format, { quality }) });
          return picture.bytes.length;
        }),
      );
      expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
    }
  });

  it("pads with transparency, or black where there is none, to the right and below", async () => {
    const canvas = { width: 64, height: 64 };
    for (const output of ["gray8", "rgb8", "rgba8"] as const) {
      const picture = await encode(smooth(output), { resize: null, pad: canvas, encoding: encoding("png") });
      expect(picture).toMatchObject(canvas);
      const inside = await decode(picture.bytes, { x: 0, y: 0, width: WIDTH, height: HEIGHT });
      expect(Buffer.compare(inside, Buffer.from(smooth(output).bytes))).toBe(0);
      const right = await decode(picture.bytes, { x: WIDTH, y: 0, width: 27, height: 64 });
      const below = await decode(picture.bytes, { x: 0, y: HEIGHT, width: 64, height: 43 });
      expect([...right, ...below].every((value) => value === 0)).toBe(true);
    }
  });

  it("scales to the size that is asked for", async () => {
    const size = { width: 18, height: 11 };
    for (const format of ["jpeg", "png"] as const) {
      const picture = await encode(smooth("rgb8"), { resize: size, pad: null, encoding: encoding(format) });
      expect(picture).toMatchObject(size);
      expect(await sharp(picture.bytes).metadata()).toMatchObject(size);
    }
  });

  it("takes pixels out of WebAssembly memory before it returns, so that the memory may be used again", async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const view = new Uint8Array(memory.buffer, 1024, WIDTH * HEIGHT * 4);
    view.set(smooth("rgba8").bytes);
    const picture = encode({ ...smooth("rgba8"), bytes: view, view: true }, { ...PLAIN, encoding: encoding("png") });
    view.fill(7);
    memory.grow(1);
    expect(Buffer.compare(await decode((await picture).bytes), Buffer.from(smooth("rgba8").bytes))).toBe(0);
  });

  it("refuses pixels that a format cannot hold", () => {
    for (const [output, format] of [
      ["rgba8", "jpeg"],
      ["gray8", "npy"],
    ] as const)
      expect(() => encode(smooth(output), { ...PLAIN, encoding: encoding(format) })).toThrow(TypeError);
    expect(() => encode(floats(2, 2), { ...PLAIN, encoding: encoding("png") })).toThrow(TypeError);
  });
});

describe("npy", () => {
  it("has a header of numpy's format 1.0, aligned to 64 bytes, and float32 in C order", () => {
    for (const [planes, shape] of [
      [1, "(2, 3)"],
      [4, "(4, 2, 3)"],
    ] as const) {
      const pixels = floats(3, 2, planes);
      const picture = encode(pixels, { ...PLAIN, encoding: encoding("npy") });
      if (picture instanceof Promise) throw new Error("npy should not wait.");
      const { bytes } = picture;
      expect([...bytes.subarray(0, 8)]).toEqual([0x93, ...Buffer.from("NUMPY"), 1, 0]);
      const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
      expect(start % 64).toBe(0);
      expect(Buffer.from(bytes.subarray(10, start)).toString()).toMatch(
        new RegExp(`^\\{'descr': '<f4', 'fortran_order': False, 'shape': ${shape.replace(/[()]/g, "\\$&")}, \\} *\n$`),
      );
      expect([...new Float32Array(bytes.slice(start).buffer)]).toEqual(
        Array.from({ length: planes * 6 }, (_, index) => index / 4),
      );
    }
  });

  it("pads with NaN and scales to values that stand in the image", () => {
    const picture = encode(floats(4, 4), {
      resize: { width: 2, height: 2 },
      pad: { width: 3, height: 2 },
      encoding: encoding("npy"),
    });
    if (picture instanceof Promise) throw new Error("npy should not wait.");
    const start = 10 + new DataView(picture.bytes.buffer).getUint16(8, true);
    expect([...new Float32Array(picture.bytes.slice(start).buffer)]).toEqual([
      1.25,
      1.75,
      Number.NaN,
      3.25,
      3.75,
      Number.NaN,
    ]);
  });
});

describe("the identity of an encoder", () => {
  it("names the program and its version, for the cache key", () => {
    expect(encoderIdentity("jpeg")).toMatch(/^jpeg-turbo@2\.3\.0\/\d+$/);
    expect(encoderIdentity("png")).toBe(`sharp@${sharp.versions.sharp}/2`);
    expect(encoderIdentity("npy")).toBe("npy/2");
  });
});
