import { BandloomError } from "../../core/errors.ts";
import type { Priority } from "../../render/index.ts";
import type { MadePicture, PictureBatch, PictureMaker, WantedPicture } from "../picture-batch.ts";
import type { RenderNode } from "./render-node.ts";

/**
 * Pictures that processes of the role `render` make. `local` makes those whose formula is too long for an address, and those of which the other side knows
 * another version: it sees a purge or a new file a moment sooner or later than this process.
 */
export function farPictures(node: RenderNode, local: PictureMaker): PictureMaker {
  return { here: false, batch: (priority) => new FetchedBatch(node, local, priority) };
}

class FetchedBatch implements PictureBatch {
  readonly #node: RenderNode;
  readonly #maker: PictureMaker;
  readonly #priority: Priority;
  readonly #local: PictureBatch;

  constructor(node: RenderNode, maker: PictureMaker, priority: Priority) {
    this.#node = node;
    this.#maker = maker;
    this.#priority = priority;
    this.#local = maker.batch(priority);
  }

  add(wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const path = pathOrNull(wanted.path);
    return path === null ? this.#local.add(wanted, signal) : this.#fetch(path, wanted, signal);
  }

  start(): void {
    this.#local.start();
  }

  async #fetch(path: string, wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const { etag, ...picture } = await this.#node.picture(path, signal);
    if (etag === "" || !wanted.key.startsWith(etag)) {
      const batch = this.#maker.batch(this.#priority);
      const own = batch.add(wanted, signal);
      batch.start();
      return own;
    }
    return { ...picture, kept: true, renderMs: 0 };
  }
}

/** An address; null where the formula is too long for one. */
export function pathOrNull(path: () => string): string | null {
  try {
    return path();
  } catch (error) {
    if (error instanceof BandloomError && error.code === "LIMIT_EXCEEDED") return null;
    throw error;
  }
}
