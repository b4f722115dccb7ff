import { BandloomError } from "../core/errors.ts";
import type { Region, Size } from "../core/geometry.ts";
import type { ImageInfo, StoredLevel } from "../source/types.ts";
import { type ServedLevel, servedLevel } from "./levels.ts";
import { chunkCount, pixelsUnder } from "./spans.ts";

const MEGAPIXEL = 1 << 20;
const GIB = 2 ** 30;

/** What has to be read of a file for one channel of an answer, all of every chunk that it touches. */
export interface StoredNeed {
  readonly pixels: number;
  readonly chunks: number;
  /** Reads of the file: more than chunks where these are joined of strips, or of pieces. */
  readonly reads: number;
  /** Decoded bytes, where chunks hold more than a plane each; else 0, as pixels tell enough. */
  readonly bytes: number;
}

/** Each of these is about a second of work, a few where bytes are decoded that nobody asked for. */
const MOST: StoredNeed = {
  pixels: 64 * MEGAPIXEL,
  // A chunk costs some 50 µs beside its pixels: chunks of 64 pixels a side reach both limits at once.
  chunks: 16_384,
  reads: 65_536,
  bytes: 4 * GIB,
};

/** Measures read as much as so many pictures: they are made once. */
export const MEASURED = 4;

/** Pixels that one picture may hold before it is scaled: 256 MiB as RGBA. */
export const MAX_PICTURE_PIXELS = 64 * MEGAPIXEL;

/** Pixels that one set of statistics may look at with all their values held and ordered in memory. */
export const MAX_STATISTICS_PIXELS = 4 * MEGAPIXEL;

/** Pixels that statistics may look at at all: beyond the former they are counted in parts (a second or two on two cores). */
export const MAX_COUNTED_PIXELS = MEASURED * MOST.pixels;

/** What is read of the file for a region of a level; where the level is virtual, for the finer one that it is averaged from. */
export function storedNeed(info: ImageInfo, served: ServedLevel, region: Region): StoredNeed {
  if (served.kind === "virtual") {
    const finer = servedLevel(info, served.level - 1);
    return storedNeed(info, finer, finerRegion(wholeChunks(served, region), finer.size));
  }
  const chunks = chunkCount(served.grid, region);
  return { ...chunksNeed(info.levels[served.stored], chunks), pixels: pixelsUnder(served.grid, region) };
}

/** What so many whole chunks of a stored level need. */
export function chunksNeed(level: StoredLevel | undefined, chunks: number): StoredNeed {
  const { chunkWidth = 0, chunkHeight = 0, chunkReads = 1, chunkBytes = 0 } = level ?? {};
  return {
    pixels: chunks * chunkWidth * chunkHeight,
    chunks,
    reads: chunks * chunkReads,
    bytes: chunks * chunkBytes,
  };
}

export function sumOfNeeds(needs: readonly StoredNeed[]): StoredNeed {
  return needs.reduce(
    (sum, one) => ({
      pixels: sum.pixels + one.pixels,
      chunks: sum.chunks + one.chunks,
      reads: sum.reads + one.reads,
      bytes: sum.bytes + one.bytes,
    }),
    { pixels: 0, chunks: 0, reads: 0, bytes: 0 },
  );
}

/** The pixels of the next finer level of which `region` holds the 2×2 means. */
export function finerRegion(region: Region, finer: Size): Region {
  const x = region.x * 2;
  const y = region.y * 2;
  return {
    x,
    y,
    width: Math.min(region.width * 2, finer.width - x),
    height: Math.min(region.height * 2, finer.height - y),
  };
}

/** `region` grown to whole chunks of its level: virtual chunks are always computed whole. */
function wholeChunks({ grid }: ServedLevel, region: Region): Region {
  const x = Math.floor(region.x / grid.chunkWidth) * grid.chunkWidth;
  const y = Math.floor(region.y / grid.chunkHeight) * grid.chunkHeight;
  const right = Math.ceil((region.x + region.width) / grid.chunkWidth) * grid.chunkWidth;
  const bottom = Math.ceil((region.y + region.height) / grid.chunkHeight) * grid.chunkHeight;
  return { x, y, width: Math.min(right, grid.width) - x, height: Math.min(bottom, grid.height) - y };
}

/** Whether an answer may read so much. */
export function isGranted(need: StoredNeed): boolean {
  return overrun(need, 1) === null;
}

/** LIMIT_EXCEEDED when an answer would have to read more of a channel than one may; a measure `times` as much. */
export function assertGranted(need: StoredNeed, times = 1): void {
  const what = overrun(need, times);
  if (what === null) return;
  const { unit, many, cause } = OVERRUNS[what];
  const [count, limit] = [Math.ceil(need[what] / unit), (times * MOST[what]) / unit];
  throw new BandloomError(
    "LIMIT_EXCEEDED",
    `This needs ${count} ${many} of the file for each channel, and the limit is ${limit}: ${cause} Convert it to a ` +
      "tiled pyramid (`bandloom ingest`), or ask for a finer level or a smaller region.",
    { details: { limit, count } },
  );
}

function overrun(need: StoredNeed, times: number): keyof StoredNeed | null {
  const what = (["pixels", "chunks", "reads", "bytes"] as const).find((one) => !(need[one] <= times * MOST[one]));
  return what ?? null;
}

const OVERRUNS: Readonly<
  Record<keyof StoredNeed, { readonly unit: number; readonly many: string; readonly cause: string }>
> = {
  pixels: {
    ...{ unit: MEGAPIXEL, many: "megapixels" },
    cause: "the image lacks reduced-resolution levels, or is cut in very wide strips.",
  },
  chunks: { unit: 1, many: "chunks", cause: "its chunks are very small." },
  reads: { unit: 1, many: "reads", cause: "its chunks are made of many strips or pieces." },
  bytes: {
    ...{ unit: 2 ** 20, many: "decoded MiB" },
    cause: "its chunks hold many channels or planes, all of which are decoded for one.",
  },
};

/** NOT_FOUND when a region does not lie wholly inside its level, BAD_REQUEST when it is none. */
export function assertRegion({ level, size }: ServedLevel, region: Region): void {
  const { x, y, width, height } = region;
  if (![x, y, width, height].every(Number.isSafeInteger) || width < 1 || height < 1)
    throw new BandloomError("BAD_REQUEST", "A region is four whole numbers, its width and height at least 1.");
  if (x < 0 || y < 0 || x + width > size.width || y + height > size.height)
    throw new BandloomError(
      "NOT_FOUND",
      `Level ${level} measures ${size.width} × ${size.height} pixels; the region lies outside of it.`,
    );
}
