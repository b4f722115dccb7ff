import { createHash } from "node:crypto";
import type { ServedImage } from "./types/image.ts";

/** Raised when the same formula on the same bytes gives other pixels: keys, ETags and URLs change with it. */
export const RENDER_VERSION = 4;

/**
 * `v` of URLs: 16 hex digits over the render version and every (key, revision) that is read, and the generation of the formula where it was
 * purged.
 */
export function pictureVersion(image: ServedImage, others: readonly ServedImage[], generation: string): string {
  const pairs = revisionsOf(image, others).map(({ key, revision }) => [key, revision]);
  return hash([RENDER_VERSION, pairs, ...(generation === "" ? [] : [generation])]).slice(0, 16);
}

/** The revision under which the bytes of a revision are served: the same, unless the image was purged. */
export function servedRevision(revision: string, generation: string): string {
  return generation === "" ? revision : hash([revision, generation]).slice(0, revision.length);
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
