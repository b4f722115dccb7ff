import { BandloomError } from "../core/errors.ts";
import { levelSize, tileGrid } from "../core/geometry.ts";
import { type ImageInfo, type Location, openSource, type StoredLevel } from "../source/index.ts";
import type { Checksums } from "./checksums.ts";
import { abortable } from "./convert.ts";
import type { Crew } from "./crew.ts";
import type { CheckResult, ChunkPlace, Target } from "./protocol.ts";

/** Up to so many chunks of the finest level are read again, all of them. */
const ALL_CHUNKS = 32_768;
/** Of more, so many, evenly spaced: a fault that spoils one in a thousand is found with certainty enough. */
const SAMPLED_CHUNKS = 8192;
/** One job. */
const BATCH = 64;

/** How many chunks are read again: all, or every coarse one and a sample of the finest level. */
export function verifiedCount(checksums: Checksums): number {
  const finest = checksums.finestCount;
  return checksums.count - finest + (finest <= ALL_CHUNKS ? finest : SAMPLED_CHUNKS);
}

function* placesToVerify(checksums: Checksums): Generator<ChunkPlace> {
  const finest = checksums.finestCount;
  const step = finest <= ALL_CHUNKS ? 1 : finest / SAMPLED_CHUNKS;
  let number = 0;
  let next = Math.floor(step / 2);
  let taken = 0;
  for (const place of checksums.places()) {
    if (place.level > 0) yield place;
    else if (number++ === next) {
      yield place;
      next = Math.floor((++taken + 0.5) * step);
    }
  }
}

/** Opens what was written as anyone would: what it says of itself, and what its chunks hold. Rejects where they differ. */
export async function verify(
  location: Location,
  written: ImageInfo,
  target: Target,
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
  const shape = { channels: written.channels.length, depth: written.depth };
  const batches = inBatches(placesToVerify(checksums));
  const running: { readonly batch: readonly ChunkPlace[]; readonly result: Promise<CheckResult> }[] = [];
  for (;;) {
    while (running.length < 2 * crew.size) {
      const batch = batches.next().value;
      if (!batch) break;
      running.push({ batch, result: crew.check({ kind: "check", location, ...shape, chunks: batch }) });
    }
    const head = running.shift();
    if (!head) return;
    const found = await abortable(head.result, signal);
    const place = head.batch.find((one, index) => found[index] !== checksums.get(one));
    if (place) throw different(`chunk ${place.x}, ${place.y} of level ${place.level} of plane ${place.plane}`);
    onProgress(head.batch.length);
  }
}

function* inBatches(places: Iterable<ChunkPlace>): Generator<readonly ChunkPlace[], undefined> {
  let batch: ChunkPlace[] = [];
  for (const place of places) {
    batch.push(place);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function assertDescription(found: ImageInfo, written: ImageInfo, target: Target): void {
  const levels = Array.from({ length: target.levels }, (_, level) => {
    const size = levelSize(target, level);
    const { columns, rows } = tileGrid(size, target.chunk);
    return `${size.width} × ${size.height} pixels in ${columns} × ${rows} chunks`;
  });
  const names = ({ channels }: ImageInfo) =>
    channels.flatMap(({ name, derived }) => (derived ? [] : [name])).join(", ");
  const facts: readonly (readonly [what: string, found: unknown, written: unknown])[] = [
    ["levels", found.levels.map(describeLevel).join(", "), levels.join(", ")],
    ["z planes", found.depth, written.depth],
    ["t planes", found.times, written.times],
    ["channels", names(found), names(written)],
    ["alpha", alphaOf(found), alphaOf(written)],
    ["sample type", found.channels[0]?.dataType, target.type],
  ];
  const odd = facts.find(([, left, right]) => left !== right);
  if (odd) throw different(`its ${odd[0]} (${odd[1]}, where ${odd[2]} was written)`);
}

function alphaOf({ channels }: ImageInfo): string {
  return channels.find(({ alpha }) => alpha)?.name ?? "none";
}

function describeLevel({ width, height, chunkWidth, chunkHeight }: StoredLevel): string {
  return `${width} × ${height} pixels in ${Math.ceil(width / chunkWidth)} × ${Math.ceil(height / chunkHeight)} chunks`;
}

function different(what: string): BandloomError {
  return new BandloomError(
    "SOURCE_FAILED",
    `What was written is not what is read again: ${what}. It was removed; the disk or the memory may be at fault. Try again.`,
  );
}
