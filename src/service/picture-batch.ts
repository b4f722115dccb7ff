import type { CachedTile } from "../cache/index.ts";
import type { PictureTask, Priority } from "../render/index.ts";
import type { ValidFormula } from "./types/formula.ts";
import type { CacheOutcome } from "./types/tile.ts";

/** A picture, and the key under which it is kept. */
export interface WantedPicture {
  readonly key: string;
  readonly formula: ValidFormula;
  readonly task: PictureTask;
  /** It is laid on a larger canvas. */
  readonly padded: boolean;
  /** Its address, from the root; LIMIT_EXCEEDED where its formula is too long for one. */
  readonly path: () => string;
}

export interface MadePicture extends CachedTile {
  readonly cache: CacheOutcome;
  /** Whoever made it has kept it for all. */
  readonly kept: boolean;
  /** Its share of the time that a worker here took for its job, milliseconds. */
  readonly renderMs: number;
}

/** Pictures that are made together. */
export interface PictureBatch {
  /** Settles after `start`. */
  add(wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture>;
  start(): void;
}

/** Where pictures are made that no cache has. */
export interface PictureMaker {
  /** They are made here: other processes are asked first whether they do it, and what is made is kept for all of them. */
  readonly here: boolean;
  batch(priority: Priority): PictureBatch;
}
