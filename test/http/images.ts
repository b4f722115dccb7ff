import type { DirectorySpec } from "../fixtures/tiff-builder.ts";

/** Images of awkward shapes, one channel of bytes each. */
export const IMAGES = {
  "one.tif": { width: 1, height: 1 },
  /** Two levels; the coarser is not stored. */
  "odd.tif": { width: 257, height: 255, tile: [64, 64], codec: "deflate", seed: 1 },
  "square.tif": { width: 687, height: 687, tile: [256, 256], codec: "deflate", seed: 2 },
  "wide.tif": { width: 65_536, height: 1, seed: 3 },
  "tall.tif": { width: 1, height: 65_536, rowsPerStrip: 512, seed: 4 },
  "plates/p1.tif": { width: 20, height: 10, seed: 5 },
  "plates/100% a+b #1?.tif": { width: 20, height: 10, seed: 6 },
  "broken.tif": { width: 300, height: 300, tile: [64, 64], codec: "deflate", replaceChunk: () => new Uint8Array(9) },
} as const satisfies Readonly<Record<string, DirectorySpec>>;
