import { ChunkWatch, type Identity } from "../source/index.ts";

/** How long chunks at which nobody looks are taken to be as they were, milliseconds. */
export const DEFAULT_HOLD_MS = 3_600_000;

/** Looks at the chunk files of an image, a bounded number at a time. False: some have changed. */
export function chunksWatch({ chunks = [] }: Identity): () => boolean {
  const watches = chunks.map((files) => new ChunkWatch(files));
  return () => watches.every((watch) => watch.isUnchanged());
}

/** A stretch of time in which an image counts as the same: all servers have the same stretches. */
export interface Stretch {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The present stretch, for images with chunks at which nobody looks. Null where `holdMs` is 0: they stay what they are. */
export function presentStretch(holdMs: number): Stretch | null {
  if (holdMs === 0) return null;
  const number = Math.floor(Date.now() / holdMs);
  return { name: `/${number}`, until: (number + 1) * holdMs };
}
