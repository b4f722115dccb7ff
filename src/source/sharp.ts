import type { Sharp } from "sharp";

export type SharpLibrary = typeof import("sharp").default;
export type { Sharp };

let loading: Promise<SharpLibrary> | undefined;

/** sharp costs 70 ms and 18 MB: it is loaded by the first picture that needs it. Workers are the concurrency; libvips adds none. */
export function loadSharp(): Promise<SharpLibrary> {
  loading ??= import("sharp").then(({ default: sharp }) => {
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loading;
}
