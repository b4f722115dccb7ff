import type { PictureFormat } from "./types.ts";

/** Media type of each format, as pictures are served: by what was asked for. npy has none that is registered. */
export const CONTENT_TYPES: Readonly<Record<PictureFormat, string>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  npy: "application/octet-stream",
};
