import type { Region } from "../core/geometry.ts";
import type { ImageInfo } from "../source/types.ts";
import { type ServedLevel, servedLevel } from "./levels.ts";
import { finerRegion } from "./limits.ts";
import { chunksUnder } from "./spans.ts";

/** Stored chunks that a region is made of, row by row; where its level is virtual, those of the level that it is averaged from. */
export function storedChunks(
  info: ImageInfo,
  served: ServedLevel,
  region: Region,
): { readonly level: number; readonly positions: readonly { readonly x: number; readonly y: number }[] } {
  if (served.kind === "stored") return { level: served.stored, positions: chunksUnder(served.grid, region) };
  const finer = servedLevel(info, served.level - 1);
  return storedChunks(info, finer, finerRegion(region, finer.size));
}
