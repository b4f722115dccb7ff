import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type Conversion, withLittleCms } from "../../../src/source/color/little-cms.ts";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { grayProfile, PRIMARIES, rgbProfile } from "../../fixtures/icc-profile.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import type { DirectorySpec } from "../../fixtures/tiff-builder.ts";
import { ADOBE, codes, colored, IMAGE, open, printed, srgbOf, tiff } from "./support.ts";

describe("a profile that is not applied", () => {
  const reasonOf = async (spec: DirectorySpec) => {
    const source = await open(spec);
    expect(source.info.channels.some(({ derived }) => derived)).toBe(false);
    return source.info.warnings.map(({ code, message }) => `${code}: ${message}`);
  };

  it.each<[string, DirectorySpec, RegExp]>([
    ["of another space", colored(IMAGE, 2, grayProfile("Gray", 2.2)), /another color space/],
    ["that is damaged", colored(IMAGE, 2, ADOBE.subarray(0, 200)), /damaged/],
    ["of floats", colored({ ...IMAGE, type: "float32" }, 2, ADOBE), /other than 8 or 16 bits/],
    ["of gray that is measured", colored({ ...IMAGE, samples: 1, type: "uint16" }, 1, grayProfile("G", 1)), /16 bits/],
    ["of bands", colored({ ...IMAGE, samples: 4 }, 1, grayProfile("G", 1)), /not those of one color/],
    ["that is too large", colored(IMAGE, 2, Buffer.concat([ADOBE, Buffer.alloc(4 << 20)])), /4 MiB/],
  ])("is told of with its reason: %s", async (_, spec, reason) => {
    const told = await reasonOf(spec);
    expect(told.filter((one) => one.startsWith("PROFILE_NOT_APPLIED"))).toEqual([expect.stringMatching(reason)]);
  });

  it("is told of where the file has several colors", async () => {
    const channels = '<Channel ID="C:0" SamplesPerPixel="1"/><Channel ID="C:1" SamplesPerPixel="1"/>';
    const pixels = `<Pixels ID="P:0" DimensionOrder="XYCZT" Type="uint8" SizeX="90" SizeY="50" SizeC="2" SizeZ="1" SizeT="1">${channels}<TiffData/></Pixels>`;
    const description = `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="I:0">${pixels}</Image></OME>`;
    const page = colored({ ...IMAGE, samples: 1 }, 1, grayProfile("Gray", 1));
    const source = await openTiff(new MemoryStore(tiff({ ...page, description }, page)));
    expect(source.info.channels).toHaveLength(2);
    expect(codes(source)).toContain("PROFILE_NOT_APPLIED");
  });

  it("costs nothing where it is of sRGB", async () => {
    const source = await open(colored(IMAGE, 2, rgbProfile("sRGB IEC61966-2.1", PRIMARIES.adobe, 2.2)));
    expect([source.info.channels.length, source.info.warnings]).toEqual([3, []]);
  });

  it("never ends the thread, however damaged it is, nor spoils that of another file", async () => {
    const good = await srgbOf(await open(colored(IMAGE, 2, ADOBE)));
    const cmyk = (await sharp(await printed("tiff")).metadata()).icc ?? new Uint8Array();
    const show = async (profile: Uint8Array, photometric: number, samples: number) => {
      const source = await open(colored({ width: 4, height: 4, samples }, photometric, profile));
      if (codes(source).includes("COLORS_CONVERTED")) await srgbOf(source);
      else expect(codes(source)).toContain("PROFILE_NOT_APPLIED");
    };
    for (const bytes of [cmyk.subarray(0, 5000), new Uint8Array(cmyk).fill(255, 132, 400)]) await show(bytes, 5, 4);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(ADOBE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        async (changes) => {
          const bytes = new Uint8Array(ADOBE);
          for (const [at, byte] of changes) bytes[at] = byte;
          await show(bytes, 2, 3);
        },
      ),
      { seed: 4, numRuns: 60 },
    );
    expect(await srgbOf(await open(colored(IMAGE, 2, ADOBE)))).toEqual(good);
  });

  it("at which the library gives up leaves an instance that is good", () => {
    const before = withLittleCms((cms) => cms);
    expect(withLittleCms((cms) => cms)).toBe(before);
    const fails = () =>
      withLittleCms(() => {
        throw new Error("gives up");
      });
    expect(fails).toThrow("gives up");
    expect(withLittleCms((cms) => cms)).not.toBe(before);
    const lab: Conversion = { key: "lab", space: "lab", type: "uint8", isNegative: false, profile: null };
    expect(withLittleCms((cms) => cms.refusal(lab))).toBeNull();
  });
});
