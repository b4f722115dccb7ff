import { levelCount, type Region } from "../core/geometry.ts";
import { type ServedLevel, servedLevel, storedNeed } from "../plan/index.ts";
import type { ImageInfo } from "../source/types.ts";

const MEGAPIXEL = 2 ** 20;
/** The finest stored level of at most so many pixels is looked at whole … */
const WHOLE_PIXELS = MEGAPIXEL;
/** … else so many pixels, in chunks spread over the coarsest stored level; of a stack, of all planes together … */
const SAMPLED_PIXELS = 4 * MEGAPIXEL;
/** … and no more chunks than this: each is a read, however few pixels it holds … */
const MAX_SAMPLED_CHUNKS = 4_096;
/** … and no more reads or decoded bytes, where chunks are joined of strips, or hold many planes. */
const MAX_SAMPLED_READS = 65_536;
const MAX_SAMPLED_BYTES = 2 ** 30;

export interface SampledPixels {
  readonly level: number;
  readonly regions: readonly Region[];
}

/** Where pixels of a plane are looked at, of which there are `planes`: the same pixels on every machine. */
export function sampledPixels(info: ImageInfo, planes = 1): SampledPixels {
  const stored = storedLevels(info);
  const chosen = stored.find((level) => isLookedAtWhole(info, level, planes));
  return sampleOf(info, chosen ?? stored.at(-1) ?? servedLevel(info, 0), planes);
}

/** Where else, for a file in which none of those can be decoded: on its other stored levels, coarsest first. */
export function otherPixels(info: ImageInfo, planes: number, { level }: SampledPixels): readonly SampledPixels[] {
  const others = storedLevels(info).filter((one) => one.level !== level);
  return others.toReversed().map((one) => sampleOf(info, one, planes));
}

function sampleOf(info: ImageInfo, served: ServedLevel, planes: number): SampledPixels {
  const { level, size } = served;
  const isWhole = isLookedAtWhole(info, served, planes);
  return { level, regions: isWhole ? [{ x: 0, y: 0, ...size }] : spreadChunks(info, served, planes) };
}

function spreadChunks(info: ImageInfo, served: ServedLevel, planes: number): readonly Region[] {
  const { size, grid } = served;
  const columns = Math.ceil(size.width / grid.chunkWidth);
  const total = columns * Math.ceil(size.height / grid.chunkHeight);
  const one = storedNeed(info, served, { x: 0, y: 0, width: 1, height: 1 });
  const wanted = Math.min(
    SAMPLED_PIXELS / (grid.chunkWidth * grid.chunkHeight),
    MAX_SAMPLED_CHUNKS,
    MAX_SAMPLED_READS / one.reads,
    MAX_SAMPLED_BYTES / one.bytes,
  );
  const count = Math.min(total, Math.max(1, Math.floor(wanted / planes)));
  const most = SAMPLED_PIXELS / planes;
  return Array.from({ length: count }, (_, index): Region => {
    // The middle of each of `count` equal parts.
    const chunk = Math.floor(((index + 0.5) * total) / count);
    const x = (chunk % columns) * grid.chunkWidth;
    const y = Math.floor(chunk / columns) * grid.chunkHeight;
    // One chunk alone may be larger than what is looked at: its upper rows are.
    const width = Math.min(grid.chunkWidth, size.width - x);
    const height = Math.min(grid.chunkHeight, size.height - y, Math.max(1, Math.floor(most / width)));
    return { x, y, width, height };
  });
}

function isLookedAtWhole(info: ImageInfo, level: ServedLevel, planes: number): boolean {
  const { width, height } = level.size;
  if (width * height > Math.min(WHOLE_PIXELS, SAMPLED_PIXELS / planes)) return false;
  const { chunks, reads, bytes } = storedNeed(info, level, { x: 0, y: 0, width, height });
  const isWithin = (value: number, limit: number) => value <= limit / planes;
  return (
    isWithin(chunks, MAX_SAMPLED_CHUNKS) && isWithin(reads, MAX_SAMPLED_READS) && isWithin(bytes, MAX_SAMPLED_BYTES)
  );
}

/** Served levels that lie in the file, finest first. */
function storedLevels(info: ImageInfo): readonly ServedLevel[] {
  const levels = Array.from({ length: levelCount(info) }, (_, level) => servedLevel(info, level));
  return levels.filter(({ kind }) => kind === "stored");
}
