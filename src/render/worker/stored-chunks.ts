import { planeBytes } from "../../core/dtype.ts";
import type { ServedLevel } from "../../plan/index.ts";
import type { ChunkRef } from "../../source/types.ts";
import type { CachedChunk } from "./chunk-cache.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";

/** Which plane of an image. */
export interface PlaneId {
  readonly channel: number;
  readonly z: number;
  readonly t: number;
  /** As a kernel's input has it. */
  readonly sampled?: true;
}

/** A plane of a decoded chunk: its address and size; the chunk is pinned until it is unpinned. */
export interface ChunkPlane {
  readonly chunk: CachedChunk;
  readonly address: number;
}

/** One channel's plane of the chunk at (x, y) of a stored level (its index in the file): from the cache, else fetched and decoded. */
export async function loadStored(
  job: JobContext,
  image: OpenImage,
  level: number,
  x: number,
  y: number,
  { channel, z, t }: PlaneId,
): Promise<ChunkPlane> {
  const { group, sample } = image.source.locate(channel);
  const ref = { level, group, z, t, x, y };
  const chunk = cachedChunk(job, chunkKey(image, ref)) ?? (await decodeChunk(job, image, ref));
  return { chunk, address: chunk.address + sample * chunk.width * chunk.height * planeBytes(chunk.type) };
}

/** Names a place of an image, whatever the channel: what `ChunkCache.want` takes. */
export function placeName(image: OpenImage, served: ServedLevel, x: number, y: number): string {
  return served.kind === "stored" ? storedPlace(image, served.stored, x, y) : `${image.id}/v${served.level}/${x}/${y}`;
}

/** Names a decoded chunk in the cache. */
export function chunkKey(image: OpenImage, { level, group, z, t, x, y }: ChunkRef): string {
  return `${storedPlace(image, level, x, y)}/${group}/${z}/${t}`;
}

function storedPlace(image: OpenImage, level: number, x: number, y: number): string {
  return `${image.id}/s${level}/${x}/${y}`;
}

export function cachedChunk({ bench }: JobContext, key: string): CachedChunk | null {
  const chunk = bench.chunks.pin(key);
  if (chunk) bench.counters.chunkHits++;
  return chunk;
}

async function decodeChunk(job: JobContext, image: OpenImage, ref: ChunkRef): Promise<CachedChunk> {
  job.checkCancelled();
  const { arena, chunks, counters, pixels } = job.bench;
  const { source } = image;
  image.noteRead();
  const fetched = job.readAhead.get(image)?.fetch(ref) ?? source.fetch(ref, job.signal);
  // A promise costs more than a read from a local file: only what is one is awaited.
  const compressed = fetched instanceof Promise ? await fetched : fetched;
  const { width, height, samples, type } = source.layout(ref);
  const bytes = samples * width * height * planeBytes(type);
  using scratch = arena.scope();
  const address = arena.allocate(bytes);
  try {
    const scratchBytes = source.scratchBytes(ref, compressed?.byteLength ?? 0);
    source.decode(compressed, ref, { pixels, ptr: address, scratch: scratch.allocate(scratchBytes) });
  } catch (error) {
    arena.release(address);
    throw error;
  }
  counters.chunksDecoded++;
  const place = storedPlace(image, ref.level, ref.x, ref.y);
  return chunks.insert({ key: chunkKey(image, ref), place, address, bytes, width, height, type });
}
