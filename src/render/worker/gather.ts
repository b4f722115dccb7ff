import { type PlaneType, planeBytes } from "../../core/dtype.ts";
import type { Region } from "../../core/geometry.ts";
import { type ChunkSpan, chunkSpans, type ServedLevel } from "../../plan/index.ts";
import type { Scope } from "./arena.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { type ChunkPlane, loadStored, type PlaneId } from "./stored-chunks.ts";
import { averageRows, loadVirtual } from "./virtual-chunks.ts";

/** Kernels read their planes from 16-byte borders. */
const ALIGNMENT = 16;

export interface TypedPlane extends PlaneId {
  readonly type: PlaneType;
}

/**
 * Planes of a region, one for each of `planes`: addresses that are good until `scope` ends. Chunks are loaded in row order, all
 * planes of one before the next. Where a chunk holds the region as one run of bytes, its plane is given as it lies, without a copy.
 */
export async function gatherPlanes(
  job: JobContext,
  image: OpenImage,
  served: ServedLevel,
  region: Region,
  planes: readonly TypedPlane[],
  scope: Scope,
): Promise<number[]> {
  const spans = chunkSpans(served.grid, region);
  if (served.kind === "virtual") await averageRows(job, image, served, region, planes);
  const addresses = planes.map(() => 0);
  for (const span of spans)
    for (const [index, plane] of planes.entries()) {
      if (job.isDue) await job.breathe();
      const { chunkX, chunkY } = span;
      const loaded =
        served.kind === "virtual"
          ? await loadVirtual(job, image, served, chunkX, chunkY, plane)
          : await loadStored(job, image, served.stored, chunkX, chunkY, plane);
      const sampleBytes = planeBytes(plane.type);
      const inPlace = spans.length === 1 ? addressInPlace(loaded, span, sampleBytes) : null;
      if (inPlace !== null) {
        addresses[index] = inPlace;
        scope.onEnd(() => job.bench.chunks.unpin(loaded.chunk));
        continue;
      }
      try {
        const to = addresses[index] || scope.allocate(region.width * region.height * sampleBytes);
        addresses[index] = to;
        copySpan(job, loaded, span, to, region.width, sampleBytes);
      } finally {
        job.bench.chunks.unpin(loaded.chunk);
      }
    }
  return addresses;
}

/** Whole rows of a chunk are one run of bytes: a kernel can read them where they are, if they begin on its border. */
function addressInPlace({ chunk, address }: ChunkPlane, span: ChunkSpan, sampleBytes: number): number | null {
  if (span.width !== chunk.width) return null;
  const start = address + span.fromY * chunk.width * sampleBytes;
  return start % ALIGNMENT === 0 ? start : null;
}

function copySpan(
  { bench }: JobContext,
  { chunk, address }: ChunkPlane,
  span: ChunkSpan,
  to: number,
  regionWidth: number,
  sampleBytes: number,
): void {
  const fromStride = chunk.width * sampleBytes;
  const toStride = regionWidth * sampleBytes;
  bench.pixels.copyRect(
    address + span.fromY * fromStride + span.fromX * sampleBytes,
    fromStride,
    to + span.toY * toStride + span.toX * sampleBytes,
    toStride,
    span.width * sampleBytes,
    span.height,
  );
}
