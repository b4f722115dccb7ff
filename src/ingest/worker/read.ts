import { BandloomError } from "../../core/errors.ts";
import type { Region } from "../../core/geometry.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, ImageSource } from "../../source/index.ts";
import type { Samples } from "../../source/tiff/write-downsample.ts";
import type { Origin } from "../protocol.ts";
import { withDecoded } from "./decode.ts";
import type { Memory } from "./memory.ts";

/** Fills `planes` (rows of region.width samples) with a region of full resolution: every chunk under it is read and decoded once. */
export async function readRegion(
  memory: Memory,
  source: ImageSource,
  { group, z, t, samples }: Origin,
  region: Region,
  planes: readonly Samples[],
): Promise<void> {
  for await (const [ref, bytes] of fetched(source, chunkRefs(source, { group, z, t }, region))) {
    withDecoded(memory, source, ref, bytes, (decoded, layout) => {
      samples.forEach((sample, index) => {
        const target = planes[index];
        if (target) copyPart(decoded, sample, layout, placeOf(source, ref), target, region);
      });
    });
  }
}

function chunkRefs(source: ImageSource, plane: Pick<ChunkRef, "group" | "z" | "t">, region: Region): ChunkRef[] {
  const { chunkWidth, chunkHeight } = fullLevel(source);
  const refs: ChunkRef[] = [];
  for (let y = Math.floor(region.y / chunkHeight); y * chunkHeight < region.y + region.height; y++) {
    for (let x = Math.floor(region.x / chunkWidth); x * chunkWidth < region.x + region.width; x++) {
      refs.push({ level: 0, ...plane, x, y });
    }
  }
  return refs;
}

/** Together where each read waits for a network, else one after the other: their bytes are good until the next. */
async function* fetched(
  source: ImageSource,
  refs: readonly ChunkRef[],
): AsyncGenerator<readonly [ref: ChunkRef, bytes: ChunkBytes]> {
  const together = await source.fetchAll?.(refs);
  for (const [index, ref] of refs.entries()) {
    const bytes = together ? together[index] : await source.fetch(ref);
    if (bytes instanceof Error) throw bytes;
    yield [ref, bytes ?? null];
  }
}

function placeOf(source: ImageSource, { x, y }: ChunkRef): { readonly x: number; readonly y: number } {
  const { chunkWidth, chunkHeight } = fullLevel(source);
  return { x: x * chunkWidth, y: y * chunkHeight };
}

function fullLevel(source: ImageSource) {
  const [level] = source.info.levels;
  if (!level) throw new BandloomError("SOURCE_UNREADABLE", "The image has no level of full resolution.");
  return level;
}

/** The part of a decoded plane that lies in the region. Types that differ are converted as typed arrays do; plans see that it is exact. */
function copyPart(
  decoded: Samples,
  sample: number,
  { width, height }: ChunkLayout,
  at: { readonly x: number; readonly y: number },
  target: Samples,
  region: Region,
): void {
  const left = Math.max(at.x, region.x);
  const right = Math.min(at.x + width, region.x + region.width);
  const top = Math.max(at.y, region.y);
  const bottom = Math.min(at.y + height, region.y + region.height);
  for (let y = top; y < bottom; y++) {
    const from = (sample * height + y - at.y) * width + left - at.x;
    target.set(decoded.subarray(from, from + right - left), (y - region.y) * region.width + left - region.x);
  }
}
