import { createHash } from "node:crypto";
import type { ServedImage } from "./types.ts";

/** Raised when the same formula on the same bytes gives other pixels: keys, ETags and URLs change with it. */
export const RENDER_VERSION = 1;

/** `v` of URLs: 16 hex digits over the render version and every (key, revision) that is read. */
export function pictureVersion(image: ServedImage, others: readonly ServedImage[]): string {
  return hash([RENDER_VERSION, revisionsOf(image, others).map(({ key, revision }) => [key, revision])]).slice(0, 16);
}

/** (key, revision) of the image that is shown, then of the others that are read. */
export function revisionsOf(
  image: ServedImage,
  others: readonly ServedImage[],
): readonly { readonly key: string; readonly revision: string }[] {
  return [image, ...others.filter(({ key }) => key !== image.key)].map(({ key, revision }) => ({ key, revision }));
}

/** SHA-256 in hex of a value as JSON: typed, its strings quoted, so that different values have different texts. */
export function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
