import { expect, it } from "vitest";
import type { PictureFormat } from "../../src/render/index.ts";
import { regionSize } from "../../src/service/regions.ts";
import { imageInfo } from "../plan/image-info.ts";
import { boundTo, codeOf, servedImage } from "./support.ts";

const formula = boundTo(servedImage(imageInfo(4096, 4096)), "b1");

function sizeOf(format: PictureFormat, maxSize: number, lossless = true) {
  const region = { x: 0, y: 0, width: 4096, height: 4096 };
  return regionSize({ formula, region, maxSize, encoding: { format, quality: 80, lossless } });
}

it.each(["webp", "avif"] as const)(
  "lossless %s, whose encoder nothing can interrupt, is made of a megapixel at most",
  async (format) => {
    expect(sizeOf(format, 1024)).toEqual({ width: 1024, height: 1024 });
    expect(await codeOf(() => sizeOf(format, 1025))).toBe("LIMIT_EXCEEDED");
    expect(() => sizeOf(format, 1025)).toThrow(/1025 × 1025.*Ask for png/);
    expect(sizeOf(format, 4096, false).width).toBe(4096);
  },
);

it("other formats are made in the size that is asked for", () => {
  for (const format of ["png", "jpeg", "npy"] as const) expect(sizeOf(format, 4096).width).toBe(4096);
});
