import { planeTypeOf } from "../core/dtype.ts";
import { BandloomError } from "../core/errors.ts";
import { levelCount, levelSize, type Size } from "../core/geometry.ts";
import type { KernelInput } from "../kernel/kernel.ts";
import type { ImageInfo } from "../source/types.ts";

/** A stored level may differ by this many pixels from ceil(size / 2^k): writers round down, or to nearest, as often as up. */
const SIZE_TOLERANCE = 1;

/** Side of the chunks in which virtual levels are computed and kept, pixels. */
export const VIRTUAL_CHUNK = 256;

/** Where the pixels of a level come from. */
export type ServedLevel = StoredLevelPlan | VirtualLevelPlan;

interface LevelBase {
  /** 0 is full resolution. */
  readonly level: number;
  /** ceil(size / 2^level): what clients see. */
  readonly size: Size;
  readonly grid: ChunkGrid;
}

export interface StoredLevelPlan extends LevelBase {
  readonly kind: "stored";
  /** Index into ImageInfo.levels. */
  readonly stored: number;
}

/** Means of the next finer level, float32. */
export interface VirtualLevelPlan extends LevelBase {
  readonly kind: "virtual";
}

/** How a level is cut into chunks. Its extent may be one pixel off the size that clients see. */
export interface ChunkGrid {
  readonly width: number;
  readonly height: number;
  readonly chunkWidth: number;
  readonly chunkHeight: number;
}

/** The stored level that serves `level`, or that it is virtual. NOT_FOUND for a level that the image does not have. */
export function servedLevel(info: ImageInfo, level: number): ServedLevel {
  const count = levelCount(info);
  if (!Number.isInteger(level) || level < 0 || level >= count)
    throw new BandloomError("NOT_FOUND", `The image has levels 0 to ${count - 1}; there is no level ${level}.`);
  const size = levelSize(info, level);
  const stored = nearestStored(info, size);
  const found = info.levels[stored];
  if (found) {
    const { width, height, chunkWidth, chunkHeight } = found;
    return { kind: "stored", level, size, stored, grid: { width, height, chunkWidth, chunkHeight } };
  }
  return {
    kind: "virtual",
    level,
    size,
    grid: { ...size, chunkWidth: VIRTUAL_CHUNK, chunkHeight: VIRTUAL_CHUNK },
  };
}

/** Index of the stored level closest to `size` within the tolerance; −1: none. */
function nearestStored(info: ImageInfo, size: Size): number {
  const distances = info.levels.map(({ width, height }) =>
    Math.max(Math.abs(width - size.width), Math.abs(height - size.height)),
  );
  const least = Math.min(...distances);
  return least <= SIZE_TOLERANCE ? distances.indexOf(least) : -1;
}

/** How a channel's plane lies in memory at a level: as stored, or float32 with NaN for no data where the level is virtual. */
export function planeInput(info: ImageInfo, served: ServedLevel, channel: number, z: number, t: number): KernelInput {
  const stored = storedInput(info, channel, z, t);
  return served.kind === "virtual" ? { channel, z, t, type: "float32", nodata: null } : stored;
}

/** How a channel's plane lies in memory once its stored chunks are decoded. */
export function storedInput(info: ImageInfo, channel: number, z: number, t: number): KernelInput {
  const described = info.channels[channel];
  if (!described || !(z >= 0 && z < info.depth) || !(t >= 0 && t < info.times))
    throw new BandloomError("NOT_FOUND", `The image has no plane of channel ${channel + 1}, z ${z}, t ${t}.`);
  // A mask has made its pixels NaN already.
  if (described.masked) return { channel, z, t, type: "float32", nodata: null };
  return { channel, z, t, type: planeTypeOf(described.dataType), nodata: described.nodata };
}
