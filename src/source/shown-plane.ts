import type { ImageInfo } from "./types.ts";

/** The plane of a stack that is shown when nobody names one: the file's own, else the middle one. */
export function shownPlane({ depth, times, defaultPlane = {} }: Pick<ImageInfo, "depth" | "times" | "defaultPlane">): {
  readonly z: number;
  readonly t: number;
} {
  const { z = middle(depth), t = middle(times) } = defaultPlane;
  return { z, t };
}

/** Of an even number the one before the middle. */
function middle(count: number): number {
  return Math.floor((count - 1) / 2);
}
