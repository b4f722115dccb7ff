import { BandloomError } from "../core/errors.ts";
import type { Region, Size } from "../core/geometry.ts";

/** BAD_REQUEST for what is no whole number of the range, naming the option. */
export function wholeNumberOption(
  option: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  const given = JSON.stringify(text.slice(0, 40));
  throw new BandloomError(
    "BAD_REQUEST",
    `${option} ${given} cannot be used. Write a whole number from ${from} to ${to}.`,
  );
}

/** `--region` as it is written; BAD_REQUEST for what is no rectangle. */
export function parsedRegion(text: string): Region {
  const [, ...numbers] = /^(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})$/.exec(text.replaceAll(" ", "")) ?? [];
  const [x, y, width, height] = numbers.map(Number);
  if (x === undefined || y === undefined || !width || !height)
    throw new BandloomError("BAD_REQUEST", "--region is four whole numbers, x,y,width,height, such as 0,0,512,512.");
  return { x, y, width, height };
}

/** The region itself; BAD_REQUEST where it reaches beyond the image. */
export function regionInside(region: Region, image: Size): Region {
  const { x, y, width, height } = region;
  if (x + width <= image.width && y + height <= image.height) return region;
  const message = `--region reaches beyond the image, which is ${image.width} × ${image.height} pixels.`;
  throw new BandloomError("BAD_REQUEST", message);
}
