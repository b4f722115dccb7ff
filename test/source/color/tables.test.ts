import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openTiff } from "../../../src/source/tiff/open.ts";
import { grayTableProfile } from "../../fixtures/icc-profile.ts";
import { type TableForm, tableProfile } from "../../fixtures/icc-tables.ts";
import { MemoryStore } from "../../fixtures/memory-store.ts";
import { type DirectorySpec, TAG } from "../../fixtures/tiff-builder.ts";
import { codes, colored, farthest, printed, shownBySharp, srgbOf, tiff } from "./support.ts";

const PHOTOMETRIC = { 1: 1, 3: 2, 4: 5 } as const;
type Samples = keyof typeof PHOTOMETRIC;
const FORMS: readonly TableForm[] = ["mft1", "mft2", "mAB "];

/** Any color and, in the lower half, shadows. */
function mixture(samples: Samples, x: number, y: number, sample: number): number {
  const mixed = Math.imul((x * 374_761_393 + y * 668_265_263 + sample * 2_147_483_647) | 0, 1_274_126_177);
  const value = ((mixed ^ (mixed >>> 15)) >>> 0) % 256;
  if (y < 32) return value;
  return samples === 4 ? 255 - Math.floor(value / 6) : Math.floor(value / 8);
}

function file(samples: Samples, profile: Uint8Array, type: "uint8" | "uint16" = "uint8"): Uint8Array {
  const scale = type === "uint8" ? 1 : 257;
  const value = (x: number, y: number, sample: number) => scale * mixture(samples, x, y, sample);
  const spec: DirectorySpec = { width: 64, height: 64, samples, type, value, tags: { [TAG.extraSamples]: null } };
  return tiff(colored(spec, PHOTOMETRIC[samples], profile));
}

async function expectShown(bytes: Uint8Array, due: readonly Uint8Array[]): Promise<void> {
  const source = await openTiff(new MemoryStore(bytes));
  expect(codes(source)).toContain("COLORS_CONVERTED");
  expect(farthest(await srgbOf(source), due)).toBeLessThanOrEqual(1);
}

describe("colors of a profile of tables", () => {
  it.each(FORMS.flatMap((form) => ([1, 3, 4] as const).map((samples) => [form, samples] as const)))(
    "are what libvips makes of them, within one level: %s of %i samples",
    async (form, samples) => {
      const bytes = file(samples, tableProfile(samples, form));
      await expectShown(bytes, await shownBySharp(bytes));
    },
  );

  it.each(FORMS)("are the same of 16 bits: %s", async (form) => {
    // libvips itself is up to 90 levels off with RGB of 16 bits, in its table of 33³ colors.
    const rgb = tableProfile(3, form);
    await expectShown(file(3, rgb, "uint16"), await shownBySharp(file(3, rgb)));
    const inks = file(4, tableProfile(4, form), "uint16");
    await expectShown(inks, await shownBySharp(inks));
  });

  it("of a real printer are what libvips makes of them, in shadows as well", async () => {
    const { icc } = await sharp(await printed("tiff")).metadata();
    if (!icc) throw new Error("libvips has no profile of inks");
    for (const type of ["uint8", "uint16"] as const) {
      const bytes = file(4, new Uint8Array(icc), type);
      await expectShown(bytes, await shownBySharp(bytes));
    }
  });

  it("whose black is light is not blackened beyond measure", async () => {
    const pale = tableProfile(3, "mft2", ([red = 0, green = 0, blue = 0]) => [60 + 10 * (red + green + blue), 0, 4]);
    const bytes = file(3, pale);
    await expectShown(bytes, await shownBySharp(bytes));
  });

  it("of gray whose curve is a table are what libvips makes of them", async () => {
    const curve = Array.from({ length: 256 }, (_, at) => 0.02 + 0.98 * (at / 255) ** 2.1);
    const bytes = file(1, grayTableProfile("Gray", curve));
    await expectShown(bytes, await shownBySharp(bytes));
  });
});
