import type { Region, Size } from "../../core/geometry.ts";
import type { PixelOps } from "../../kernel/index.ts";
import { chunksUnder, finerRegion, servedLevel, storedInput, type VirtualLevelPlan } from "../../plan/index.ts";
import { gatherPlanes } from "./gather.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { takeNearest } from "./nearest.ts";
import { type ChunkPlane, cachedChunk, type PlaneId, placeName } from "./stored-chunks.ts";

/** One channel's plane of a virtual chunk: from the cache, else the 2×2 means of the next finer level, which may be virtual itself. */
export async function loadVirtual(
  job: JobContext,
  image: OpenImage,
  served: VirtualLevelPlan,
  x: number,
  y: number,
  plane: PlaneId,
): Promise<ChunkPlane> {
  const place = placeName(image, served, x, y);
  const key = planeKey(place, plane);
  const present = cachedChunk(job, key);
  if (present) return { chunk: present, address: present.address };
  const { width, height } = chunkRegion(served, x, y);
  const bytes = width * height * Float32Array.BYTES_PER_ELEMENT;
  const { arena, chunks } = job.bench;
  const address = arena.allocate(bytes);
  try {
    await averageInto(job, image, served, chunkRegion(served, x, y), plane, address);
  } catch (error) {
    arena.release(address);
    throw error;
  }
  return { chunk: chunks.insert({ key, place, address, bytes, width, height, type: "float32" }), address };
}

function planeKey(place: string, { channel, z, t, sampled }: PlaneId): string {
  return `${place}/${channel}/${z}/${t}${sampled ? "/sampled" : ""}`;
}

/** 2×2 means of the next finer level; of codes, which have no mean, and where samples are wanted, one of the four. */
async function averageInto(
  job: JobContext,
  image: OpenImage,
  served: VirtualLevelPlan,
  region: Region,
  plane: PlaneId,
  address: number,
): Promise<void> {
  const { arena, pixels } = job.bench;
  const takesSamples = plane.sampled || image.info.channels[plane.channel]?.kind === "categorical";
  const finer = servedLevel(image.info, served.level - 1);
  const source = finerRegion(region, finer.size);
  const count = source.width * source.height;
  using scope = arena.scope();
  if (finer.kind === "virtual") {
    const [from = 0] = await gatherPlanes(job, image, finer, source, [{ ...plane, type: "float32" }], scope);
    halve(pixels, from, source, address, takesSamples);
    return;
  }
  const { type, nodata } = storedInput(image.info, plane.channel, plane.z, plane.t);
  const [stored = 0] = await gatherPlanes(job, image, finer, source, [{ ...plane, type }], scope);
  const floats = scope.allocate(count * Float32Array.BYTES_PER_ELEMENT);
  pixels.toFloat(stored, type, floats, count, nodata);
  halve(pixels, floats, source, address, takesSamples);
}

function halve(pixels: PixelOps, from: number, { width, height }: Size, to: number, takesSamples: boolean): void {
  if (takesSamples) takeNearest(pixels, from, width, height, to);
  else pixels.halve(from, width, height, to);
}

function chunkRegion({ grid }: VirtualLevelPlan, x: number, y: number): Region {
  const left = x * grid.chunkWidth;
  const top = y * grid.chunkHeight;
  return {
    x: left,
    y: top,
    width: Math.min(grid.chunkWidth, grid.width - left),
    height: Math.min(grid.chunkHeight, grid.height - top),
  };
}

/**
 * Bring the virtual chunks under a region into the cache, row by row from the finest level up: each row of stored chunks below is
 * decoded once, also where a file is cut in strips that are as wide as the image.
 */
export async function averageRows(
  job: JobContext,
  image: OpenImage,
  served: VirtualLevelPlan,
  region: Region,
  planes: readonly PlaneId[],
): Promise<void> {
  const { chunks } = job.bench;
  const finer = servedLevel(image.info, served.level - 1);
  const positions = chunksUnder(served.grid, region);
  for (const y of new Set(positions.map((position) => position.y))) {
    const row = positions.filter((position) => position.y === y);
    const missing = row.filter((position) =>
      planes.some((plane) => !chunks.has(planeKey(placeName(image, served, position.x, y), plane))),
    );
    const [first] = missing;
    const last = missing.at(-1);
    if (!first || !last) continue;
    const below = finerRegion(span(chunkRegion(served, first.x, y), chunkRegion(served, last.x, y)), finer.size);
    const wanted = chunksUnder(finer.grid, below).map((position) => placeName(image, finer, position.x, position.y));
    for (const place of wanted) chunks.want(place);
    try {
      if (finer.kind === "virtual") await averageRows(job, image, finer, below, planes);
      for (const { x } of missing)
        for (const plane of planes) chunks.unpin((await loadVirtual(job, image, served, x, y, plane)).chunk);
    } finally {
      for (const place of wanted) chunks.unwant(place);
    }
  }
}

function span(first: Region, last: Region): Region {
  return { ...first, width: last.x + last.width - first.x };
}
