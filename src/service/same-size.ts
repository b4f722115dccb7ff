import type { ServedImage } from "./types/image.ts";

/** Places in the one mean the same in the other. */
export function sameSize({ info: a }: ServedImage, { info: b }: ServedImage): boolean {
  return a.width === b.width && a.height === b.height;
}
