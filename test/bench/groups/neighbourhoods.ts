import type { Group } from "../group.ts";
import { benchImage } from "../images.ts";
import { measure } from "../measure.ts";
import { Pipeline } from "../pipeline.ts";
import { note, type Row } from "../row.ts";

const TILES_A_SIDE = 64;
const CACHE_BYTES = 64 * 2 ** 20;
/** Tiles whose chunks, and those around them, stay decoded. */
const WARM = 16;

const FORMULAS = [
  "window(red, 0, 4095)",
  "window(conv(red, 1, 2, 1, 2, 4, 2, 1, 2, 1), 0, 65520)",
  "window(blur(red, 2), 0, 4095)",
  "window(blur(red, 8), 0, 4095)",
  "window(sharpen(red, 2, 1), 0, 4095)",
  "window(sobel(red), 0, 4095)",
  "window(laplace(red), -500, 500)",
  "window(hillshade(red), 0, 1)",
  "window(contour(blur(red, 1), 200), 0, 1)",
  "window(median(red, 1), 0, 4095)",
  "window(median(red, 2), 0, 4095)",
  "window(median(red, 4), 0, 4095)",
  "window(median(blur(red, 2) - blur(green, 4), 1), -500, 500)",
] as const;

/** What a neighbourhood adds to a tile of 256 pixels of 16 bits whose chunks are decoded, the JPEG included. */
export const rows: Group = async ({ folder }) => {
  const pipeline = await Pipeline.open(await benchImage(folder, 16, 256, 256 * TILES_A_SIDE), CACHE_BYTES);
  const result: Row[] = [];
  let plain = Number.NaN;
  for (const formula of FORMULAS) {
    const kernel = pipeline.kernel(formula);
    const place = (n: number) => TILES_A_SIDE + 1 + (n % 4) + TILES_A_SIDE * (Math.floor(n / 4) % (WARM / 4));
    const measured = await measure((n) => pipeline.tile(kernel, place(n)), { calls: 60, warmup: 60 });
    if (Number.isNaN(plain)) plain = measured.cpu;
    result.push({
      ...measured,
      name: formula,
      unit: "tile",
      targets: [note("of a plain tile", measured.cpu / plain, "times")],
    });
  }
  await pipeline.close();
  return result;
};
