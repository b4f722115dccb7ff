import { BandloomError } from "../core/errors.ts";
import { levelSize } from "../core/geometry.ts";
import { type ImageInfo, type Location, openSource } from "../source/index.ts";
import type { Checksums } from "./checksums.ts";
import { abortable } from "./convert.ts";
import type { Crew } from "./crew.ts";
import type { ChunkPlace, Target } from "./protocol.ts";

/** Up to so many chunks of the finest level are read again, all of them. */
const ALL_CHUNKS = 32_768;
/** Of more, so many, evenly spaced: a fault that spoils one in a thousand is found with certainty enough. */
const SAMPLED_CHUNKS = 8192;
/** One job. */
const BATCH = 64;

/** The chunks that are read again: every one, or every coarse one and a sample of the finest level. */
export function chunksToVerify(checksums: Checksums): readonly ChunkPlace[] {
  const places = [...checksums.places()];
  const finest = places.filter(({ level }) => level === 0);
  if (finest.length <= ALL_CHUNKS) return places;
  const step = finest.length / SAMPLED_CHUNKS;
  const sample = Array.from({ length: SAMPLED_CHUNKS }, (_, i) => finest[Math.floor((i + 0.5) * step)]);
  return [...sample.filter((place) => place !== undefined), ...places.filter(({ level }) => level > 0)];
}

/** Opens what was written as anyone would: what it says of itself, and what its chunks hold. Rejects with INTERNAL where they differ. */
export async function verify(
  location: Location,
  written: ImageInfo,
  target: Target,
  chunks: readonly ChunkPlace[],
  checksums: Checksums,
  crew: Crew,
  onProgress: (chunks: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = await openSource(location, { remote: null });
  try {
    assertDescription(source.info, written, target);
  } finally {
    await source.close();
  }
  const { length: channels } = written.channels;
  const jobs = batches(chunks).map((batch) => ({
    batch,
    result: crew.check({ kind: "check", location, channels, depth: written.depth, chunks: batch }),
  }));
  for (const { batch, result } of jobs) {
    const found = await abortable(result, signal);
    const bad = batch.findIndex((place, index) => found[index] !== checksums.get(place));
    const place = batch[bad];
    if (place) throw different(`chunk ${place.x}, ${place.y} of level ${place.level} of plane ${place.plane}`);
    onProgress(batch.length);
  }
}

function batches(chunks: readonly ChunkPlace[]): readonly (readonly ChunkPlace[])[] {
  return Array.from({ length: Math.ceil(chunks.length / BATCH) }, (_, i) => chunks.slice(i * BATCH, (i + 1) * BATCH));
}

function assertDescription(found: ImageInfo, written: ImageInfo, target: Target): void {
  const levels = Array.from({ length: target.levels }, (_, level) => {
    const { width, height } = levelSize(target, level);
    return `${width} × ${height}`;
  });
  const names = ({ channels }: ImageInfo) => channels.map(({ name }) => name).join(", ");
  const facts: readonly (readonly [what: string, found: unknown, written: unknown])[] = [
    ["levels", found.levels.map(({ width, height }) => `${width} × ${height}`).join(), levels.join()],
    [
      "chunk size",
      [...new Set(found.levels.map(chunkSide))].join(),
      [...new Set(levels.map(() => target.chunk))].join(),
    ],
    ["z planes", found.depth, written.depth],
    ["t planes", found.times, written.times],
    ["channels", names(found), names(written)],
    ["sample type", found.channels[0]?.dataType, target.type],
  ];
  const odd = facts.find(([, left, right]) => left !== right);
  if (odd) throw different(`its ${odd[0]} (${odd[1]}, where ${odd[2]} was written)`);
}

function chunkSide({ chunkWidth, chunkHeight }: ImageInfo["levels"][number]): string {
  return chunkWidth === chunkHeight ? String(chunkWidth) : `${chunkWidth} × ${chunkHeight}`;
}

function different(what: string): BandloomError {
  return new BandloomError(
    "SOURCE_FAILED",
    `What was written is not what is read again: ${what}. It was removed; the disk or the memory may be at fault. Try again.`,
  );
}
