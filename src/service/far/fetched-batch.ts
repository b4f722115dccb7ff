import { BandloomError } from "../../core/errors.ts";
import { sourceChanged } from "../../source/index.ts";
import type { MadePicture, PictureBatch, PictureMaker, WantedPicture } from "../picture-batch.ts";
import type { RenderNode } from "./render-node.ts";

/** Pictures that processes of the role `render` make. `local` makes those whose formula is too long for an address. */
export function farPictures(node: RenderNode, local: PictureMaker): PictureMaker {
  return { here: false, batch: (priority) => new FetchedBatch(node, local.batch(priority)) };
}

class FetchedBatch implements PictureBatch {
  readonly #node: RenderNode;
  readonly #local: PictureBatch;

  constructor(node: RenderNode, local: PictureBatch) {
    this.#node = node;
    this.#local = local;
  }

  add(wanted: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const path = pathOf(wanted);
    return path === null ? this.#local.add(wanted, signal) : this.#fetch(path, wanted, signal);
  }

  start(): void {
    this.#local.start();
  }

  async #fetch(path: string, { key }: WantedPicture, signal: AbortSignal): Promise<MadePicture> {
    const { etag, ...picture } = await this.#node.picture(path, signal);
    // The other side has seen another version of the file: whoever asked looks at it again.
    if (etag === "" || !key.startsWith(etag)) throw sourceChanged();
    return { ...picture, kept: true, renderMs: 0 };
  }
}

function pathOf({ path }: WantedPicture): string | null {
  try {
    return path();
  } catch (error) {
    if (error instanceof BandloomError && error.code === "LIMIT_EXCEEDED") return null;
    throw error;
  }
}
