import { planeBytes } from "../../core/dtype.ts";
import type { KernelReads } from "../../kernel/index.ts";
import { type RegionPlan, storedChunks } from "../../plan/index.ts";
import type { ChunkBytes, ChunkRef } from "../../source/types.ts";
import type { OpenImage } from "./images.ts";
import type { JobContext } from "./job-context.ts";
import { type PlaneReads, planeReads } from "./plane-reads.ts";
import { chunkKey } from "./stored-chunks.ts";

/** Chunks that one round of requests brings, by their decoded size: what has arrived and waits stays within it. */
const ROUND_BYTES = 64 * 2 ** 20;
const ROUND_CHUNKS = 1024;
/** Chunks that one job announces for an image; those beyond are asked for one by one. */
const MAX_ANNOUNCED = 65_536;

/**
 * Chunks of a job whose image lies behind a network, announced in the order in which the job will ask for them. The first that is missing
 * brings those after it along: a picture costs one round of requests, not one for each chunk.
 */
export class ReadAhead {
  readonly #job: JobContext;
  readonly #image: OpenImage;
  readonly #refs: readonly ChunkRef[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #arrived = new Map<string, ChunkBytes | Error>();

  constructor(job: JobContext, image: OpenImage, refs: readonly ChunkRef[]) {
    this.#job = job;
    this.#image = image;
    this.#refs = refs;
    this.#positions = new Map(refs.map((ref, index) => [chunkKey(image, ref), index]));
  }

  /** Compressed bytes of a chunk. */
  async fetch(ref: ChunkRef): Promise<ChunkBytes> {
    const key = chunkKey(this.#image, ref);
    if (!this.#arrived.has(key)) await this.#round(ref, this.#positions.get(key));
    const bytes = this.#arrived.get(key) ?? null;
    this.#arrived.delete(key);
    if (bytes instanceof Error) throw bytes;
    return bytes;
  }

  async #round(first: ChunkRef, position: number | undefined): Promise<void> {
    const refs = position === undefined ? [first] : this.#next(position);
    // What was announced and never asked for must not pile up.
    this.#arrived.clear();
    const { source } = this.#image;
    const found = (await source.fetchAll?.(refs, this.#job.signal)) ?? [];
    for (const [index, ref] of refs.entries()) this.#arrived.set(chunkKey(this.#image, ref), found[index] ?? null);
  }

  /** Chunks from a position on that are not decoded yet, as many as a round takes. */
  #next(position: number): readonly ChunkRef[] {
    const { chunks } = this.#job.bench;
    const refs: ChunkRef[] = [];
    let bytes = 0;
    for (let at = position; at < this.#refs.length && refs.length < ROUND_CHUNKS && bytes < ROUND_BYTES; at++) {
      const ref = this.#refs[at];
      if (!ref || (at > position && chunks.has(chunkKey(this.#image, ref)))) continue;
      const { width, height, samples, type } = this.#image.source.layout(ref);
      bytes += width * height * samples * planeBytes(type);
      refs.push(ref);
    }
    return refs;
  }
}

/** Tell the job which chunks its regions need, where that saves requests. */
export function announceChunks(
  job: JobContext,
  image: OpenImage,
  kernels: readonly KernelReads[],
  plans: () => readonly RegionPlan[],
): void {
  const images = [image, ...job.others.values()].filter(({ source }) => source.fetchAll);
  if (images.length === 0) return;
  const refs = new Map(images.map((one) => [one, new Map<string, ChunkRef>()]));
  for (const { served, region } of plans())
    for (const kernel of kernels)
      for (const reads of planeReads(job, image, kernel, served, region)) {
        const found = refs.get(reads.image);
        if (!found || found.size >= MAX_ANNOUNCED) continue;
        for (const ref of chunkRefs(reads)) found.set(chunkKey(reads.image, ref), ref);
      }
  for (const [one, found] of refs) job.readAhead.set(one, new ReadAhead(job, one, [...found.values()]));
}

function chunkRefs({ image, served, region, inputs }: PlaneReads): readonly ChunkRef[] {
  const { level, positions } = storedChunks(image.info, served, region);
  return positions.flatMap(({ x, y }) =>
    inputs.map(({ channel, z, t }) => ({ level, group: image.source.locate(channel).group, z, t, x, y })),
  );
}
