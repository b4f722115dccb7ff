import type { Size } from "../../core/geometry.ts";
import type { MeasuredWork } from "../../service/types/measure.ts";

/**
 * What the fields of an operation cost. Prices come of the request, the image's size and the formula alone, so they are the same on every
 * machine. The unit is a picture by reference; the pixels of a tile of 256² are 20.
 */

/** A tile or a picture by reference. */
export const REFERENCE = 1;
/** What reads pixels costs no less, however few they are. */
const RENDERED = 20;
/** A value of a list whose length the text or the server decides; eight are as long as a URL. */
export const PRINTED = 1 / 8;

/** Pixels of a picture that are rendered and encoded at the price of RENDERED: those of a tile of 256². */
const PICTURE_PIXELS = 2 ** 16;
/** Pixels that are only counted cost less: RENDERED is a megapixel of one channel. */
const MEASURED_PIXELS = 2 ** 20;
/** A formula up to this cost takes no longer than reading and encoding its pixels: 10 to 20 operations. */
const PLAIN_COST = 100;

/** Pictures of one size in the answer itself; `cost` of a pixel of their formula, left out where it is not known. */
export function picturesPrice(count: number, { width, height }: Size, cost = 0): number {
  return count * atLeastRendered(((width * height) / PICTURE_PIXELS) * weightOf(cost));
}

/** Numbers about many pixels. */
export function measurePrice({ pixels, channels, cost }: MeasuredWork): number {
  return atLeastRendered((pixels / MEASURED_PIXELS) * (channels + weightOf(cost) - 1));
}

/** Numbers under single pixels: a chunk of each channel for each point. */
export function probePrice({ pixels, channels, cost }: MeasuredWork): number {
  return Math.max(RENDERED, REFERENCE * pixels * (channels + weightOf(cost) - 1));
}

/** Size of a rectangle that is scaled down to fit, before it is rounded. */
export function fittedSize({ width, height }: Size, maxSize: number): Size {
  const scale = Math.min(1, Math.max(1, maxSize) / Math.max(1, width, height));
  return { width: Math.max(0, width) * scale, height: Math.max(0, height) * scale };
}

/** Of its pixels, against those of a plain formula. */
function weightOf(cost: number): number {
  return Math.max(1, cost / PLAIN_COST);
}

function atLeastRendered(share: number): number {
  return RENDERED * Math.max(1, share);
}
