import { BandloomError } from "../../core/errors.ts";
import type { Region } from "../../core/geometry.ts";
import type { ChunkBytes, ChunkLayout, ChunkRef, ImageSource } from "../../source/index.ts";
import type { Samples } from "../../source/tiff/write-downsample.ts";
import type { SourceChunk } from "../../source/types.ts";
import type { Origin } from "../protocol.ts";
import { storedChunk } from "../stored-chunk.ts";
import { withDecoded } from "./decode.ts";
import type { Memory } from "./memory.ts";

/**
 * Fills `planes` (rows of region.width samples) with a region of full resolution: every chunk under it is read and decoded once, and once
 * more where opacity is made of a mask.
 */
export async function readRegion(
  memory: Memory,
  source: ImageSource,
  { reads, z, t, isStored, opaque }: Origin,
  region: Region,
  planes: readonly Samples[],
): Promise<void> {
  let first = 0;
  for (const { group, samples } of reads) {
    const refs = chunkRefs(source, { group, z, t }, region);
    const chunks = isStored ? refs.map((ref) => storedChunk(source, ref)) : refs.map((ref) => ({ source, ref }));
    for await (const [chunk, bytes] of fetched(chunks)) {
      withDecoded(memory, chunk.source, chunk.ref, bytes, (decoded, layout) => {
        samples.forEach((sample, index) => {
          const target = planes[first + index];
          if (target) copyPart(decoded, sample, layout, placeOf(source, chunk.ref), target, region);
        });
      });
    }
    first += samples.length;
  }
  const [group] = reads;
  const alpha = planes[first];
  if (opaque === null || !group || !alpha) return;
  for await (const [{ ref }, bytes] of fetched(
    chunkRefs(source, { group: group.group, z, t }, region).map((one) => ({ source, ref: one })),
  )) {
    withDecoded(memory, source, ref, bytes, (decoded, layout) => {
      const opacity = opacityOf(decoded, layout, opaque);
      copyPart(opacity, 0, layout, placeOf(source, ref), alpha, region);
    });
  }
}

/** Of a chunk of floats: `opaque` where any of its samples is a number, else 0. */
function opacityOf(decoded: Samples, { width, height, samples }: ChunkLayout, opaque: number): Samples {
  const count = width * height;
  const opacity = new Uint32Array(count);
  for (let sample = 0; sample < samples; sample++) {
    for (let at = 0; at < count; at++) {
      if (!Number.isNaN(decoded[sample * count + at])) opacity[at] = opaque;
    }
  }
  return opacity;
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
  chunks: readonly SourceChunk[],
): AsyncGenerator<readonly [chunk: SourceChunk, bytes: ChunkBytes]> {
  const together = await chunks[0]?.source.fetchAll?.(chunks.map(({ ref }) => ref));
  for (const [index, chunk] of chunks.entries()) {
    const bytes = together ? together[index] : await chunk.source.fetch(chunk.ref);
    if (bytes instanceof Error) throw bytes;
    yield [chunk, bytes ?? null];
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
